"""Writes what a poll found, in one transaction a batch of feeds: the feeds here, their posts in posting.py.

Rows are written in a fixed order (feeds, posts, tags, blogs; each by its key), or two workers would deadlock; a feed
whose lease has passed to somebody else is left alone (fencing token). Decides nothing: see reconcile.py, homes.py,
schedule.py.

Of two workers that bring the same new post from two feeds at once, the database lets one store it (Post.page); the
other begins anew and finds it there.
"""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from aggregator.appearances import audience_changed
from aggregator.locks import holding
from aggregator.models import Feed
from aggregator.polling.history import CHANGED, KEPT, SAME, Visit, pack
from aggregator.polling.moving import STAYS, Move
from aggregator.polling.posting import write_posts
from aggregator.polling.recall import Outdated, batch_of, intents_of
from aggregator.polling.schedule import Verdict
from aggregator.polling.types import ParsedFeed, Trouble
from aggregator.pushing import leases
from bloghub.lib.bulk import execute

ATTEMPTS = 5  # to store posts that others are storing at this moment
PAGE_ONCE = "post_page_once"


@dataclass(frozen=True, slots=True)
class Validators:
    """What the next conditional request will send, and the hash that finds an unchanged body without them."""

    etag: str
    last_modified: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One feed's poll, ready to be stored: a document, a trouble, or neither when nothing has changed.

    ``how`` is the word of history.py for an answer without trouble and without a document, ``seconds`` what the
    exchange took, ``late`` how many seconds after its time it began; ``move`` is None when the poll does not tell.
    """

    feed_id: int
    verdict: Verdict
    validators: Validators | None = None
    parsed: ParsedFeed | None = None
    trouble: Trouble | None = None
    how: str = SAME
    seconds: float = 0.0
    late: float = 0.0
    move: Move | None = None

    @property
    def outcome(self) -> str:
        """The word of history.py for it."""
        if self.trouble is not None:
            return self.trouble.code
        return CHANGED if self.parsed is not None else self.how


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one finding. ``refused``: the lease had passed on, nothing was written."""

    feed_id: int
    created: int = 0
    updated: int = 0
    refused: bool = False


def store(findings: Sequence[Finding], token: uuid.UUID, now: datetime) -> list[Stored]:
    """Stores these findings under one lease token, all or none; safe to repeat."""
    if not findings:
        return []
    if all(finding.parsed is None for finding in findings):
        with transaction.atomic():
            held = _write_feeds(findings, token, now, changed={})
        return [Stored(finding.feed_id, refused=finding.feed_id not in held) for finding in findings]
    for is_last in (attempt == ATTEMPTS for attempt in itertools.count(1)):
        try:
            return holding((), partial(_store_documents, findings, token, now))
        except IntegrityError as error:
            if is_last or PAGE_ONCE not in str(error):
                raise
        except Outdated as outdated:
            audience_changed(outdated.blog_ids, token)
    raise AssertionError("unreachable")


def _store_documents(
    findings: Sequence[Finding], token: uuid.UUID, now: datetime, others: frozenset[int]
) -> list[Stored]:
    """``others`` are feeds whose posts these findings bring, too; they are locked with ours."""
    ids = sorted(finding.feed_id for finding in findings)
    locked = Feed.objects.filter(Q(lease_token=token, pk__in=ids) | Q(pk__in=others))
    locked = locked.select_related("blog", "websub_lease")
    found = {feed.pk: feed for feed in locked.order_by("pk").select_for_update(of=("self",))}
    feeds = {pk: feed for pk, feed in found.items() if pk in ids and feed.lease_token == token}
    documents = {
        finding.feed_id: finding.parsed.posts
        for finding in findings
        if finding.parsed is not None and finding.feed_id in feeds
    }
    intents = intents_of(documents, feeds, now)
    batch = batch_of(intents, documents, feeds, found.keys(), now)
    write_posts(batch, now)
    created, updated, joined = batch.brought()
    _write_feeds(findings, token, now, changed={pk: created[pk] for pk in created | updated | joined})
    named = ((feeds.get(finding.feed_id), finding.parsed) for finding in findings)
    leases.meet(((feed, parsed, created[feed.pk] > 0) for feed, parsed in named if feed and parsed), now)
    return [
        Stored(pk, created[pk], updated[pk]) if pk in intents else Stored(pk, refused=pk not in feeds)
        for pk in (finding.feed_id for finding in findings)
    ]


def _write_feeds(
    findings: Sequence[Finding], token: uuid.UUID, now: datetime, *, changed: Mapping[int, int]
) -> set[int]:
    """Gives the leases back with the verdicts, in one statement for all; returns the ids that were still held.

    ``changed`` holds the feeds with new or edited posts, and how many are new. The statement locks the rows by
    itself before it writes: an UPDATE takes them as they lie in the table, whatever the order of its VALUES.
    """
    in_order = sorted(findings, key=lambda finding: finding.feed_id)
    rows = [(*_feed_row(finding, now, changed), str(token)) for finding in in_order]
    held = execute(
        f"""
        WITH new (
               id, state, interval, attempts, failures, failing_since, ttl, skip_hours, skip_days, next_poll_at,
               polled_at, changed_at, etag, last_modified, body_hash, format, title, notes,
               moved_url, moved_times, moved_state, error, error_kind, error_code, error_hint,
               visit, token) AS (VALUES %s),
             held AS (
               SELECT feed.id FROM aggregator_feed AS feed JOIN new ON new.id = feed.id
                WHERE feed.lease_token = new.token::uuid ORDER BY feed.id FOR NO KEY UPDATE OF feed)
        UPDATE aggregator_feed AS feed
           SET lease_until = NULL, lease_token = NULL,
               state = new.state, interval = new.interval, attempts = new.attempts,
               consecutive_failures = new.failures, failing_since = new.failing_since::timestamptz,
               ttl = new.ttl, skip_hours = new.skip_hours, skip_days = new.skip_days,
               next_poll_at = new.next_poll_at, last_polled_at = new.polled_at,
               last_changed_at = coalesce(new.changed_at::timestamptz, feed.last_changed_at),
               last_good_at = CASE WHEN new.error_code = '' THEN new.polled_at ELSE feed.last_good_at END,
               history = (feed.history || new.visit)[cardinality(feed.history) + 2 - {KEPT}:],
               etag = coalesce(new.etag, feed.etag),
               last_modified = coalesce(new.last_modified, feed.last_modified),
               body_hash = coalesce(new.body_hash, feed.body_hash),
               format = coalesce(new.format, feed.format), title = coalesce(new.title, feed.title),
               notes = coalesce(new.notes, feed.notes),
               moved_url = coalesce(new.moved_url, feed.moved_url),
               moved_times = coalesce(new.moved_times::integer, feed.moved_times),
               moved_state = CASE  -- what an admin decided while this poll was under way stands
                   WHEN feed.moved_state = '{STAYS}' AND feed.moved_url = new.moved_url THEN '{STAYS}'
                   ELSE coalesce(new.moved_state, feed.moved_state) END,
               last_error = new.error, last_error_kind = new.error_kind,
               last_error_code = new.error_code, last_error_hint = new.error_hint
          FROM new JOIN held ON held.id = new.id
         WHERE feed.id = new.id AND feed.lease_token = new.token::uuid
        RETURNING feed.id
        """,  # noqa: S608 - what is put in are constants of ours
        rows,
    )
    return {row[0] for row in held}


def _feed_row(finding: Finding, now: datetime, changed: Mapping[int, int]) -> tuple[Any, ...]:
    """One row of VALUES for ``_write_feeds``; None keeps what is stored."""
    verdict, trouble, parsed, validators = finding.verdict, finding.trouble, finding.parsed, finding.validators
    move = finding.move
    return (
        finding.feed_id,
        verdict.state,
        verdict.interval,
        verdict.attempts,
        verdict.consecutive_failures,
        verdict.failing_since,
        verdict.ttl,
        verdict.skip.hours,
        verdict.skip.days,
        verdict.next_poll_at,
        now,
        now if finding.feed_id in changed else None,
        *(
            (validators.etag[:1000], validators.last_modified[:200], validators.body_hash)
            if validators
            else (None,) * 3
        ),
        *((parsed.format, parsed.title, "\n".join(parsed.notes)) if parsed else (None,) * 3),
        *((move.url, move.times, move.state) if move else (None,) * 3),
        *((trouble.reason, trouble.kind.value, trouble.code, trouble.hint) if trouble else ("",) * 4),
        pack(Visit(now, finding.outcome, finding.seconds, changed.get(finding.feed_id, 0))),
    )
