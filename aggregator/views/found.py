"""What a search found, as rows to show: the post's or comment's own row, and in it, marked, what was asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from aggregator.models.blog import blog_address
from aggregator.models.tag import tag_address
from aggregator.search.index import text_of
from aggregator.search.kinds import COMMENT, POST, kind_of
from aggregator.search.matching import Hit
from aggregator.search.passages import Marked, Marker
from aggregator.search.query import Query, wanted
from aggregator.views.activity import PassingRow, said_among
from aggregator.views.rows import PostRow, posts_among
from bloghub.people.models import person_address

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


class NamedBy(NamedTuple):
    """A tag or a writer for which something was found, where its own words have it not. ``name`` is text, or safe HTML
    once it is marked; nobody has an ``address`` who is none of us."""

    name: str
    address: str
    is_tag: bool


class FoundRow(NamedTuple):
    """One hit: ``said`` is what it is about, ``title`` and ``passage`` are safe HTML."""

    said: PostRow | PassingRow
    title: str
    passage: str
    named: list[NamedBy]


class _Shown(NamedTuple):
    said: PostRow | PassingRow
    title: str
    body: str  # plain text
    names: list[NamedBy]


def found_rows(hits: Sequence[Hit], queries: Iterable[Query], reader: Reader) -> list[FoundRow]:
    """The rows of these hits, in their order, marked; what went away meanwhile is left out.

    ``queries`` are those that found them. At most two statements for each kind.
    """
    posts, comments = _posts(hits, reader), _comments(hits, reader)
    shown = [posts.get(hit.post_id) if hit.kind == POST else comments.get(hit.comment_id or 0) for hit in hits]
    terms = dict.fromkeys(term for query in queries for term in wanted(query.term))
    marker = Marker(terms, {hit.language for hit in hits})
    return [_row(each, hit.language, marker) for each, hit in zip(shown, hits, strict=True) if each]


def _row(shown: _Shown, language: str, marker: Marker) -> FoundRow:
    marked: Marked = marker.mark(shown.title, shown.body, language, [each.name for each in shown.names])
    named = [each._replace(name=name) for each, name in zip(shown.names, marked.names, strict=True) if name]
    return FoundRow(shown.said, marked.title, marked.passage, named)


def _posts(hits: Sequence[Hit], reader: Reader) -> dict[int, _Shown]:
    ids = [hit.post_id for hit in hits if hit.kind == POST]
    texts, rows = _read(POST, ids), posts_among(ids, reader) if ids else {}
    return {
        pk: _Shown(row, row.title, text_of(texts[pk]) or row.excerpt, [*_tags(row), *_writer(row)])
        for pk, row in rows.items()
        if pk in texts
    }


def _comments(hits: Sequence[Hit], reader: Reader) -> dict[int, _Shown]:
    ids = [hit.comment_id for hit in hits if hit.comment_id]
    texts, rows = _read(COMMENT, ids), said_among(ids, reader) if ids else {}
    return {pk: _Shown(row, "", text_of(texts[pk]), _writer(row)) for pk, row in rows.items() if pk in texts}


def _tags(row: PostRow) -> list[NamedBy]:
    return [NamedBy(tag["name"], tag_address(tag["slug"]), True) for tag in row.tag_list]


def _writer(row: PostRow | PassingRow) -> list[NamedBy]:
    """By all the names that search knows of them (index.py)."""
    names = dict.fromkeys(filter(None, (row.display_name, row.username, row.author_name)))
    if row.username:
        address = person_address(row.username)
    else:
        address = blog_address(row.blog_slug) if isinstance(row, PostRow) else ""
    return [NamedBy(name, address, False) for name in names]


def _read(kind: str, ids: list[int]) -> dict[int, str]:
    return dict(kind_of(kind).texts(ids)) if ids else {}
