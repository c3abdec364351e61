"""The conversation under a post: its pieces, one comment in its place, and what has been said meanwhile."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.views.decorators.http import require_safe

from aggregator.models import Post
from bloghub.people.access import reading
from comments.conversation import Asked, converse
from comments.models import Comment, CommentState, moderates


@reading
@require_safe
def comment_list(request: HttpRequest, pk: int) -> HttpResponse:
    """One piece for a script; the post's page with that piece for a browser without one."""
    post = get_object_or_404(Post.objects.visible_to(request.user).select_related("blog"), pk=pk)
    if not request.headers.get("HX-Request"):
        query = request.GET.urlencode()
        return redirect(f"{post.get_absolute_url()}{'?' if query else ''}{query}#conversation")
    found = converse(post, request.user, Asked.read(request.GET.dict()))
    return render(request, "comments/_piece.html", {"conversation": found})


@reading
@require_safe
def comment_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """The permalink of a comment: its place in its thread."""
    comment = get_object_or_404(Comment.objects.select_related("post__blog").defer("body", "html"), pk=pk)
    if not comment.post.blog.is_visible_to(request.user):
        raise Http404
    if comment.state == CommentState.HELD and comment.author_id != request.user.pk and not moderates(request.user):
        raise Http404
    return redirect(f"{comment.post.get_absolute_url()}?comment={comment.number}#c{comment.number}")


@reading
@require_safe
def comment_fresh(request: HttpRequest, pk: int) -> HttpResponse:
    """What others have said after number ``after``: how much it is, and with ``show`` the comments themselves.

    Asked every few seconds by every open page, so it is one query that mostly ends in 304.
    """
    columns = (
        "pk",
        "title",
        "excerpt",
        "blog_id",
        "author_id",
        "last_comment_number",
        "comment_count",
        "last_comment_at",
    )
    post = get_object_or_404(Post.objects.visible_to(request.user).only(*columns), pk=pk)
    after = _after(request)
    tag = f'"{post.pk}-{after}-{post.last_comment_number}-{post.comment_count}-{request.user.pk or 0}"'
    if "show" in request.GET:
        found = converse(post, request.user, Asked(after=after))
        return render(request, "comments/_arrivals.html", {"conversation": found})
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None and unchanged.status_code == 304:  # noqa: PLR2004
        return unchanged
    response = render(request, "comments/_fresh.html", _count(request, post, after))
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _after(request: HttpRequest) -> int:
    text = request.GET.get("after", "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - an int4's


def _count(request: HttpRequest, post: Post, after: int) -> dict[str, object]:
    """Nothing is asked when no number was given out since."""
    if post.last_comment_number <= after:
        return {"count": 0}
    said = Comment.objects.filter(post=post, number__gt=after, state=CommentState.VISIBLE)
    if request.user.pk:
        said = said.exclude(author=request.user.pk)
    numbers = list(said.order_by("number").values_list("number", flat=True))
    return {"count": len(numbers), "first": numbers[0] if numbers else 0, "post": post, "after": after}
