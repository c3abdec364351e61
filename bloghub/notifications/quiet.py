"""Quiet hours: when a mail may go out, on the clock of whom it is for. Plain functions; no database.

Hours are local: ``from`` 22:00 ``until`` 07:00 is a night, also in the two nights a year when clocks change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From ``start`` (inclusive) until ``end`` (exclusive), every day, in ``zone``. Equal or missing times: none."""

    start: time | None
    end: time | None
    zone: ZoneInfo

    def after(self, moment: datetime) -> datetime:
        """``moment`` itself, or the end of the quiet hours it falls in (aware)."""
        if self.start is None or self.end is None:
            return moment
        local = moment.astimezone(self.zone)
        clock, day = local.time(), local.date()
        if self.start <= self.end:
            quiet = self.start <= clock < self.end
        else:  # through midnight
            quiet = clock >= self.start or clock < self.end
            if clock >= self.start:
                day += timedelta(days=1)
        if not quiet:
            return moment
        # Never earlier than asked for, even when the clock is put back over the end
        return max(moment, datetime.combine(day, self.end, self.zone).astimezone(UTC))
