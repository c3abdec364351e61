"""Quiet hours: on the clock of the reader, through midnight and through the nights when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from bloghub.notifications.quiet import QuietHours

HELSINKI = ZoneInfo("Europe/Helsinki")  # UTC+2, in summer +3


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "end", "moment", "due"),
    [
        ("22:00", "07:00", "2026-11-20 19:59", "2026-11-20 19:59"),
        ("22:00", "07:00", "2026-11-20 20:00", "2026-11-21 05:00"),
        ("22:00", "07:00", "2026-11-21 01:00", "2026-11-21 05:00"),
        ("22:00", "07:00", "2026-11-21 05:00", "2026-11-21 05:00"),
        ("12:00", "13:00", "2026-11-20 10:30", "2026-11-20 11:00"),
        ("12:00", "13:00", "2026-11-20 11:00", "2026-11-20 11:00"),
        ("12:00", "12:00", "2026-11-20 10:00", "2026-11-20 10:00"),
        # 29 March 2026, 3:00 becomes 4:00; 25 October 2026, 4:00 becomes 3:00
        ("22:00", "07:00", "2026-03-28 23:00", "2026-03-29 04:00"),
        ("22:00", "03:30", "2026-03-29 00:30", "2026-03-29 01:30"),
        ("22:00", "07:00", "2026-10-24 23:00", "2026-10-25 05:00"),
        ("22:00", "03:30", "2026-10-25 01:10", "2026-10-25 01:10"),
    ],
)
def test_a_mail_waits_for_their_end(start: str, end: str, moment: str, due: str) -> None:
    hours = QuietHours(time.fromisoformat(start), time.fromisoformat(end), HELSINKI)
    assert hours.after(utc(moment)) == utc(due)


def test_without_hours_nothing_waits() -> None:
    assert QuietHours(None, time(7), HELSINKI).after(utc("2026-11-20 23:00")) == utc("2026-11-20 23:00")
