"""What the admin says of a feed in plain words: how it is, for how long, and when it is visited.

Owns the sentences only; what a state means is ``models/feed.py``'s, and lists are put together beside it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.dates import WEEKDAYS
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, ngettext

from aggregator.models import Feed, FeedState
from aggregator.models.feed import POLLED_STATES

_NOW = timedelta(minutes=1)  # what is nearer needs no figure


def state_words(feed: Feed) -> str:
    """“active”, “failing for 3 days, 7 times in a row”, “resting: …”, “paused, was failing”."""
    if not feed.consecutive_failures:
        return str(feed.get_state_display())
    if feed.state == FeedState.RESTING and feed.failing_since is not None:
        return gettext("resting: failing for %(time)s, tried once a day") % {
            "time": timesince(feed.failing_since, depth=1)
        }
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


def left_alone_words(until: datetime | None) -> str:
    """“its server refused two feeds and is left alone for 10 minutes”; empty when it is not."""
    if until is None:
        return ""
    left = timeuntil(until, depth=1)
    return gettext("its server refused several feeds and is left alone for %(time)s") % {"time": left}


def asked_words(feed: Feed) -> str:
    """“60 minutes between polls; no polls at 0, 1, 2 o'clock (UTC); no polls on Sunday”; empty when it asks nothing."""
    told = []
    if feed.ttl:
        minutes = round(feed.ttl / 60)
        told.append(ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes})
        told[0] = gettext("%(time)s between polls") % {"time": told[0]}
    if hours := [str(hour) for hour in range(24) if feed.skip_hours >> hour & 1]:
        told.append(gettext("no polls at %(hours)s o'clock (UTC)") % {"hours": ", ".join(hours)})
    if days := [str(WEEKDAYS[day]) for day in range(7) if feed.skip_days >> day & 1]:
        told.append(gettext("no polls on %(days)s") % {"days": ", ".join(days)})
    return "; ".join(told)
