"""What hubs have promised: from the poll that finds a hub, over its own word that it agrees, to what it tells.

The only writer of ``WebSubLease``. A promise is good for ten days at most and is asked for again before its end. Polls
go on beside it, more slowly: one that finds a post of which the hub has not told ends its credit until it tells again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from hashlib import blake2b

from django.db import transaction

from aggregator.models import Feed, LeaseState, WebSubLease
from aggregator.models.websub import WebSubLeaseQuerySet
from aggregator.polling.types import ParsedFeed

LONGEST = timedelta(days=10)  # what we ask for and the most we believe, whatever a hub says
UNSAID = timedelta(days=1)  # for a hub that names no end, against the specification
SOONEST_RENEWAL = timedelta(minutes=10)  # a hub that promises less is not asked more often
RENEWED_AFTER = 0.8  # of its time: two days of ten are left for trying again
FIRST_RETRY, LONGEST_RETRY = timedelta(minutes=15), timedelta(days=7)
VERIFIED_WITHIN = timedelta(days=1)  # hubs may ask publishers first
A_TICK, OF_ONE_HUB = 100, 20  # requests to hubs a minute: a thousand feeds may name the same one on the same day
REMEMBERED = 20  # pushes of a feed that cannot be played again
_REASON = 500  # characters of a hub's own words


def meet(polled: Iterable[tuple[Feed, ParsedFeed, bool]], now: datetime) -> None:
    """Brings the leases of these feeds in line with what their documents name; in the poll's own transaction.

    Each comes with its row as it was before the poll, read with ``websub_lease``, and whether the poll found new posts.
    """
    for feed, parsed, has_news in sorted(polled, key=lambda one: one[0].pk):
        lease: WebSubLease | None = getattr(feed, "websub_lease", None)
        topic = parsed.topic_url or feed.url
        if lease is None:
            if parsed.hub_url:
                WebSubLease.objects.create(feed=feed, hub_url=parsed.hub_url, topic_url=topic, ask_at=now)
        elif not parsed.hub_url:
            lease.delete()  # its hub hears that the callback is gone when it comes to it
        elif (lease.hub_url, lease.topic_url) != (parsed.hub_url, topic):
            _begin_anew(lease, parsed.hub_url, topic, now)
        elif has_news and lease.is_active(now) and not _told_since(lease, feed.last_polled_at):
            WebSubLease.objects.filter(pk=lease.pk).update(missed_at=now)


def _begin_anew(lease: WebSubLease, hub_url: str, topic_url: str, now: datetime) -> None:
    lease.delete()
    WebSubLease.objects.create(feed_id=lease.feed_id, hub_url=hub_url, topic_url=topic_url, ask_at=now)


def _told_since(lease: WebSubLease, moment: datetime | None) -> bool:
    return lease.last_push_at is not None and (moment is None or lease.last_push_at >= moment)


# --- asking ------------------------------------------------------------------------------------------------------


def take_to_ask(now: datetime) -> list[WebSubLease]:
    """The leases to ask hubs for now, noted as asked for: a request that is lost is made again later."""
    with transaction.atomic():
        due = WebSubLease.objects.to_ask(now).select_related("feed").select_for_update(skip_locked=True, of=("self",))
        turns: Counter[str] = Counter()
        chosen: list[WebSubLease] = []
        for lease in due[: A_TICK * 10]:
            turns[lease.hub_host] += 1
            if turns[lease.hub_host] <= OF_ONE_HUB and len(chosen) < A_TICK:
                chosen.append(lease)
        for lease in sorted(chosen, key=lambda one: one.pk):
            _note_asked(lease, now)
    return chosen


def _note_asked(lease: WebSubLease, now: datetime) -> None:
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(lease.failures, 20))
    WebSubLease.objects.filter(pk=lease.pk).update(
        state=LeaseState.ACTIVE if lease.is_active(now) else LeaseState.ASKED,
        asked_at=now,
        ask_at=now + wait,
        failures=min(lease.failures + 1, 30_000),
        last_error="",
    )


def refused(lease: WebSubLease, reason: str, *, for_good: bool) -> None:
    """The hub did not take our request; a lease that runs goes on. ``for_good``: asking again will hardly help."""
    rows = WebSubLease.objects.filter(pk=lease.pk)
    rows.update(last_error=reason[:_REASON])
    if for_good:
        rows.filter(state=LeaseState.ASKED).update(state=LeaseState.REFUSED)


# --- what hubs say -----------------------------------------------------------------------------------------------


def verify(key: str, said: Mapping[str, str], now: datetime) -> str | None:
    """The answer to a hub that comes to see whether we meant it (section 5.3); None when we did not."""
    mode, topic = said.get("hub.mode", ""), said.get("hub.topic", "")
    lease = WebSubLease.objects.filter(key=key, topic_url=topic)
    if mode == "subscribe" and said.get("hub.challenge"):
        return said["hub.challenge"] if _confirm(lease.filter(asked_at__gt=now - VERIFIED_WITHIN), said, now) else None
    if mode == "denied":
        reason = "".join(filter(str.isprintable, said.get("hub.reason", "")))[:_REASON]
        denied = lease.update(
            state=LeaseState.REFUSED, asked_at=None, expires_at=None, ask_at=now + LONGEST_RETRY, last_error=reason
        )
        return "" if denied else None
    return None


def _confirm(lease: WebSubLeaseQuerySet, said: Mapping[str, str], now: datetime) -> int:
    """A hub may come twice when our answer was lost on its way."""
    seconds = said.get("hub.lease_seconds", "")
    stated = timedelta(seconds=int(seconds[:9])) if seconds.isascii() and seconds.isdigit() else UNSAID
    term = min(stated, LONGEST)
    return lease.update(
        state=LeaseState.ACTIVE,
        expires_at=now + term,
        ask_at=now + max(SOONEST_RENEWAL, term * RENEWED_AFTER),
        failures=0,
        last_error="",
    )


def receive(lease: WebSubLease, body: bytes, now: datetime) -> bool:
    """Notes a push whose signature was good; whether it is one that has not been here before."""
    digest = blake2b(body, digest_size=16).hexdigest()
    if digest in lease.recent:
        return False
    recent = [digest, *lease.recent][:REMEMBERED]
    WebSubLease.objects.filter(pk=lease.pk).update(last_push_at=now, missed_at=None, recent=recent)
    return True
