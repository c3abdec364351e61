"""How far back a search looks, by what it may expect."""

from __future__ import annotations

from datetime import date

import pytest

from aggregator.search.query import parse
from aggregator.search.windows import FEW, Statistics, share, spelt_out, windows

MONTHS = {f"{year}{month:02}": 30_000 for year in range(2026, 2016, -1) for month in range(12, 0, -1)}


def asked(text: str, **words: int) -> float:
    return share(parse(text, date(2026, 1, 1)).term, Statistics(words, {"202601": 1000}))


def test_a_rare_word_is_looked_for_everywhere() -> None:
    assert windows(0.001, MONTHS, None, None) == [""]


def test_a_common_word_is_looked_for_in_the_newest_months_first() -> None:
    assert windows(0.3, MONTHS, None, None) == [
        "(':m202612')",
        "(" + " | ".join(f"':m2026{month:02}'" for month in range(12, 4, -1)) + ")",
        "",
    ]


def test_days_bound_all_windows() -> None:
    assert windows(0.001, MONTHS, date(2026, 3, 1), date(2026, 4, 2)) == ["(':m202604' | ':m202603')"]
    assert windows(0.3, MONTHS, None, date(2024, 2, 1))[0] == "(':m202402')"


def test_days_without_a_beginning_leave_out_what_is_later() -> None:
    assert windows(0.001, MONTHS, None, date(2026, 10, 2)) == ["!(':m202612' | ':m202611')"]
    assert windows(0.001, MONTHS, None, date(1990, 1, 1)) == [""]


def test_without_numbers_everything_is_looked_through() -> None:
    assert windows(1, {}, None, None) == [""]


@pytest.mark.parametrize(
    ("text", "least", "most"),
    [
        ("ship", 0.5, 0.5),
        ("ship OR engine", 0.54, 0.56),
        ("ship engine", 0.05, 0.1),  # together more often than by chance
        ("ship -engine", 0.5, 0.5),
        ("absent", 0, 0),
        ("ship absent", 0, 0),
        ("-ship", 1, 1),
    ],
)
def test_what_is_expected_follows_the_words(text: str, least: float, most: float) -> None:
    assert least <= asked(text, ship=500, engine=100) <= most


def test_few_are_what_a_page_can_put_in_order() -> None:
    assert FEW >= 1000


def test_a_broad_prefix_is_asked_as_its_most_common_words() -> None:
    begun = {"re*": ["release", "report"], "turb*": ["turbine", "turbo"]}
    known = Statistics({"re*": 900_000, "turb*": 900}, {}, begun)
    broad, narrow = (parse(text, date(2026, 1, 1)).term for text in ("re* ship", "turb*"))
    spelt = parse('("release" OR "report") ship', date(2026, 1, 1)).term
    assert (spelt_out(broad, known), spelt_out(narrow, known)) == (spelt, narrow)
