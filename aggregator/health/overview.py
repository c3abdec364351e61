"""The state of all feeds at one moment: what a human must look at first, and the numbers behind it.

The health page, ``/metrics`` and the weekly summary are made of this and of nothing else, so they agree. A fixed number
of queries, however many feeds there are.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import connection
from django.db.models import Case, CharField, Count, F, Q, Value, When, Window
from django.db.models.functions import RowNumber

from aggregator.health.watchdog import Watch, watch
from aggregator.models import Feed, FeedState, Host, LeaseState, MoveState, PollHour, WebSubLease
from aggregator.models.feed import POLLED_STATES
from aggregator.polling.moving import SIGHTINGS

SHOWN = 15  # of each kind; the feed list has them all
HOURS = 48  # of the charts
LONG = timedelta(hours=24)  # then it is more than a hiccup: its owners are told, too
READ_WITHIN = timedelta(days=30)
OTHERS_SHOWN = 20  # hosts, and leases

POLLED = Q(state__in=POLLED_STATES)
FAILING = POLLED & Q(consecutive_failures__gt=0)
ASKS_TO_MOVE = POLLED & Q(moved_state=MoveState.ASKS, moved_times__gte=SIGHTINGS)

# Those who had a post of these feeds before their eyes; the feeds are few, and each post's readings stand in its index
_READERS = """
    SELECT post.feed_id, count(DISTINCT reading.person_id)
      FROM aggregator_post AS post JOIN aggregator_reading AS reading ON reading.post_id = post.id
     WHERE post.feed_id = ANY(%s) AND reading.read_at >= %s
     GROUP BY post.feed_id
"""


class Need(StrEnum):
    """Why a feed is on the page, the most urgent first."""

    MOVED = "moved"  # an admin's decision, one click
    QUARANTINED = "quarantined"
    GONE = "gone"
    LONG = "failing"  # for over a day
    RESTING = "resting"
    NEW = "hiccup"  # failing since less than a day: most of them recover by themselves


@dataclass(frozen=True, slots=True)
class Ill:
    """One feed on the page, and how many people read it lately."""

    feed: Feed
    need: Need
    readers: int = 0


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything there is to say. ``needs`` counts the feeds by need, ``ill`` shows some of each, ``hours`` has the
    latest hours without gaps, oldest first, ``reasons`` the failing feeds by code, most first."""

    now: datetime
    watch: Watch
    states: dict[str, int]
    due: int
    needs: dict[Need, int]
    ill: list[Ill]
    reasons: list[tuple[str, int]]
    hours: list[PollHour]
    slow_hosts: list[Host]
    slow_host_count: int
    refused_leases: list[WebSubLease]
    refused_lease_count: int
    active_lease_count: int

    @property
    def total(self) -> int:
        return sum(self.states.values())

    @property
    def in_need(self) -> int:
        """Feeds that will not recover without somebody."""
        return sum(count for need, count in self.needs.items() if need not in (Need.NEW, Need.RESTING))

    def of(self, need: Need) -> list[Ill]:
        """Those shown, with most readers first: whom it concerns decides what is urgent."""
        shown = [one for one in self.ill if one.need == need]
        return sorted(shown, key=lambda one: -one.readers)  # else longest ill first, as they came


def overview(now: datetime, *, shown: int = SHOWN) -> Overview:
    """The state of all feeds at ``now``, with so many of each need; with 0 the numbers alone."""
    states = dict(Feed.objects.order_by().values_list("state").annotate(Count("pk")))
    due = Feed.objects.due(now).count()
    slow = Host.objects.filter(slow_until__gt=now)
    leases = dict(WebSubLease.objects.order_by().values_list("state").annotate(Count("pk")))
    refused = WebSubLease.objects.filter(state=LeaseState.REFUSED).select_related("feed__blog")
    needs = _needs(now)
    return Overview(
        now=now,
        watch=watch(now),
        states=dict.fromkeys(FeedState.values, 0) | states,
        due=due,
        needs=needs,
        ill=_ill(now, shown) if shown and any(needs.values()) else [],
        reasons=_reasons(),
        hours=hours(now),
        slow_hosts=list(slow.order_by("-slow_until", "name")[:OTHERS_SHOWN]) if shown else [],
        slow_host_count=slow.count(),
        refused_leases=list(refused.order_by("pk")[:OTHERS_SHOWN]) if shown else [],
        refused_lease_count=leases.get(LeaseState.REFUSED, 0),
        active_lease_count=leases.get(LeaseState.ACTIVE, 0),
    )


def _need(now: datetime) -> Case:
    """The need of a feed, in the order of urgency; NULL for those that are well."""
    return Case(
        When(ASKS_TO_MOVE, then=Value(Need.MOVED.value)),
        When(state=FeedState.QUARANTINED, then=Value(Need.QUARANTINED.value)),
        When(state=FeedState.GONE, then=Value(Need.GONE.value)),
        When(state=FeedState.RESTING, then=Value(Need.RESTING.value)),
        When(FAILING & Q(failing_since__lte=now - LONG), then=Value(Need.LONG.value)),
        When(FAILING, then=Value(Need.NEW.value)),
        default=Value(None),
        output_field=CharField(),
    )


def _needs(now: datetime) -> dict[Need, int]:
    found = Feed.objects.order_by().annotate(need=_need(now)).exclude(need=None).values_list("need")
    counts = dict(found.annotate(Count("pk")))
    return {need: counts.get(need.value, 0) for need in Need}


def _ill(now: datetime, shown: int) -> list[Ill]:
    """Some of each need, longest ill first, with their readers: two queries."""
    order = [F("failing_since").asc(nulls_last=True), F("pk").asc()]
    place = Window(RowNumber(), partition_by=F("need"), order_by=order)
    ranked = Feed.objects.annotate(need=_need(now)).exclude(need=None).annotate(place=place)
    feeds = list(ranked.filter(place__lte=shown).select_related("blog").defer("notes", "history").order_by(*order))
    readers = readers_of([feed.pk for feed in feeds], now)
    return [Ill(feed, Need(getattr(feed, "need")), readers.get(feed.pk, 0)) for feed in feeds]  # noqa: B009 - annotated


def readers_of(feed_ids: Iterable[int], now: datetime) -> dict[int, int]:
    """How many people read posts of each of these feeds within the last month; who has none is left out."""
    with connection.cursor() as cursor:
        cursor.execute(_READERS, [sorted(feed_ids), now - READ_WITHIN])
        return dict(cursor.fetchall())


def _reasons() -> list[tuple[str, int]]:
    troubled = Feed.objects.filter(FAILING | Q(state__in=[FeedState.QUARANTINED, FeedState.GONE]))
    counted = troubled.order_by().values_list("last_error_code").annotate(n=Count("pk"))
    return sorted(counted, key=lambda pair: (-pair[1], pair[0]))


def hours(now: datetime) -> list[PollHour]:
    """The last hours, one of each, oldest first; an hour without polls is a row of zeros."""
    newest = now.replace(minute=0, second=0, microsecond=0)
    wanted = [newest - timedelta(hours=back) for back in reversed(range(HOURS))]
    known = {row.hour: row for row in PollHour.objects.filter(hour__gte=wanted[0])}
    return [known.get(hour) or PollHour(hour=hour) for hour in wanted]
