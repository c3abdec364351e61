"""Search: from a query to a page of hits, counts and facets, for one reader.

Finds only what the reader may see at this moment, and counts, corrects and loosens only by that. A query that finds
nothing is tried again: with its misspelt words corrected, then with less of it. The statement is finding.py's, the
order scoring.py's.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any, NamedTuple

from aggregator.search.facets import Count, Facet, FacetValue, count_of, facets
from aggregator.search.finding import CANDIDATES, PAGE, Found, TooSlow, by_date, by_relevance, counted
from aggregator.search.kinds import COMMENT, POST
from aggregator.search.loosening import looser
from aggregator.search.notes import Note
from aggregator.search.query import Query
from aggregator.search.spelling import corrections, documents_of, languages
from aggregator.search.terms import Phrase
from aggregator.search.wishes import Place, Wishes
from bloghub.lib.paging import read_cursor, write_cursor

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

__all__ = [
    "PAGE",
    "Answer",
    "Asked",
    "Count",
    "Facet",
    "FacetValue",
    "Hit",
    "Sort",
    "Tab",
    "TooSlow",
    "search",
]

_FEW = 3  # hits with which a word is taken to be misspelt, if a word like it finds more
_SOME = 10  # hits with which that is offered


class Tab(StrEnum):
    ALL = "all"
    POSTS = "posts"
    COMMENTS = "comments"


class Sort(StrEnum):
    RELEVANCE = "relevance"
    DATE = "date"


@dataclass(frozen=True, slots=True)
class Asked:
    """``page`` is a cursor of an Answer; anything else, such as nothing, is the first page. ``forgiving``: of a query
    that finds little, also what was probably meant."""

    query: Query
    tab: Tab = Tab.ALL
    sort: Sort = Sort.RELEVANCE
    page: str = ""
    forgiving: bool = True


class Hit(NamedTuple):
    """``kind`` is a letter of kinds.py. Scores compare within one answer."""

    kind: str
    post_id: int
    comment_id: int | None
    blog_id: int
    published_at: datetime
    score: float
    language: str  # by which its words were made


@dataclass(frozen=True, slots=True)
class Answer:
    """``correction`` is the query that was probably meant, as canonical text; ``corrected``: its hits are shown, with
    those of the query as it was typed. ``loosened`` is what was left out of a query that found nothing, as typed, or as
    corrected. ``queries`` are those that found the hits, whatever was typed."""

    hits: list[Hit] = field(default_factory=list)
    counts: Mapping[Tab, Count] = field(default_factory=lambda: dict.fromkeys(Tab, Count(0)))
    facets: list[Facet] = field(default_factory=list)
    older: str = ""
    newer: str = ""
    notes: tuple[Note, ...] = ()
    correction: str | None = None
    corrected: bool = False
    loosened: tuple[str, ...] = ()
    queries: tuple[Query, ...] = ()

    @property
    def total(self) -> int:
        return self.counts[Tab.ALL].number


_KINDS = {Tab.ALL: "", Tab.POSTS: POST, Tab.COMMENTS: COMMENT}
_OLDER, _NEWER = "before-", "after-"


def search(asked: Asked, reader: Reader, now: datetime) -> Answer:
    """``now`` is in the zone whose days are meant. Raises TooSlow when PostgreSQL needs too long for the query as it
    was typed."""
    if not asked.query:
        return Answer(notes=asked.query.notes)
    answer = _answer(asked, reader, now)
    if asked.page or not asked.forgiving:
        return answer
    try:
        return (_forgiving if answer.total < _SOME else _mistaken)(answer, asked, reader, now)
    except TooSlow:  # what was found is worth showing, whatever else there may be
        return answer


def _mistaken(answer: Answer, asked: Asked, reader: Reader, now: datetime) -> Answer:
    """With what was probably meant first, when a word was found by its stem alone, and nobody has written it."""
    known = documents_of(asked.query, reader)
    words = [word for word, number in known.items() if not number]
    exact = (replace(asked, query=replace(asked.query, text=word, term=Phrase(word))) for word in words)
    if not words or any(_answer(each, reader, now).total for each in exact):
        return answer
    meant = next(corrections(asked.query, known, reader), None)
    other = _answer(replace(asked, query=meant), reader, now) if meant else answer
    if not meant or not other.total:
        return answer
    return replace(other, hits=_first_of(other, answer), notes=answer.notes, **_as_well(answer, asked.query, meant))


def _forgiving(answer: Answer, asked: Asked, reader: Reader, now: datetime) -> Answer:
    """With what was probably meant; of what finds nothing, with less of it."""
    meant: Query | None = None
    for better in corrections(asked.query, documents_of(asked.query, reader), reader):
        meant = meant or better
        other = _answer(replace(asked, query=better), reader, now)
        if answer.total < _FEW and other.total > answer.total:
            said = _as_well(answer, asked.query, better)
            return replace(other, hits=_first_of(answer, other), notes=answer.notes, **said)
        if other.total > _SOME * answer.total:
            return replace(answer, correction=better.text)
    return answer if answer.total else _loosened(answer, replace(asked, query=meant or asked.query), reader, now)


def _loosened(answer: Answer, asked: Asked, reader: Reader, now: datetime) -> Answer:
    """With less of a query that finds nothing, as it was typed or as it was probably meant."""
    is_typed = asked.query.text == answer.queries[0].text
    for less, left_out in looser(asked.query, reader):
        other = _answer(replace(asked, query=less), reader, now)
        if other.total:
            said = {} if is_typed else _as_well(answer, asked.query, less)
            return replace(other, notes=answer.notes, loosened=left_out, **said)
    return answer


def _first_of(answer: Answer, other: Answer) -> list[Hit]:
    """A page of the hits of both, each once: what both have found has a score in each."""
    hits = {(hit.post_id, hit.comment_id): hit for hit in (*other.hits, *answer.hits)}
    order = dict.fromkeys((hit.post_id, hit.comment_id) for hit in (*answer.hits, *other.hits))
    return [hits[each] for each in order][:PAGE]


def _as_well(answer: Answer, typed: Query, meant: Query) -> dict[str, Any]:
    """What an answer says that shows the hits of both; of what was typed there may be none."""
    return {"correction": meant.text, "corrected": True, "queries": (typed, meant) if answer.total else (meant,)}


def _answer(asked: Asked, reader: Reader, now: datetime) -> Answer:
    wishes = Wishes(asked.query, reader, now, languages())
    answer = _by_date(asked, wishes) if asked.sort == Sort.DATE else _by_relevance(asked, wishes)
    return replace(answer, notes=asked.query.notes + wishes.notes, queries=(asked.query,))


def _by_relevance(asked: Asked, wishes: Wishes) -> Answer:
    page = int(asked.page) if re.fullmatch("[1-9][0-9]{0,2}", asked.page) else 1
    found = by_relevance(wishes.wish(_KINDS[asked.tab]), (page - 1) * PAGE)
    older = str(page + 1) if len(found.hits) > PAGE else ""
    newer = str(page - 1) if page > 1 else ""
    return _around(asked, wishes, found, _hits(found.hits[:PAGE]), (older, newer))


def _by_date(asked: Asked, wishes: Wishes) -> Answer:
    place = _place(asked.page)
    kind = _KINDS[asked.tab]
    found = by_date(wishes.wish(kind))
    rows = by_date(wishes.wish(kind, place), newer=place.newer).hits if place else found.hits
    shown, is_more = rows[:PAGE], len(rows) > PAGE
    has_older, has_newer = (True, is_more) if place and place.newer else (is_more, bool(place))
    if place and place.newer:
        shown = shown[::-1]
    older = _OLDER + _cursor(shown[-1]) if shown and has_older else ""
    newer = _NEWER + _cursor(shown[0]) if shown and has_newer else ""
    return _around(asked, wishes, found, _hits(shown), (older, newer))


def _around(asked: Asked, wishes: Wishes, found: Found, hits: list[Hit], cursors: tuple[str, str]) -> Answer:
    """Hits with counts and facets."""
    bounded = not found.complete or found.posts + found.comments > CANDIDATES
    shown = facets(found.facets, _chosen(asked.query), more=bounded)
    everything = found if asked.tab == Tab.ALL else counted(wishes.wish())
    return Answer(hits, _counts(everything), shown, *cursors)


def _counts(found: Found) -> dict[Tab, Count]:
    numbers = {Tab.ALL: found.posts + found.comments, Tab.POSTS: found.posts, Tab.COMMENTS: found.comments}
    return {tab: count_of(number, more=not found.complete) for tab, number in numbers.items()}


def _hits(rows: list[list[Any]]) -> list[Hit]:
    return [
        Hit(COMMENT if comment else POST, post, comment, blog, datetime.fromisoformat(moment), score, language)
        for post, comment, blog, moment, score, _row, language in rows
    ]


def _cursor(row: list[Any]) -> str:
    return write_cursor((datetime.fromisoformat(row[3]), row[5]))


def _place(page: str) -> Place | None:
    newer = page.startswith(_NEWER)
    found = read_cursor(page.removeprefix(_NEWER if newer else _OLDER))
    return Place(*found, newer) if found else None


def _chosen(query: Query) -> dict[str, set[str]]:
    """The values that filters ask for, by name, in lower case."""
    chosen: dict[str, set[str]] = defaultdict(set)
    for each in query.filters:
        if not each.negated:
            chosen["kind" if each.name == "in" else each.name].add(each.value.lower())
    return chosen
