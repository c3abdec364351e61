"""Taking pushes and answering them with polls: at once, but one a minute for a feed and thirty for a host.

The limits are columns, so that all web processes agree, and a burst is one row that is written once. A push while its
feed is being polled stays open: the poll may have read the feed before the post was there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from aggregator.models import Feed, Host, Push, PushWay
from aggregator.models.feed import POLLED_STATES, Claim

PAUSE = timedelta(minutes=1)  # between two polls of a feed for pushes: engines push for every saved draft
ILL_PAUSE = timedelta(minutes=5)  # a feed that fails is tried again, as often as after its first failure
HOST_MINUTE = 30  # polls of one host's feeds for pushes in a minute: anybody may ping for all of its blogs
AT_ONCE = 250
ASKED_TO_WAIT = ("http_429", "http_503")  # then not before it said


def push(feed_ids: Iterable[int], way: PushWay, now: datetime) -> bool:
    """Notes that these feeds have something new; whether that is news. Those that are not polled stay so."""
    wanted = set(Feed.objects.filter(pk__in=list(feed_ids), state__in=POLLED_STATES).values_list("pk", flat=True))
    wanted -= set(Push.objects.filter(feed__in=wanted, is_open=True).values_list("feed_id", flat=True))
    rows = [Push(feed_id=pk, way=way, pushed_at=now, is_open=True) for pk in sorted(wanted)]
    columns = ["way", "pushed_at", "is_open"]
    Push.objects.bulk_create(rows, update_conflicts=True, unique_fields=["feed"], update_fields=columns)
    return bool(rows)


def answer(now: datetime, *, ill: bool) -> Claim:
    """Takes a lease on the feeds of open pushes whose time has come: those that are well, or those that fail.

    Whoever gets the claim polls it, or lets it go: the feeds are due either way. Safe with others at the same time.
    """
    with transaction.atomic():
        spent = _spent(now)
        tired = [host for host, polls in spent.items() if polls >= HOST_MINUTE]  # theirs would keep others out
        ready = _open(now, ill=ill).exclude(feed__host__in=tired)
        locked = ready.select_for_update(skip_locked=True, of=("self",)).order_by("pushed_at", "pk")
        rows = list(locked.values_list("feed_id", "feed__host")[:AT_ONCE])
        claim = Feed.objects.filter(pk__in=_within_limits(rows, spent)).free(now).claim(now, limit=AT_ONCE)
        Feed.objects.filter(pk__in=claim.feed_ids).update(next_poll_at=now)
        Push.objects.filter(feed__in=claim.feed_ids).update(is_open=False, answered_at=now)
    return claim


def _open(now: datetime, *, ill: bool) -> QuerySet[Push]:
    rested = Q(answered_at=None) | Q(answered_at__lte=now - PAUSE)
    told_to_wait = Q(feed__last_error_code__in=ASKED_TO_WAIT, feed__next_poll_at__gt=now)
    slowed = Exists(Host.objects.filter(name=OuterRef("feed__host"), slow_until__gt=now))
    pushes = Push.objects.filter(rested, is_open=True, feed__state__in=POLLED_STATES).exclude(told_to_wait | slowed)
    if not ill:
        return pushes.filter(feed__consecutive_failures=0)
    tired = Q(feed__last_polled_at=None) | Q(feed__last_polled_at__lte=now - ILL_PAUSE)
    return pushes.filter(tired, feed__consecutive_failures__gt=0)


def _spent(now: datetime) -> Counter[str]:
    """How many polls for pushes each host has had within the minute."""
    lately = Push.objects.filter(answered_at__gt=now - PAUSE).values_list("feed__host").annotate(n=Count("pk"))
    return Counter(dict(lately))


def _within_limits(rows: Iterable[tuple[int, str]], spent: Counter[str]) -> list[int]:
    """The ids of those whose host has not had its share of this minute; the others' pushes stay open."""
    chosen = []
    for pk, host in rows:
        if spent[host] < HOST_MINUTE:
            spent[host] += 1
            chosen.append(pk)
    return chosen
