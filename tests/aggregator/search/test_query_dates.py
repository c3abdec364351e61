"""Days behind before: and after:, and the interval that a query asks for."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from aggregator.search import dates
from aggregator.search.query import Filter, interval, parse

TODAY = date(2026, 11, 22)


def days(text: str, today: date = TODAY) -> tuple[date | None, date | None]:
    return interval(parse(text, today), today)


@pytest.mark.parametrize(
    ("typed", "first"),
    [
        ("2026", date(2026, 1, 1)),
        ("2026-11", date(2026, 11, 1)),
        ("2026-11-22", date(2026, 11, 22)),
        ("2026/1/2", date(2026, 1, 2)),
        ("22.11.2026", date(2026, 11, 22)),
        ("2.1.2026", date(2026, 1, 2)),
        ("today", TODAY),
        ("Yesterday", date(2026, 11, 21)),
        ("7d", date(2026, 11, 15)),
        ("2W", date(2026, 11, 8)),
        ("3m", date(2026, 8, 22)),
        ("1y", date(2025, 11, 22)),
        ('"7 days ago"', date(2026, 11, 15)),
        ('"1 year"', date(2025, 11, 22)),
        ("9999y", date.min),
    ],
)
def test_after_begins_and_before_ends_with_the_first_day(typed: str, first: date) -> None:
    assert days(f"after:{typed}") == (first, None)
    assert days(f"before:{typed}") == (None, first)


@pytest.mark.parametrize(
    "typed",
    ["2026-13", "2026-02-30", "30.2.2026", "0000", "22.11.", "7x", "7", "11/22/2026", "２０２６", "99999d", "20261"],
)
def test_what_is_no_day_is_left_out(typed: str) -> None:
    query = parse(f"kone after:{typed}", TODAY)
    assert query.filters == ()
    assert [note.code for note in query.notes] == ["bad-date"]


def test_a_year_is_after_its_beginning_and_before_the_next() -> None:
    assert days("after:2025 before:2026") == (date(2025, 1, 1), date(2026, 1, 1))


def test_not_after_is_before() -> None:
    assert parse("-after:2025 -before:2024", TODAY).filters == (Filter("before", "2025"), Filter("after", "2024"))


def test_of_several_days_the_narrowest_count() -> None:
    assert days("after:2020 after:2025 before:7d before:2026-02") == (date(2025, 1, 1), date(2026, 2, 1))


def test_days_that_leave_nothing_are_said() -> None:
    query = parse("after:2026 before:2025", TODAY)
    assert [note.text for note in query.notes] == ["“after:2026 before:2025” leaves no day."]


def test_the_end_of_a_month_stays_in_the_month() -> None:
    assert days("after:1m", date(2026, 3, 31)) == (date(2026, 2, 28), None)
    assert days("after:1y", date(2028, 2, 29)) == (date(2027, 2, 28), None)


def test_a_relative_day_moves_on_with_the_calendar() -> None:
    query = parse("after:7d", TODAY)
    assert query.text == "after:7d"
    assert interval(query, date(2027, 1, 8)) == (date(2027, 1, 1), None)


def test_no_day_asked_for_is_no_bound() -> None:
    assert days("kone") == (None, None)


@given(st.text(alphabet="0123456789-./ dwmyagos"), st.dates())
def test_any_day_has_one_spelling_and_a_first_day(typed: str, today: date) -> None:
    day = dates.canonical(typed)
    if day is not None:
        assert dates.canonical(day) == day
        assert dates.first_day(day, today) is not None


@given(st.dates(), st.integers(0, 9999), st.sampled_from("dwmy"))
def test_ago_is_never_later_than_today(today: date, count: int, unit: str) -> None:
    assert dates.first_day(f"{count}{unit}", today) <= today
