"""One post to read: its text, its files, its neighbours on the same blog."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.views.decorators.http import require_safe

from aggregator.models import Enclosure, Post
from bloghub.people.access import reading

# As the ORM's union it would cost more to put together than to run, on the page that is asked for most
NEIGHBOURS = """
    (SELECT id, title, excerpt, language, published_at FROM aggregator_post
      WHERE blog_id = %(blog)s AND (published_at, id) < (%(moment)s, %(pk)s)
      ORDER BY published_at DESC, id DESC LIMIT 1)
    UNION ALL
    (SELECT id, title, excerpt, language, published_at FROM aggregator_post
      WHERE blog_id = %(blog)s AND (published_at, id) > (%(moment)s, %(pk)s)
      ORDER BY published_at, id LIMIT 1)
"""
LONG_TITLE, LONGEST_TITLE = 90, 220  # characters from which a title is set smaller


@reading
@require_safe
def post_detail(request: HttpRequest, pk: int, slug: str = "") -> HttpResponseBase:
    """The page of one post; another slug leads to the right one."""
    post = get_object_or_404(Post.objects.for_reading(), pk=pk)
    if not post.blog.is_visible_to(request.user):
        raise Http404
    if slug != post.slug:
        return redirect(iri_to_uri(post.get_absolute_url()), permanent=True)
    context = {
        "post": post,
        "blog": post.blog,
        "enclosures": loose_enclosures(post),
        "neighbours": neighbours(post),
        "title_size": title_size(post),
    }
    return render(request, "aggregator/post_detail.html", context)


def loose_enclosures(post: Post) -> list[Enclosure]:
    """The files that the text of a post ``for_reading`` does not already show or play."""
    files = [Enclosure(**columns) for columns in post.files or ()]
    return [file for file in files if f'src="{escape(file.url)}"' not in post.content_html]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The posts just before and after one on its blog, as far as there are any."""

    earlier: Post | None = None
    later: Post | None = None

    def __bool__(self) -> bool:
        return bool(self.earlier or self.later)


def neighbours(post: Post) -> Neighbours:
    """Both in one query. On one blog all posts are as visible as this one."""
    place = post.keyset()
    values = {"blog": post.blog_id, "moment": place[0], "pk": place[1]}
    found = {other.keyset() < place: other for other in Post.objects.raw(NEIGHBOURS, values)}
    return Neighbours(earlier=found.get(True), later=found.get(False))


def title_size(post: Post) -> str:
    """The class of its title: long ones speak lower, so that the text begins on the first screen."""
    if not post.title:
        return "untitled long"
    length = len(post.title)
    return "longest" if length > LONGEST_TITLE else "long" if length > LONG_TITLE else ""
