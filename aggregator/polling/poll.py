"""The shell of a poll: fetch, parse under limits, schedule, store. The only module that joins them.

Everything that decides is elsewhere and pure (schedule.py, reconcile.py, clean.py); everything that writes is in
store.py. Whatever our own code fails on stays with its feed: hence one ``except Exception`` here, and one in
courier.py for the network's thread.
"""

from __future__ import annotations

import logging
import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from time import monotonic

from celery.exceptions import SoftTimeLimitExceeded
from django.db import DataError, IntegrityError
from django.utils import timezone

from aggregator.fetching import hub_policy, hub_sender
from aggregator.models import Feed, FeedState, PollHour
from aggregator.models.feed import POLLED_STATES, FeedQuerySet
from aggregator.models.poll_hour import PollSums
from aggregator.moves import follow
from aggregator.polling import hosts
from aggregator.polling.ahead import Ahead
from aggregator.polling.examine import examine, in_trouble
from aggregator.polling.fetch import fetch_many
from aggregator.polling.history import NOT_MODIFIED, SAME
from aggregator.polling.moving import ASKS, Move
from aggregator.polling.sandbox import Parser
from aggregator.polling.store import Finding, Stored, store
from aggregator.polling.types import FeedRequest, FetchedFeed, Trouble, TroubleKind

log = logging.getLogger(__name__)

NOT_TRIED = "not_tried"  # fetch.py had no time left for it: says nothing about the feed
BATCH = 250  # feeds a task: few messages, yet every worker process gets some of a thousand
POLL_SECONDS = 120.0  # a batch's soft limit is 165 s, and its last document may take the parser 40
LONGEST_WAIT = 2.0  # s that a finding waits for others
PULSE = 0.05  # s; then what was parsed meanwhile is taken, though no answer came
DOCUMENTS_A_TRANSACTION = 25  # 500 posts: a fsync is shared, a lock is short

parser = Parser()


@dataclass(frozen=True, slots=True)
class PollOutcome:
    """What one visit brought, for logs, sums and the command line; ``late`` is in seconds, ``state`` and
    ``move`` what it left the feed in."""

    feed_id: int
    url: str
    created: int = 0
    updated: int = 0
    unchanged: bool = False
    refused: bool = False
    trouble: Trouble | None = None
    late: float = 0.0
    state: str = "active"
    move: Move | None = None

    @property
    def has_ended(self) -> bool:
        """Whether it will not be polled again until somebody sees to it."""
        return not self.refused and self.state in (FeedState.GONE, FeedState.QUARANTINED)


def poll_feeds(feed_ids: Sequence[int], token: uuid.UUID) -> list[PollOutcome]:
    """Polls the feeds that are still held under ``token``; each is stored as soon as it is there.

    Safe to run twice: a lease is given back with the write, so a second run finds nothing to do.
    """
    held = Feed.objects.held(token).filter(pk__in=feed_ids).select_related("blog", "websub_lease")
    feeds = {feed.pk: feed for feed in held}
    requests = [
        FeedRequest(pk, feeds[pk].url, feeds[pk].etag, feeds[pk].last_modified) for pk in feed_ids if pk in feeds
    ]
    answers = fetch_many(requests, policy=hub_policy(), sender=hub_sender(), pulse=PULSE)
    ahead = Ahead(lambda answer: _examine(feeds[answer.feed_id], answer))
    deadline = monotonic() + POLL_SECONDS
    with closing(answers), closing(ahead):
        outcomes = list(settle(ahead.findings(map(_tried, answers)), feeds, token, deadline))
    Feed.objects.held(token).filter(pk__in=feed_ids).give_back()  # what there was no time for is due as before
    _count(outcomes)
    return outcomes


def _count(outcomes: Iterable[PollOutcome]) -> None:
    """Once a batch, after everything is stored: within, workers would wait for each other at the hour's row."""
    done = [outcome for outcome in outcomes if not outcome.refused]
    if not done:
        return
    sums = PollSums(
        polls=len(done),
        changed=sum(1 for outcome in done if outcome.created or outcome.updated),
        failed=sum(1 for outcome in done if outcome.trouble is not None),
        posts=sum(outcome.created for outcome in done),
        lag_total=sum(outcome.late for outcome in done),
        lag_most=max(outcome.late for outcome in done),
    )
    PollHour.objects.add(sums, timezone.now())


def poll_now(feeds: FeedQuerySet) -> Iterator[PollOutcome]:
    """Polls these feeds in this process, due or not, whatever their state; those held elsewhere are left alone."""
    remaining = set(feeds.values_list("pk", flat=True))
    while remaining:
        claim = Feed.objects.filter(pk__in=remaining).free(timezone.now()).claim(timezone.now(), limit=BATCH)
        if not claim.feed_ids:
            return
        remaining -= set(claim.feed_ids)
        yield from poll_feeds(claim.feed_ids, claim.token)


def _tried(answers: Iterable[FetchedFeed]) -> list[FetchedFeed]:
    return [answer for answer in answers if answer.trouble is None or answer.trouble.code != NOT_TRIED]


def settle(
    ready: Iterable[Iterable[Finding]], feeds: dict[int, Feed], token: uuid.UUID, deadline: float
) -> Iterator[PollOutcome]:
    """Stores these findings: a bounded number of documents a transaction, and none waits long for others.

    After ``deadline`` (of ``time.monotonic``) the rest is left as it is, for another poll.
    """
    chunk = _Chunk()
    for findings in ready:
        for finding in findings:
            if monotonic() > deadline:
                yield from _write(chunk, feeds, token)
                return
            chunk.add(finding)
            if chunk.is_full:
                yield from _write(chunk, feeds, token)
                chunk = _Chunk()
        if chunk.has_waited:
            yield from _write(chunk, feeds, token)
            chunk = _Chunk()
    yield from _write(chunk, feeds, token)


class _Chunk:
    """Findings that wait for others to be stored with."""

    def __init__(self) -> None:
        self.documents: list[Finding] = []
        self.others: list[Finding] = []
        self._begun = 0.0

    def add(self, finding: Finding) -> None:
        if not self.documents and not self.others:
            self._begun = monotonic()
        (self.others if finding.parsed is None else self.documents).append(finding)

    @property
    def is_full(self) -> bool:
        return len(self.documents) >= DOCUMENTS_A_TRANSACTION

    @property
    def has_waited(self) -> bool:
        return bool(self.documents or self.others) and monotonic() - self._begun > LONGEST_WAIT


def _write(chunk: _Chunk, feeds: dict[int, Feed], token: uuid.UUID) -> Iterator[PollOutcome]:
    """Those without a document apart: their rows are locked in one order, and need not be read."""
    for findings in (chunk.documents, chunk.others):
        by_id = {finding.feed_id: finding for finding in findings}
        for stored in _store_each(findings, feeds, token):
            feed, finding = feeds[stored.feed_id], by_id[stored.feed_id]
            move = finding.move
            if move is not None and move.is_followed and not stored.refused and not follow(feed, move.url):
                finding = replace(finding, move=replace(move, state=ASKS))
            yield _outcome(feed, finding, stored)
        _note_refusals(findings, feeds)


def _note_refusals(findings: Iterable[Finding], feeds: dict[int, Feed]) -> None:
    """Beside the transactions of feeds: all workers write to the few rows of servers."""
    troubled = ((feeds[finding.feed_id], finding.trouble) for finding in findings)
    refused = (
        hosts.Refusal(feed.host, feed.pk, trouble.retry_after)
        for feed, trouble in troubled
        if trouble is not None and trouble.code in hosts.REFUSALS
    )
    hosts.note(hosts.rebuffs(refused), timezone.now())


def _examine(feed: Feed, answer: FetchedFeed) -> Finding:
    """One answer's finding, and how its exchange went."""
    how, now = NOT_MODIFIED if answer.not_modified else SAME, timezone.now()
    late = (now - feed.next_poll_at).total_seconds() - answer.seconds if feed.state in POLLED_STATES else 0.0
    return replace(_judged(feed, answer, now), how=how, seconds=answer.seconds, late=max(0.0, late))


def _judged(feed: Feed, answer: FetchedFeed, now: datetime) -> Finding:
    """Whatever goes wrong with an answer stays with its feed."""
    try:
        return examine(feed, answer, now, chance=random.random(), parse=parser.parse)
    except (MemoryError, SoftTimeLimitExceeded):
        raise  # not this feed's doing
    except Exception:
        log.exception("poll of feed %s failed", feed.pk)
        reason = "BlogHub itself failed on this feed; its log says why."
        return _failed(feed, Trouble(TroubleKind.NOT_A_FEED, "internal", reason))


def _failed(feed: Feed, trouble: Trouble) -> Finding:
    return in_trouble(feed, trouble, timezone.now(), chance=random.random())


def _store_each(findings: Sequence[Finding], feeds: dict[int, Feed], token: uuid.UUID) -> list[Stored]:
    """Stores them together; when the database refuses a value, one by one, so that only its own feed fails."""
    try:
        return store(findings, token, timezone.now())
    except (DataError, IntegrityError, ValueError):
        if len(findings) > 1:
            return [stored for finding in findings for stored in _store_each([finding], feeds, token)]
        [finding] = findings
        log.exception("storing feed %s failed", finding.feed_id)
        trouble = Trouble(TroubleKind.NOT_A_FEED, "not_storable", "A value in this feed cannot be stored.")
        return store([_failed(feeds[finding.feed_id], trouble)], token, timezone.now())


def _outcome(feed: Feed, finding: Finding, stored: Stored) -> PollOutcome:
    return PollOutcome(
        feed.pk,
        feed.url,
        created=stored.created,
        updated=stored.updated,
        unchanged=finding.trouble is None and not stored.created and not stored.updated,
        refused=stored.refused,
        trouble=finding.trouble,
        late=finding.late,
        state=finding.verdict.state,
        move=finding.move,
    )
