"""One post to read: its text, its files, its neighbours on the same blog."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.views.decorators.http import require_safe

from aggregator import votes
from aggregator.models import Blog, Enclosure, Post
from aggregator.models.post import FILES, TAG_LIST
from bloghub.lib.prepared import Prepared, columns, names
from bloghub.people.access import reading
from bloghub.people.models import Person

Found = TypeVar("Found", bound=Model)

# Nearly all that is read is read here, so both statements are planned once for a connection
READING = Prepared(f"""
    SELECT ({TAG_LIST}), ({FILES}),
        hashtidextended(aggregator_post.ctid, aggregator_post.xmin::text::bigint),
        hashtidextended(blog.ctid, blog.xmin::text::bigint), hashtidextended(author.ctid, author.xmin::text::bigint),
        {columns(Post, "aggregator_post")}, {columns(Blog, "blog")}, {columns(Person, "author")}
    FROM aggregator_post JOIN aggregator_blog AS blog ON blog.id = aggregator_post.blog_id
    LEFT JOIN people_person AS author ON author.id = aggregator_post.author_id
    WHERE aggregator_post.id = %(pk)s
""")  # noqa: S608 - constants
NEIGHBOURS = Prepared("""
    (SELECT id, title, excerpt, language, published_at FROM aggregator_post
      WHERE blog_id = %(blog)s AND (published_at, id) < (%(moment)s, %(pk)s)
      ORDER BY published_at DESC, id DESC LIMIT 1)
    UNION ALL
    (SELECT id, title, excerpt, language, published_at FROM aggregator_post
      WHERE blog_id = %(blog)s AND (published_at, id) > (%(moment)s, %(pk)s)
      ORDER BY published_at, id LIMIT 1)
""")
LARGEST_ID = 2**63 - 1
LONG_TITLE, LONGEST_TITLE = 90, 220  # characters from which a title is set smaller


@reading
@require_safe
def post_detail(request: HttpRequest, pk: int, slug: str = "") -> HttpResponseBase:
    """The page of one post; another slug leads to the right one."""
    post = for_reading(pk)
    if post is None or not post.blog.is_visible_to(request.user):
        raise Http404
    if slug != post.slug:
        return redirect(iri_to_uri(post.get_absolute_url()), permanent=True)
    context = {
        "post": post,
        "blog": post.blog,
        "enclosures": loose_enclosures(post),
        "neighbours": neighbours(post),
        "title_size": title_size(post),
        "vote": votes.standing(request.user, post),
    }
    return render(request, "aggregator/post_detail.html", context)


def for_reading(pk: int) -> Post | None:
    """As ``Post.objects.for_reading()`` has it: with its blog, author, ``tag_list`` and ``files``. One query.

    ``stamp`` changes with every one of these rows: each version of a row lies at a place of its own (ctid), or was
    written by another transaction (xmin).
    """
    for tags, files, *found in READING.rows(pk=pk) if pk <= LARGEST_ID else ():
        values = iter(found)
        stamp = f"{pk} {list(islice(values, 3))} {tags} {files}"
        post = _made(Post, values)
        post.blog, author = _made(Blog, values), _made(Person, values)
        post.author = author if author.pk is not None else None
        post.tag_list, post.files, post.stamp = tags, files, stamp
        return post
    return None


def _made(model: type[Found], values: Iterator[object]) -> Found:
    """One of these, from the next values of a row."""
    fields = names(model)
    return model.from_db("default", fields, list(islice(values, len(fields))))


def loose_enclosures(post: Post) -> list[Enclosure]:
    """The files that the text of a post ``for_reading`` does not already show or play."""
    files = [Enclosure(**columns) for columns in post.files or ()]
    return [file for file in files if f'src="{escape(file.url)}"' not in post.content_html]


@dataclass(frozen=True, slots=True)
class Neighbours:
    """The posts just before and after one on its blog, as far as there are any."""

    earlier: Post | None = None
    later: Post | None = None
    stamp: str = ""  # changes with them

    def __bool__(self) -> bool:
        return bool(self.earlier or self.later)


def neighbours(post: Post) -> Neighbours:
    """Both in one query. On one blog all posts are as visible as this one."""
    place = post.keyset()
    rows = NEIGHBOURS.rows(blog=post.blog_id, moment=place[0], pk=place[1])
    others = (Post.from_db("default", ["id", "title", "excerpt", "language", "published_at"], row) for row in rows)
    found = {other.keyset() < place: other for other in others}
    return Neighbours(earlier=found.get(True), later=found.get(False), stamp=str(rows))


def title_size(post: Post) -> str:
    """The class of its title: long ones speak lower, so that the text begins on the first screen."""
    if not post.title:
        return "untitled long"
    length = len(post.title)
    return "longest" if length > LONGEST_TITLE else "long" if length > LONG_TITLE else ""
