"""What the values of filters name: blogs, people, tags, languages, days, as lexemes and as conditions on rows.

A note tells of a name that nobody has; a filter of which all names are unknown finds nothing. Blogs that the reader may
not see are unknown to them, and so are tags that nothing else has.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, tzinfo
from typing import TYPE_CHECKING, Any

from django.conf.locale import LANG_INFO
from django.db.models import Exists, OuterRef, Q

from aggregator.models import Blog, Tag, TaggedPost
from aggregator.models.blog import hidden_from
from aggregator.models.tag import tag_slug
from aggregator.search.asking import read_all
from aggregator.search.kinds import COMMENT, POST
from aggregator.search.lexemes import (
    CODE_FACET,
    author_facet,
    blog_facet,
    kind_facet,
    language_facet,
    quote,
    tag_facet,
)
from aggregator.search.notes import Note
from aggregator.search.query import Filter, Query, interval
from bloghub.lib.language import primary_subtag
from bloghub.people.models import Person

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

NOTHING = "':'"  # a lexeme that no row has
_NAMED = 50  # people or blogs that one name may mean

Facets = Callable[[Filter, "Reader"], list[str]]


@dataclass(frozen=True, slots=True)
class Narrowed:
    """``lexemes`` is tsquery text that narrows the rows the index finds, ``conditions`` SQL on ``found``, those rows,
    with ``parameters``. ``start`` and ``end`` are the days in UTC, as months are stored, on which the days asked for
    begin and end."""

    lexemes: tuple[str, ...]
    conditions: tuple[str, ...]
    parameters: dict[str, Any]
    start: date | None
    end: date | None
    title_only: bool
    share: float  # of all rows, as a guess
    notes: tuple[Note, ...]


@dataclass(slots=True)
class _Reading:
    """What has been understood so far."""

    lexemes: list[str] = field(default_factory=list)
    conditions: list[str] = field(default_factory=list)
    parameters: dict[str, Any] = field(default_factory=dict)
    notes: list[Note] = field(default_factory=list)

    def where(self, name: str, condition: str, value: object) -> None:
        self.conditions.append(condition)
        self.parameters[name] = value


def narrowed(query: Query, reader: Reader, now: datetime) -> Narrowed:
    """What the filters of ``query`` mean for this reader, whose days are those of ``now``'s zone; at most one statement
    for each name they have."""
    reading = _Reading()
    for name, find in _FACETS.items():
        _facets(reading, [each for each in query.filters if each.name == name], find, reader)
    for name in ("team", "site"):
        _places(reading, name, [each for each in query.filters if each.name == name])
    _has(reading, query.filters)
    start, end = (_moment(day, now.tzinfo) for day in interval(query, now.date()))
    _days(reading, start, end)
    title_only = Filter("in", "title") in query.filters
    return Narrowed(
        tuple(reading.lexemes),
        tuple(reading.conditions),
        reading.parameters,
        start.date() if start else None,
        end.date() if end else None,
        title_only,
        min([_SHARES.get(each.name, 1) for each in query.filters if not each.negated], default=1),
        tuple(reading.notes),
    )


def _facets(reading: _Reading, filters: Sequence[Filter], find: Facets, reader: Reader) -> None:
    """Filters of one name: any of those wanted, none of those not wanted."""
    found = {each: find(each, reader) for each in filters}
    reading.notes += [Note("unknown-name", each.text) for each, facets in found.items() if not facets]
    wanted = [facet for each, facets in found.items() if not each.negated for facet in facets]
    if any(not each.negated for each in filters):
        reading.lexemes.append(_any(wanted) if wanted else NOTHING)
    reading.lexemes += [f"!{facet}" for each, facets in found.items() if each.negated for facet in facets]


def _any(facets: Iterable[str]) -> str:
    return "(" + " | ".join(dict.fromkeys(facets)) + ")"


def _blog(filter: Filter, reader: Reader) -> list[str]:
    asked = Q(slug=filter.value.lower()) | Q(title__iexact=filter.value)
    blogs = Blog.objects.visible_to(reader).filter(asked).order_by("pk")
    return [quote(blog_facet(pk)) for pk in blogs.values_list("pk", flat=True)[:_NAMED]]


def _author(filter: Filter, reader: Reader) -> list[str]:
    """By user name or whole name; whoever has a part of their name like this, when nobody has."""
    exact = Q(username__iexact=filter.value) | Q(display_name__iexact=filter.value)
    for asked in (exact, Q(display_name__istartswith=filter.value) | Q(display_name__icontains=f" {filter.value}")):
        people = Person.objects.filter(asked).order_by("pk").values_list("pk", flat=True)[:_NAMED]
        if found := list(people):
            return [quote(author_facet(pk)) for pk in found]
    return _as_named(filter.value)


def _as_named(name: str) -> list[str]:
    """Posts of somebody who is none of us, by the name that the feed gives them."""
    parts = [part for run in read_all(name) for part in run.parts]
    row = " <-> ".join(f"{quote(part.asked[0])}:D" for part in parts)  # D is also the weight of what comments say
    return [f"({quote(kind_facet(POST))} & ({row}))"] if row else []


def _tag(filter: Filter, reader: Reader) -> list[str]:
    seen = TaggedPost.objects.filter(tag=OuterRef("pk")).exclude(content_object__blog__in=hidden_from(reader))
    tags = Tag.objects.filter(Exists(seen), slug=tag_slug(filter.value))
    return [quote(tag_facet(pk)) for pk in tags.values_list("pk", flat=True)]


def _language(filter: Filter, reader: Reader) -> list[str]:
    code = language_code(filter.value)
    return [quote(language_facet(code))] if code else []


_KINDS = {"posts": POST, "comments": COMMENT}
_SHARES = {"blog": 0.005, "author": 0.005, "tag": 0.05}
_FACETS: dict[str, Facets] = {"blog": _blog, "author": _author, "tag": _tag, "lang": _language}


def language_code(name: str) -> str | None:
    """The code of a language by its code, or its name in English or in itself; None for what is none."""
    return _LANGUAGES.get(name.casefold()) or primary_subtag(name) or None


# As Django's administration names languages in choices, which has those that blogs are written in
_LANGUAGES = {
    known[key].casefold(): primary_subtag(code)
    for code, known in LANG_INFO.items()
    for key in ("name", "name_local")
    if key in known and "-" not in code
}


def _places(reading: _Reading, name: str, filters: Sequence[Filter]) -> None:
    """Team or site, where people are at this moment."""
    for negated in (False, True):
        values = [each.value.lower() for each in filters if each.negated is negated]
        if values:
            key = f"{name}_{negated}"
            column = {"team": "person.team", "site": "person.site"}[name]
            people = f"(SELECT person.id FROM people_person AS person WHERE lower({column}) = ANY (%({key})s))"  # noqa: S608
            condition = f"author_id IN {people}"
            reading.where(key, f"({condition}) IS NOT TRUE" if negated else condition, values)


def _has(reading: _Reading, filters: Iterable[Filter]) -> None:
    for each in filters:
        sign = "!" if each.negated else ""
        if each.name == "has" and each.value == "code":
            reading.lexemes.append(f"{sign}'{CODE_FACET}'")
        elif each.name == "has":
            talk = (
                "EXISTS (SELECT FROM aggregator_post AS post WHERE post.id = found.post_id AND post.comment_count > 0)"
            )
            reading.conditions.append(f"NOT {talk}" if each.negated else talk)
        elif each.name == "in" and each.value != "title":
            reading.lexemes.append(quote(kind_facet(_KINDS[each.value])))


def _moment(day: date | None, zone: tzinfo | None) -> datetime | None:
    """When a day begins, in UTC."""
    if day is None:
        return None
    try:
        return datetime.combine(day, time(), zone).astimezone(UTC)
    except OverflowError:  # the calendar's first or last day
        return datetime.combine(day, time(), UTC)


def _days(reading: _Reading, start: datetime | None, end: datetime | None) -> None:
    if start:
        reading.where("start", "published_at >= %(start)s", start)
    if end:
        reading.where("end", "published_at < %(end)s", end)
