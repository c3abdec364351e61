"""The hours and days at which a publisher asks not to be polled (RSS ``skipHours`` and ``skipDays``, in GMT). Pure.

Kept as bits: hour 0 to 23 of the day in UTC, and the days of the week with Monday first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

ALL_HOURS, ALL_DAYS = (1 << 24) - 1, (1 << 7) - 1
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_MIDNIGHT = 24  # what RSS 0.91 calls the hour that RSS 2.0 calls 0
_HOUR = timedelta(hours=1)
_WEEK = 7 * 24  # hours


@dataclass(frozen=True, slots=True)
class Skip:
    """Hours and days without polls, as bits."""

    hours: int = 0
    days: int = 0

    def __contains__(self, moment: datetime) -> bool:
        utc = moment.astimezone(UTC)
        return bool(self.hours >> utc.hour & 1 or self.days >> utc.weekday() & 1)


NO_SKIP = Skip()


def read_skip(hours: Iterable[str], days: Iterable[str]) -> Skip:
    """What these elements ask for; one that leaves no hour or no day free is a mistake and not believed."""
    by_hour = by_day = 0
    for text in hours:
        if text.isascii() and text.isdigit() and len(text) < 3 and int(text) <= _MIDNIGHT:  # noqa: PLR2004 - "23"
            by_hour |= 1 << int(text) % _MIDNIGHT
    for text in days:
        if text.lower() in _DAYS:
            by_day |= 1 << _DAYS.index(text.lower())
    return Skip(0 if by_hour == ALL_HOURS else by_hour, 0 if by_day == ALL_DAYS else by_day)


def end_of_skip(moment: datetime, skip: Skip) -> datetime:
    """``moment``, or the end of the skipped time that it falls in."""
    if moment not in skip:
        return moment
    hour = moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    free = (hour + _HOUR * number for number in range(1, _WEEK + 1))
    return next((start for start in free if start not in skip), moment)
