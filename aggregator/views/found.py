"""What a search found, as rows to show: the post's or comment's own row, and the marked title and passage."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from aggregator.search.index import text_of
from aggregator.search.kinds import COMMENT, POST, kind_of
from aggregator.search.matching import Hit
from aggregator.search.passages import Marked, Marker
from aggregator.search.query import Query, wanted
from aggregator.views.activity import PassingRow, said_among
from aggregator.views.rows import PostRow, posts_among
from bloghub.lib.language import detect_language

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


class Found(NamedTuple):
    """One hit: ``said`` is what it is about, ``marked`` is safe HTML."""

    said: PostRow | PassingRow
    marked: Marked


class _Shown(NamedTuple):
    said: PostRow | PassingRow
    title: str
    body: str  # plain text
    language: str


def found_rows(hits: Sequence[Hit], queries: Iterable[Query], reader: Reader) -> list[Found]:
    """The rows of these hits, in their order, marked; what went away meanwhile is left out.

    ``queries`` are those that found them. At most two statements for each kind.
    """
    posts, comments = _posts(hits, reader), _comments(hits, reader)
    shown = [posts.get(hit.post_id) if hit.kind == POST else comments.get(hit.comment_id or 0) for hit in hits]
    there = [each for each in shown if each]
    terms = dict.fromkeys(term for query in queries for term in wanted(query.term))
    marker = Marker(terms, {each.language for each in there})
    return [Found(each.said, marker.mark(each.title, each.body, each.language)) for each in there]


def _posts(hits: Sequence[Hit], reader: Reader) -> dict[int, _Shown]:
    ids = [hit.post_id for hit in hits if hit.kind == POST]
    texts, rows = _read(POST, ids), posts_among(ids, reader) if ids else {}
    return {
        pk: _Shown(row, row.title, text_of(texts[pk]) or row.excerpt, row.language)
        for pk, row in rows.items()
        if pk in texts
    }


def _comments(hits: Sequence[Hit], reader: Reader) -> dict[int, _Shown]:
    ids = [hit.comment_id for hit in hits if hit.comment_id]
    texts, rows = _read(COMMENT, ids), said_among(ids, reader) if ids else {}
    found = {}
    for pk, row in rows.items():
        if pk in texts:
            body = text_of(texts[pk])
            found[pk] = _Shown(row, "", body, detect_language(body) or row.post_language)
    return found


def _read(kind: str, ids: list[int]) -> dict[int, str]:
    return dict(kind_of(kind).texts(ids)) if ids else {}
