"""Days as people type them behind before: and after:, in one canonical spelling, and the day they begin on.

Knows the calendar and nothing else. A relative day (``7d``, ``yesterday``) stays relative in its canonical spelling, so
that a saved search moves on with the calendar.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import date, timedelta

_YEAR_FIRST = re.compile(r"([0-9]{4})(?:[-/.]([0-9]{1,2})(?:[-/.]([0-9]{1,2}))?)?")
_DAY_FIRST = re.compile(r"([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})")
_AGO = re.compile(r"([0-9]{1,4}) ?(d|w|m|y)(?:(?<=d)ays?|(?<=w)eeks?|(?<=m)onths?|(?<=y)ears?)?(?: ago)?")
_NAMED = {"today": 0, "yesterday": 1}
_MONTHS = {"m": 1, "y": 12}
_DAYS = {"d": 1, "w": 7}


def canonical(typed: str) -> str | None:
    """``2026``, ``2026-11``, ``2026-11-22``, ``7d``, ``today`` or ``yesterday``; None for what is no day.

    Also understood: ``2026/11/22``, ``22.11.2026``, ``7 days ago``, and ``d``, ``w``, ``m``, ``y`` in upper case.
    """
    text = typed.strip().lower()
    if text in _NAMED:
        return text
    if ago := _AGO.fullmatch(text):
        return f"{int(ago[1])}{ago[2]}"
    if found := _YEAR_FIRST.fullmatch(text):
        return _iso(found[1], found[2], found[3])
    if found := _DAY_FIRST.fullmatch(text):
        return _iso(found[3], found[2], found[1])
    return None


def first_day(day: str, today: date) -> date:
    """The first day of what ``canonical`` gave: of 2026 its first of January; of ``3m`` today's date three months ago.

    What lies before the calendar's first day is that day.
    """
    if day in _NAMED:
        return _earlier(today, days=_NAMED[day])
    if ago := _AGO.fullmatch(day):
        count, unit = int(ago[1]), ago[2]
        return _earlier(today, days=count * _DAYS.get(unit, 0), months=count * _MONTHS.get(unit, 0))
    year, month, first = (*map(int, day.split("-")), 1, 1)[:3]
    return date(year, month, first)


def _iso(year: str, month: str | None, day: str | None) -> str | None:
    try:
        date(int(year), int(month or 1), int(day or 1))
    except ValueError:
        return None
    return "-".join(part.zfill(2) for part in (year, month, day) if part)


def _earlier(today: date, *, days: int = 0, months: int = 0) -> date:
    year, month = divmod(today.year * 12 + today.month - 1 - months, 12)
    if year < 1:
        return date.min
    start = date(year, month + 1, min(today.day, monthrange(year, month + 1)[1]))
    return start - timedelta(days=min(days, start.toordinal() - 1))
