"""Watching a conversation: being told of what is added to it, or of nothing at all."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST

from aggregator.models import Post
from bloghub.people.access import signed_in
from comments.models import Watch


@require_POST
def watch_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Tells the reader of every new comment under this post from now on."""
    return _set(request, pk, muted=False)


@require_POST
def watch_mute(request: HttpRequest, pk: int) -> HttpResponse:
    """Tells the reader nothing from this conversation any more, whatever else would."""
    return _set(request, pk, muted=True)


@require_POST
def watch_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Back to what holds by itself: answers and mentions, and everything under one's own posts."""
    post = _post(request, pk)
    Watch.objects.filter(post=post, person=signed_in(request)).delete()
    return _answer(request, post)


def _set(request: HttpRequest, pk: int, *, muted: bool) -> HttpResponse:
    post = _post(request, pk)
    Watch.objects.update_or_create(
        post=post, person=signed_in(request), defaults={"muted": muted}, create_defaults={"muted": muted}
    )
    return _answer(request, post)


def _post(request: HttpRequest, pk: int) -> Post:
    return get_object_or_404(Post.objects.visible_to(request.user).select_related("blog"), pk=pk)


def _answer(request: HttpRequest, post: Post) -> HttpResponse:
    """The buttons anew for a script, the conversation again for a browser without one."""
    if request.headers.get("HX-Request"):
        person = signed_in(request)
        watch = Watch.objects.filter(post=post, person=person).first()
        is_host = post.author_id == person.pk or post.blog.owners.filter(pk=person.pk).exists()
        return render(request, "comments/_watch.html", {"post": post, "watch": watch, "is_host": is_host})
    return redirect(f"{post.get_absolute_url()}#conversation")
