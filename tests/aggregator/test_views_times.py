"""Times are short on the page, exact on hover, and an instant for machines."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone, translation

from aggregator.templatetags import times

NOW = datetime(2026, 11, 22, 15, 0, tzinfo=UTC)  # a Sunday


@pytest.fixture(autouse=True)
def at_three(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOW)


@pytest.mark.parametrize(
    ("age", "words"),
    [
        (timedelta(seconds=-30), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(minutes=1), "1 min"),
        (timedelta(minutes=59, seconds=59), "59 min"),
        (timedelta(hours=1), "1 h"),
        (timedelta(hours=23, minutes=59), "23 h"),
        (timedelta(days=1), "Sat"),
        (timedelta(days=6, hours=23), "Sun"),
        (timedelta(days=7), "15 Nov"),
        (timedelta(days=400), "18 Oct 2025"),
    ],
)
def test_how_long_ago(age: timedelta, words: str) -> None:
    assert f">{words}</time>" in times.ago(NOW - age)


def test_hover_gives_the_readers_clock_and_machines_get_the_instant() -> None:
    with timezone.override(ZoneInfo("Europe/Helsinki")):
        shown = times.ago(datetime(2026, 11, 17, 22, 5, 30, tzinfo=UTC))
    assert 'datetime="2026-11-17T22:05:30Z"' in shown
    assert 'title="Wednesday 18 November 2026, 0:05"' in shown


def test_an_exact_time_names_the_year_only_when_it_is_another() -> None:
    assert ">Sunday 1 November, 8:12<" in times.exact(datetime(2026, 11, 1, 8, 12, tzinfo=UTC))
    assert ">Saturday 1 November 2025, 8:12<" in times.exact(datetime(2025, 11, 1, 8, 12, tzinfo=UTC))


def test_each_language_keeps_its_own_words() -> None:
    times.ago(NOW - timedelta(days=1))
    with translation.override("fi"):
        assert ">la<" in times.ago(NOW - timedelta(days=1)).lower()
    assert ">Sat<" in times.ago(NOW - timedelta(days=1))
