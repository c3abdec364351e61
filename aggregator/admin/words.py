"""What the admin says of a feed in plain words: how it is, for how long, and when it is visited.

Owns the sentences only; what a state means is ``models/feed.py``'s, and lists are put together beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, ngettext

from aggregator.models import Feed
from aggregator.models.feed import POLLED_STATES

_NOW = timedelta(minutes=1)  # what is nearer needs no figure


def state_words(feed: Feed) -> str:
    """“active”, “failing for 3 days, 7 times in a row”, “paused, was failing”."""
    if not feed.consecutive_failures:
        return str(feed.get_state_display())
    if feed.state not in POLLED_STATES:
        return gettext("%(state)s, was failing") % {"state": feed.get_state_display()}
    failing = gettext("failing")
    if feed.failing_since is not None and timezone.now() - feed.failing_since >= _NOW:
        failing = gettext("failing for %(time)s") % {"time": timesince(feed.failing_since, depth=1)}
    count = feed.consecutive_failures
    times = ngettext("%(count)d time", "%(count)d times in a row", count) % {"count": count}
    return f"{failing}, {times}"


def ago_words(moment: datetime | None) -> str:
    """“never”, “just now”, “5 minutes ago”."""
    if moment is None:
        return gettext("never")
    if timezone.now() - moment < _NOW:
        return gettext("just now")
    return gettext("%(time)s ago") % {"time": timesince(moment, depth=1)}


def next_words(feed: Feed) -> str:
    """“now”, “in 25 minutes”, “in a moment”; empty for a feed that is not polled."""
    if feed.state not in POLLED_STATES:
        return ""
    left = feed.next_poll_at - timezone.now()
    if left <= timedelta(0):
        return gettext("now")
    return (
        gettext("in a moment")
        if left < _NOW
        else gettext("in %(time)s") % {"time": timeuntil(feed.next_poll_at, depth=1)}
    )
