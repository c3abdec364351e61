"""The conversation under a post: its pieces, one comment in its place, and what has been said meanwhile."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.cache import get_conditional_response
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from aggregator.models import Post
from aggregator.models.blog import HIDDEN_BLOGS
from bloghub.lib.prepared import Prepared
from bloghub.people.access import reading
from comments.asked import Asked, number_in
from comments.conversation import arrived, converse
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


# As the ORM's this would cost more to put together than to run, and every open page asks it every few seconds
_FRESH = Prepared(f"""
    SELECT count(said.id), (array_agg(said.id ORDER BY said.number))[1]
      FROM aggregator_post AS post
      LEFT JOIN comments_comment AS said ON said.post_id = post.id AND said.number > %(after)s
           AND said.state = 'visible' AND (said.author_id = %(reader)s) IS NOT TRUE
     WHERE post.id = %(post)s AND NOT (post.blog_id IN ({HIDDEN_BLOGS.replace("%s", "%(reader)s")}))
     GROUP BY post.id
""")  # noqa: S608 - constants


@reading
@require_safe
def comment_fresh(request: HttpRequest, pk: int) -> HttpResponse:
    """What others have said after number ``after``: how much it is, and with ``show`` the comments themselves.

    Asked every few seconds by every open page, so it is one query that mostly ends in 304.
    """
    after = number_in(request.GET.get("after", ""))
    if "show" in request.GET:
        post = get_object_or_404(Post.objects.visible_to(request.user), pk=pk)
        return render(request, "comments/_arrivals.html", {"conversation": arrived(post, request.user, after)})
    rows = _FRESH.rows(post=min(pk, 2**63 - 1), after=after, reader=request.user.pk)
    if not rows:
        raise Http404
    ((count, first),) = rows
    tag = f'"{pk}-{after}-{count}-{first or 0}-{get_language()}"'
    unchanged = get_conditional_response(request, etag=tag)
    if unchanged is not None and unchanged.status_code == 304:  # noqa: PLR2004
        return unchanged
    response = render(request, "comments/_fresh.html", {"count": count, "first": first, "after": after, "post_id": pk})
    response.headers["ETag"] = tag
    response.headers["Cache-Control"] = "private, no-cache"
    return response
