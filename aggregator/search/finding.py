"""The statement that finds: one plan for every search, and its limits.

The index on ``words`` is asked first, in a materialized CTE, because a planner that may choose walks the table by date
for a rare word, which takes seconds. What it finds is bounded by months (windows.py), never by a LIMIT on the index
scan. Sequential scans are off for the statement: with no statistics, or old ones, they look cheap and unpack every row.
As there is one plan whatever is asked for, it is made once for a connection: that takes as long as to find a rare word.
"""

# ruff: noqa: S608 - statements are put together from constants; all that people type goes in as parameters
from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, NamedTuple

from django.db import OperationalError, connection, transaction
from psycopg2.errors import QueryCanceled

from aggregator.models.blog import HIDDEN_BLOGS
from aggregator.search.facets import FACETS
from aggregator.search.scoring import FINE, ROUGH, WEIGHED
from bloghub.lib.prepared import Prepared

PAGE = 20
CANDIDATES = 1000  # the newest of what is found: the ones that are scored and counted
TITLED = 500  # what has all words in its title is a candidate however old it is: the newest of it
ENOUGH = 400  # found rows with which a window is wide enough: twenty pages
ENOUGH_TITLED = 100
QUICKLY = 300  # ms that anybody's search may take, any number at once
AT_MOST = 2000  # ms that one search of each person may take at a time
_HEAVY = 0x5EA6C4  # the first half of the advisory lock of a person's heavy search; the second is their id

_COLUMNS = "id, post_id, comment_id, blog_id, author_id, published_at, language"
_HIDDEN = f"hidden AS MATERIALIZED ({HIDDEN_BLOGS.replace('%s', '%(reader)s')})"
_LIMITS = (
    "SET LOCAL enable_seqscan = off; SET LOCAL max_parallel_workers_per_gather = 0;"
    " SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL statement_timeout = {};"
)


class TooSlow(Exception):
    """The search was given up. ``busy``: another heavy search of the same person is still running."""

    def __init__(self, *, busy: bool) -> None:
        super().__init__("another search of yours is still running" if busy else "the search took too long")
        self.busy = busy


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to find: tsquery text, also with the condition that all words are in the title (None: none can be, or
    ``in_title``, all are); the words to weigh, with their stems and without (None: there are none); the windows to look
    through (windows.py); SQL conditions on ``found`` with their parameters, also the id of the ``reader`` and ``now``.
    """

    asked: str
    titled: str | None
    weighed: str | None
    exact: str | None
    windows: Sequence[str]
    conditions: Sequence[str]
    parameters: Mapping[str, Any]
    in_title: bool = False


class Found(NamedTuple):
    """``hits``: [post, comment, blog, moment, score, row, language] each; how many ``posts`` and ``comments`` there
    are, at least so many unless ``complete``; ``facets``: rows of facets.py."""

    hits: list[list[Any]]
    posts: int
    comments: int
    complete: bool
    facets: list[tuple[str, str, str, int]]


def _chain(name: str, wish: Wish, enough: int) -> str:
    """CTEs: what is found in the first window that holds enough, as ``name``; with the parameters of ``_texts``."""
    conditions = " AND ".join(wish.conditions) or "true"
    parts, gate = [], ""
    for number, _window in enumerate(wish.windows):
        step = f"{name}{number}"
        asked = f"words @@ %({step})s::tsquery AND NOT (blog_id IN (SELECT id FROM hidden)){gate}"
        # OFFSET keeps the conditions out, or the planner might walk the index of dates for one of them
        rows = f"SELECT {_COLUMNS} FROM aggregator_searchable WHERE {asked} OFFSET 0"
        parts.append(f"{step} AS MATERIALIZED (SELECT * FROM ({rows}) AS found WHERE {conditions})")
        parts.append(f"{step}_size AS MATERIALIZED (SELECT count(*) AS size FROM {step})")
        gate += f" AND (SELECT size FROM {step}_size) < {enough}"
    steps = range(len(wish.windows))
    last = len(wish.windows) - 1
    rows = " UNION ALL ".join(
        f"SELECT * FROM {name}{step}"
        + (f" WHERE (SELECT size FROM {name}{step}_size) >= {enough}" if step < last else "")
        for step in steps
    )
    return ", ".join([*parts, f"{name} AS ({rows})"])


def _texts(name: str, asked: str, windows: Sequence[str]) -> dict[str, str]:
    """The parameters of ``chain``."""
    return {f"{name}{number}": f"{asked} & {months}" if months else asked for number, months in enumerate(windows)}


def _complete(wish: Wish) -> str:
    """SQL: whether all there are have been found, since the last window was needed."""
    sizes = (f"(SELECT size FROM found{step}_size) < {ENOUGH}" for step in range(len(wish.windows) - 1))
    return " AND ".join(sizes) or "true"


def _candidates(wish: Wish) -> str:
    newest = f"SELECT * FROM found ORDER BY published_at DESC, id DESC LIMIT {CANDIDATES}"
    if wish.titled is None:
        in_title = str(wish.in_title).lower()
        return f"candidates AS MATERIALIZED (SELECT newest.*, {in_title} AS in_title FROM ({newest}) AS newest)"
    return (
        f"titles AS MATERIALIZED (SELECT * FROM titled ORDER BY published_at DESC, id DESC LIMIT {TITLED}),"
        f"candidates AS MATERIALIZED (SELECT newest.*, false AS in_title FROM ({newest}) AS newest"
        " WHERE NOT newest.id IN (SELECT id FROM titles) UNION ALL SELECT *, true FROM titles)"
    )


_SCORED = f"""
    scored AS MATERIALIZED (
        SELECT found.*, {ROUGH} AS rough
          FROM candidates AS found JOIN aggregator_post AS post ON post.id = found.post_id),
    placed AS MATERIALIZED (SELECT *, row_number() OVER (ORDER BY rough DESC, id DESC) AS place FROM scored)
"""
_WEIGHED = f"""
    page AS (
        SELECT *, {FINE} AS score FROM (
            -- Copied, with the weight of no word changed, they are unpacked once and not by each function that looks
            SELECT placed.*, setweight(words, 'A', '{{}}') AS words
              FROM placed JOIN aggregator_searchable USING (id) WHERE place <= {WEIGHED} OFFSET 0) AS weighed
         ORDER BY score DESC, id DESC LIMIT {PAGE + 1} OFFSET %(offset)s)
"""
_ROUGHLY = f"page AS (SELECT *, rough AS score FROM placed ORDER BY place LIMIT {PAGE + 1} OFFSET %(offset)s)"
_ANSWER = """
    SELECT coalesce((
        SELECT json_agg(
            json_build_array(post_id, comment_id, blog_id, published_at, score, id, language) ORDER BY {order}
        ) FROM page), '[]'),
        (SELECT count(*) FROM found WHERE comment_id IS NULL),
        (SELECT count(*) FROM found WHERE comment_id IS NOT NULL),
        {complete}, {facets}
"""
_FACETS = f"coalesce((SELECT json_agg(json_build_array(name, value, label, number)) FROM ({FACETS}) AS facets), '[]')"


def by_relevance(wish: Wish, offset: int) -> Found:
    """The best from a place on, and one more than a page shows; facets of all candidates."""
    chains = [_chain("found", wish, ENOUGH)]
    if wish.titled is not None:
        chains.append(_chain("titled", wish, ENOUGH_TITLED))
    page = _WEIGHED if wish.weighed and offset < WEIGHED else _ROUGHLY
    answer = _ANSWER.format(order="score DESC, id DESC", complete=_complete(wish), facets=_FACETS)
    return _run(wish, [*chains, _candidates(wish), _SCORED, page], answer, offset=offset)


def by_date(wish: Wish, *, newer: bool = False) -> Found:
    """The newest, or those beyond a place that a condition names, and one more than a page shows; facets of the newest
    candidates."""
    way = "ASC" if newer else "DESC"
    page = f"page AS (SELECT *, 0 AS score FROM found ORDER BY published_at {way}, id {way} LIMIT {PAGE + 1})"
    answer = _ANSWER.format(order=f"published_at {way}, id {way}", complete=_complete(wish), facets=_FACETS)
    newest = _candidates(replace(wish, titled=None))
    return _run(wish, [_chain("found", wish, ENOUGH), newest, page], answer)


def counted(wish: Wish) -> Found:
    """How many there are, and nothing else."""
    page = "page AS (SELECT *, 0 AS score FROM found LIMIT 0)"
    answer = _ANSWER.format(order="id", complete=_complete(wish), facets="'[]'::json")
    return _run(wish, [_chain("found", wish, ENOUGH), page], answer)


def _run(wish: Wish, parts: Sequence[str], answer: str, **more: object) -> Found:
    parameters = {**wish.parameters, **_texts("found", wish.asked, wish.windows), **more}
    parameters |= {"weighed": wish.weighed, "exact": wish.exact}
    if wish.titled is not None:
        parameters |= _texts("titled", wish.titled, wish.windows)
    statement = _Statement(f"WITH {', '.join((_HIDDEN, *parts))} {answer}", is_usual=not wish.conditions)
    try:
        return _within(QUICKLY, statement, parameters)
    except _GivenUp:
        return _heavily(statement, parameters)


class _Statement(NamedTuple):
    """``is_usual``: one of the dozen that most searches need, as what they ask for are only parameters. Its plan is
    kept with the connection; conditions are put together in too many ways for that."""

    sql: str
    is_usual: bool

    def row(self, limits: str, parameters: Mapping[str, Any]) -> tuple[Any, ...]:
        if self.is_usual:
            return _prepared(self.sql, limits).rows(**parameters)[0]
        with connection.cursor() as cursor:
            cursor.execute(limits + self.sql, parameters)
            found: tuple[Any, ...] = cursor.fetchone()
            return found


@lru_cache(maxsize=64)
def _prepared(sql: str, limits: str) -> Prepared:
    return Prepared(sql, before=limits)


class _GivenUp(Exception):
    """PostgreSQL's time was over."""


def _heavily(statement: _Statement, parameters: Mapping[str, Any]) -> Found:
    """Once more with patience, if no other heavy search of this person is running."""
    try:
        return _within(AT_MOST, statement, parameters, alone=True)
    except _GivenUp as error:
        raise TooSlow(busy=False) from error


def _within(milliseconds: int, statement: _Statement, parameters: Mapping[str, Any], *, alone: bool = False) -> Found:
    """Runs the statement, in one round trip with its limits, which end before the transaction does."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            if alone:
                cursor.execute("SELECT pg_try_advisory_xact_lock(%s, %s)", [_HEAVY, parameters["reader"] or 0])
                if cursor.fetchone() == (False,):
                    raise TooSlow(busy=True)
            found = Found(*statement.row(_LIMITS.format(milliseconds), parameters))
            # A COMMIT that is cut short leaves a transaction of which neither psycopg2 nor Django knows
            cursor.execute("SET LOCAL statement_timeout TO DEFAULT")
            return found
    except OperationalError as error:
        if isinstance(error.__cause__, QueryCanceled):
            raise _GivenUp from error
        raise
