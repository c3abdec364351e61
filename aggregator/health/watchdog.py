"""Whether polling goes on at all, seen from the rows: not whether a process is up, but whether feeds are visited.

Owns the two questions that find every silent stall (a worker that takes no tasks, a beat that is gone, a way out that
is closed), and the sentences of the banner.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Q
from django.utils.timesince import timesince
from django.utils.translation import gettext

from aggregator.models import Feed
from aggregator.models.feed import POLLED_STATES

UNCLAIMED_FOR = timedelta(minutes=3)  # beat claims every ten seconds; a restart or an upgrade takes a minute or two
NOTHING_GOOD_FOR = timedelta(minutes=15)
TRIED = 5  # feeds: fewer may all fail by chance


@dataclass(frozen=True, slots=True)
class Watch:
    """``oldest_due`` is since when the feed that waits longest is due with nobody at it, ``newest_good`` the latest
    good answer of any feed, ``failed_lately`` how many feeds were asked in the last quarter of an hour and failed."""

    now: datetime
    oldest_due: datetime | None
    newest_good: datetime | None
    failed_lately: int

    @property
    def oldest_due_seconds(self) -> float:
        """How long the feed that waits longest has waited."""
        return max(0.0, (self.now - self.oldest_due).total_seconds()) if self.oldest_due else 0.0

    @property
    def newest_good_seconds(self) -> float | None:
        """How long ago anything answered well; None when nothing ever has."""
        return (self.now - self.newest_good).total_seconds() if self.newest_good else None

    @property
    def nobody_polls(self) -> bool:
        """Feeds are due and nobody takes them."""
        return self.oldest_due is not None and self.now - self.oldest_due > UNCLAIMED_FOR

    @property
    def nothing_answers(self) -> bool:
        """Feeds are asked, and not one of them answers."""
        silent = self.newest_good is None or self.now - self.newest_good > NOTHING_GOOD_FOR
        return silent and self.failed_lately >= TRIED

    @property
    def stands_still(self) -> bool:
        return self.nobody_polls or self.nothing_answers

    def warning(self) -> str:
        """What is wrong and where to look, for the banner; empty when polling goes on."""
        if self.nobody_polls and self.oldest_due is not None:
            told = gettext(
                "Polling stands still: a feed has been due for %(time)s and no worker takes it. "
                "Do the worker and beat processes run, and does Redis answer (/healthz)?"
            )
            return told % {"time": timesince(self.oldest_due, self.now, depth=1)}
        if self.nothing_answers and self.newest_good is None:
            return gettext("No feed has ever answered. May the hub's machine reach the blogs' servers?")
        if self.nothing_answers and self.newest_good is not None:
            told = gettext(
                "No feed has answered for %(time)s, though many were asked. "
                "Is the way out of the hub's machine open (firewall, proxy, name server)?"
            )
            return told % {"time": timesince(self.newest_good, self.now, depth=1)}
        return ""


def watch(now: datetime) -> Watch:
    """How polling goes right now, in two queries."""
    waiting = Feed.objects.due(now).order_by("next_poll_at", "pk").values_list("next_poll_at", flat=True).first()
    lately = Q(state__in=POLLED_STATES, consecutive_failures__gt=0, last_polled_at__gt=now - NOTHING_GOOD_FOR)
    seen = Feed.objects.aggregate(good=Max("last_good_at"), failed=Count("pk", filter=lately))
    return Watch(now, waiting, seen["good"], seen["failed"])
