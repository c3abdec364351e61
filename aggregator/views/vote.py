"""A vote for a post: found worth reading, and taken back."""

from __future__ import annotations

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from aggregator import votes
from aggregator.models import Post
from bloghub.people.access import signed_in


@require_POST
def vote_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The reader finds a post worth reading; done twice, it is one vote. Refused on their own post."""
    post = _post(request, pk)
    try:
        votes.vote(signed_in(request), post, timezone.now())
    except votes.OwnPost as refusal:
        raise PermissionDenied from refusal
    return _answer(request, post)


@require_POST
def vote_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Takes the reader's vote back; done twice, it is done."""
    post = _post(request, pk)
    votes.unvote(signed_in(request), post)
    return _answer(request, post)


def _post(request: HttpRequest, pk: int) -> Post:
    return get_object_or_404(Post.objects.visible_to(request.user).defer("content_html"), pk=pk)


def _answer(request: HttpRequest, post: Post) -> HttpResponse:
    """The button anew for a script, the page again for a browser without one."""
    if not request.headers.get("HX-Request"):
        return redirect(f"{post.get_absolute_url()}#vote")
    post.refresh_from_db(fields=["vote_count"])
    return render(request, "aggregator/_vote.html", {"post": post, "vote": votes.standing(signed_in(request), post)})
