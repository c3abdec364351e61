"""Beat that goes on when the clock is set back; celery's own would wait until the clock is where it was before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from celery.beat import PersistentScheduler

CLOCKS_DIFFER = timedelta(seconds=10)  # a step back; what is less passes by itself


class SteadyScheduler(PersistentScheduler):
    """Looks before each tick whether something ran "later than now"; if so, it ran now, and the rest follows from that.

    Without state of its own: it heals what an earlier process has left in the schedule's file, too.
    """

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Seconds to the next one."""
        now = self.app.now()
        runs = [(entry, entry.last_run_at) for entry in self.schedule.values()]
        ahead = [entry for entry, last in runs if last is not None and last > now + CLOCKS_DIFFER]
        for entry in ahead:
            entry.last_run_at = now
        if ahead:
            self._heap = None  # holds the times when each is due, by the clock as it was
        return float(super().tick(*args, **kwargs))
