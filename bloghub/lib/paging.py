"""Keyset pages: a place in a list is named by the row beside it, so page 1,000 costs what page 1 costs.

Owns the cursor's text, the comparison and the page. Lists run newest first over a time and an id that share an index;
rankings run best first over a number and an id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Generic, TypeVar, cast

from django.db.models import DateTimeField, Func, QuerySet, Value
from django.db.models.fields import Field
from django.utils.http import base36_to_int, int_to_base36

PAGE_SIZE = 25
_DAWN = datetime(1, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_LARGEST_ID = 2**63 - 1

Row = TypeVar("Row")
Keyset = tuple[datetime | int, int]
# The rows on one side of a place, the nearest first, and one more than a page shows. ``<`` for older, ``>`` for newer;
# no side and no place for the newest of all
Found = Callable[[str, Keyset | None], list[Row]]


def write_cursor(keyset: Keyset) -> str:
    """The place as it stands in an address: µs since the year 1, or the number, and the id, in base 36."""
    first, pk = keyset
    number = (first - _DAWN) // _MICROSECOND if isinstance(first, datetime) else first
    return f"{int_to_base36(number)}-{int_to_base36(pk)}"


def read_number_cursor(text: str) -> tuple[int, int] | None:
    """The place in a ranking that a cursor names; None for anything that is no cursor."""
    number, _dash, pk = text.partition("-")
    if not (number.isascii() and number.isalnum() and pk.isascii() and pk.isalnum()):
        return None
    try:
        place = base36_to_int(number), base36_to_int(pk)
    except ValueError:
        return None
    return place if max(place) <= _LARGEST_ID else None


def read_cursor(text: str) -> tuple[datetime, int] | None:
    """The place in a river that a cursor names; None for anything that is no cursor."""
    place = read_number_cursor(text)
    try:
        return (_DAWN + place[0] * _MICROSECOND, place[1]) if place else None
    except OverflowError:
        return None


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of a list, newest first. ``newer`` and ``older`` are cursors, empty where the list ends."""

    rows: list[Row]
    newer: str = ""
    older: str = ""

    @property
    def is_first(self) -> bool:
        return not self.newer


@dataclass(frozen=True, slots=True)
class Order:
    """The two columns a list runs over, and how to read them off a row."""

    time: str = "published_at"
    id: str = "pk"
    keyset: Callable[[Any], Keyset] = lambda row: (row.published_at, row.pk)


RIVER = Order()


def page_of(
    found: Found[Row],
    query: Mapping[str, str],
    keyset: Callable[[Row], Keyset],
    read: Callable[[str], Keyset | None] = read_cursor,
) -> Page[Row]:
    """The page that ``?before=`` or ``?after=`` names, the first one otherwise. One query."""
    before, after = read(query.get("before", "")), read(query.get("after", ""))
    if before is None and after is not None:
        page = _newer(found(">", after), keyset)
        if page.newer:
            return page
        before = None  # the top was reached: show it full, as everybody else sees it
    return _older(found("<" if before else "", before), keyset, is_first=before is None)


def _older(found: list[Row], keyset: Callable[[Row], Keyset], *, is_first: bool) -> Page[Row]:
    shown = found[:PAGE_SIZE]
    return Page(
        shown,
        newer=write_cursor(keyset(shown[0])) if shown and not is_first else "",
        older=write_cursor(keyset(shown[-1])) if len(found) > PAGE_SIZE else "",
    )


def _newer(found: list[Row], keyset: Callable[[Row], Keyset]) -> Page[Row]:
    shown = found[:PAGE_SIZE][::-1]
    return Page(
        shown,
        newer=write_cursor(keyset(shown[0])) if len(found) > PAGE_SIZE else "",
        older=write_cursor(keyset(shown[-1])) if shown else "",
    )


def paginate(rows: QuerySet[Any, Row], query: Mapping[str, str], order: Order = RIVER) -> Page[Row]:
    """``page_of`` for a queryset."""

    def found(side: str, place: Keyset | None) -> list[Row]:
        asked = beside(rows, order, "gt" if side == ">" else "lt", place) if place else rows
        way = "" if side == ">" else "-"
        return list(asked.order_by(f"{way}{order.time}", f"{way}{order.id}")[: PAGE_SIZE + 1])

    return page_of(found, query, order.keyset)


class RowValue(Func):
    """SQL's row value, so that ``(time, id) < (…, …)`` is one condition on the index of both (SQL-92, 8.2)."""

    function = "ROW"
    output_field: Field[Any, Any] = DateTimeField()


def beside(rows: QuerySet[Any, Row], order: Order, side: str, keyset: Keyset) -> QuerySet[Any, Row]:
    """The rows on one side of a place: ``side`` is ``lt`` for older, ``gt`` for newer."""
    place = RowValue(Value(keyset[0]), Value(keyset[1]))
    marked = cast("QuerySet[Any, Row]", rows.alias(keyset=RowValue(order.time, order.id)))
    return marked.filter(**{f"keyset__{side}": place})
