"""One post to read: its text, its files, its neighbours on the same blog."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, TypeVar

from django.db.models import Model
from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.encoding import iri_to_uri
from django.utils.html import escape
from django.views.decorators.http import require_safe

from aggregator import votes
from aggregator.models import Blog, Enclosure, Post
from aggregator.models.post import ALSO_ON, FILES, TAG_LIST
from bloghub.lib.prepared import Prepared, columns, names
from bloghub.people.access import reading
from bloghub.people.models import Person

Found = TypeVar("Found", bound=Model)

_STAMPS = ", ".join(
    f"hashtidextended({row}.ctid, {row}.xmin::text::bigint)" for row in ("aggregator_post", "blog", "author")
)
_COLUMNS = f"{columns(Post, 'aggregator_post')}, {columns(Blog, 'blog')}, {columns(Person, 'author')}"
_FROM = """
    FROM aggregator_post JOIN aggregator_blog AS blog ON blog.id = aggregator_post.blog_id
    LEFT JOIN people_person AS author ON author.id = aggregator_post.author_id
    WHERE aggregator_post.id = %(pk)s
"""
_NEIGHBOUR = """(
    SELECT json_build_array(id, title, excerpt, language) FROM aggregator_post AS other
     WHERE other.blog_id = aggregator_post.blog_id
       AND (other.published_at, other.id) {0} (aggregator_post.published_at, aggregator_post.id)
     ORDER BY other.published_at {1}, other.id {1} LIMIT 1)
"""
_NEIGHBOURS = f"{_NEIGHBOUR.format('<', 'DESC')}, {_NEIGHBOUR.format('>', 'ASC')}"
# Nearly all that is read is read here, so both statements are planned once for a connection
READING = Prepared(f"SELECT ({TAG_LIST}), ({FILES}), {_STAMPS}, {_COLUMNS} {_FROM}")
PAGE = Prepared(
    f"SELECT ({ALSO_ON}), {_NEIGHBOURS}, {votes.STANDING}, ({TAG_LIST}), ({FILES}), {_STAMPS}, {_COLUMNS} {_FROM}"
)
LARGEST_ID = 2**63 - 1
LONG_TITLE, LONGEST_TITLE = 90, 220  # characters from which a title is set smaller


@reading
@require_safe
def post_detail(request: HttpRequest, pk: int, slug: str = "") -> HttpResponseBase:
    """The page of one post; another slug leads to the right one."""
    found = _row(PAGE, pk, person=request.user.pk)
    if found is None:
        raise Http404
    also_on, earlier, later, is_owner, has_voted, *row = found
    post = _post(row)
    if not post.blog.is_visible_to(request.user):
        raise Http404
    if slug != post.slug:
        return redirect(iri_to_uri(post.get_absolute_url()), permanent=True)
    context = {
        "here": "",
        "post": post,
        "blog": post.blog,
        "also_on": also_on or [],
        "enclosures": loose_enclosures(post),
        "neighbours": Neighbours.of(earlier, later),
        "title_size": title_size(post),
        "vote": votes.stands(request.user, post, is_owner, has_voted),
    }
    return render(request, "aggregator/post_detail.html", context)


def for_reading(pk: int) -> Post | None:
    """All that the page of a post shows of it: with its blog, author, ``tag_list`` and ``files``. One query."""
    found = _row(READING, pk)
    return _post(found) if found else None


def _row(statement: Prepared, pk: int, **values: int | None) -> tuple[Any, ...] | None:
    """What it finds of this post; an id that no column can hold is nobody's."""
    return next(iter(statement.rows(pk=pk, **values)), None) if pk <= LARGEST_ID else None


def _post(row: Sequence[Any]) -> Post:
    """From the columns of READING.

    ``stamp`` changes with every one of its rows: each version of a row lies at a place of its own (ctid), or was
    written by another transaction (xmin).
    """
    tags, files, *found = row
    values = iter(found)
    stamp = f"{list(islice(values, 3))} {tags} {files}"
    post = _made(Post, values)
    post.blog, author = _made(Blog, values), _made(Person, values)
    post.author = author if author.pk is not None else None
    post.tag_list, post.files, post.stamp = tags, files, f"{post.pk} {stamp}"
    return post


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
    """The posts just before and after one on its blog, as far as there are any: as visible as it is.

    ``stamp`` changes with what is shown of them.
    """

    earlier: Post | None
    later: Post | None
    stamp: str

    @classmethod
    def of(cls, earlier: list[Any] | None, later: list[Any] | None) -> Neighbours:
        """From the columns of PAGE."""
        return cls(_neighbour(earlier), _neighbour(later), f"{earlier} {later}")

    def __bool__(self) -> bool:
        return bool(self.earlier or self.later)


def _neighbour(values: list[Any] | None) -> Post | None:
    return Post.from_db("default", ["id", "title", "excerpt", "language"], values) if values else None


def title_size(post: Post) -> str:
    """The class of its title: long ones speak lower, so that the text begins on the first screen."""
    if not post.title:
        return "untitled long"
    length = len(post.title)
    return "longest" if length > LONGEST_TITLE else "long" if length > LONG_TITLE else ""
