"""What the results have in common: blogs, authors, tags, teams, languages, years and kinds, with how many there are of
each. Owns their SQL, over the candidates of finding.py, and their shape."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from functools import lru_cache
from typing import NamedTuple

VALUES = 8  # of a facet that are shown
UPMOST = 1000  # a page says "1,000+" for more
FIRST_YEAR = 1970  # what is older stands in the year before


@dataclass(frozen=True, slots=True)
class Count:
    """``more``: there are more than ``number``, and nobody counted how many."""

    number: int
    more: bool = False


@dataclass(frozen=True, slots=True)
class FacetValue:
    """``value`` is what stands behind the operator: a slug, a user name, a code, a year. ``label`` is its name where it
    has one; of languages and kinds the page knows it."""

    value: str
    label: str
    count: Count
    chosen: bool


class Facet(NamedTuple):
    """``name`` is an operator's, or ``year`` or ``kind``."""

    name: str
    values: list[FacetValue]


def _counted(name: str, key: str, value: str, label: str, source: str, join: str) -> str:
    """SQL: the values of a facet that most candidates have. ``key`` tells them apart, and is what names are found by
    once there are few."""
    return (
        f"SELECT '{name}' AS name, {value} AS value, {label} AS label, most.number FROM ("  # noqa: S608 - constants
        f"SELECT {key} AS key, count(*) AS number FROM {source} WHERE {key} IS NOT NULL"
        f" GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT {VALUES}) AS most {join}"
    )


_TAGGED = (
    "candidates JOIN aggregator_taggedpost AS tagged"
    " ON tagged.content_object_id = candidates.post_id AND candidates.comment_id IS NULL"
)
_IN_TEAMS = "candidates JOIN people_person AS person ON person.id = candidates.author_id"
FACETS = " UNION ALL ".join(
    (
        _counted(
            "blog", "blog_id", "blog.slug", "blog.title", "candidates", "JOIN aggregator_blog AS blog ON blog.id = key"
        ),
        _counted(
            "author",
            "author_id",
            "person.username",
            "coalesce(nullif(person.display_name, ''), person.username)",
            "candidates",
            "JOIN people_person AS person ON person.id = key",
        ),
        _counted("tag", "tagged.tag_id", "tag.slug", "tag.name", _TAGGED, "JOIN aggregator_tag AS tag ON tag.id = key"),
        _counted("team", "nullif(person.team, '')", "key", "key", _IN_TEAMS, ""),
        _counted("lang", "nullif(language, '')", "key", "key", "candidates", ""),
        _counted(
            "year",
            f"{FIRST_YEAR - 1} + width_bucket(published_at, %(years)s::timestamptz[])",
            "key::text",
            "key::text",
            "candidates",
            "",
        ),
        _counted(
            "kind", "CASE WHEN comment_id IS NULL THEN 'posts' ELSE 'comments' END", "key", "key", "candidates", ""
        ),
    )
)


def years(now: datetime) -> list[datetime]:
    """When years begin in the zone of ``now``, up to the next one: the parameter of FACETS. By name PostgreSQL might
    not know the zone."""
    return _years(now.tzinfo, now.year)


@lru_cache(maxsize=512)
def _years(zone: tzinfo | None, latest: int) -> list[datetime]:
    return [datetime(year, 1, 1, tzinfo=zone).astimezone(UTC) for year in range(FIRST_YEAR, latest + 2)]


def facets(rows: Iterable[tuple[str, str, str, int]], chosen: Mapping[str, set[str]], *, more: bool) -> list[Facet]:
    """Facets from rows of FACETS. ``chosen`` are the values asked for, in lower case; ``more``: not everything that was
    found has been counted."""
    found: dict[str, list[FacetValue]] = {}
    for name, value, label, number in rows:
        is_chosen = bool({value.lower(), label.lower()} & chosen.get(name, set()))
        found.setdefault(name, []).append(FacetValue(value, label, count_of(number, more=more), is_chosen))
    return [
        Facet(name, sorted(values, key=_by_year if name == "year" else _by_count)) for name, values in found.items()
    ]


def count_of(number: int, *, more: bool = False) -> Count:
    """A count as the page shows it."""
    return Count(min(number, UPMOST), more or number > UPMOST)


def _by_year(value: FacetValue) -> int:
    return -int(value.value)


def _by_count(value: FacetValue) -> tuple[bool, int, str]:
    return not value.chosen, -value.count.number, value.label
