"""What an answer means for its feed: troubled, the same as before, or a document to store. Reads rows, writes none.

Owns which of the pure rules is asked (schedule.py, moving.py) and with what; the parser is given by the shell.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from hashlib import blake2b

from aggregator.models import Feed, WebSubLease
from aggregator.polling.identity import credible
from aggregator.polling.moving import Move, Sighting, after_answer
from aggregator.polling.schedule import MINUTE, FeedFacts, Timing, after_success, after_trouble
from aggregator.polling.skipping import Skip
from aggregator.polling.store import Finding, Validators
from aggregator.polling.types import FetchedFeed, ParsedFeed, Trouble

Parse = Callable[..., ParsedFeed | Trouble]


def examine(feed: Feed, answer: FetchedFeed, now: datetime, *, chance: float, parse: Parse) -> Finding:
    """What an answer means for its feed. Nothing is parsed that has not changed."""
    if answer.trouble is not None:
        return in_trouble(feed, answer.trouble, now, chance=chance)
    if answer.not_modified:
        return _well(feed, answer, now, chance, _asking_for_proof(feed, answer))
    validators = Validators(answer.etag, answer.last_modified, blake2b(answer.body, digest_size=16).hexdigest())
    if validators.body_hash == feed.body_hash:
        return _well(feed, answer, now, chance, validators)
    parsed = parse(answer.body, url=answer.url, content_type=answer.content_type)
    if isinstance(parsed, Trouble):
        return in_trouble(feed, parsed, now, chance=chance)
    hub, topic = answer.hub_url or parsed.hub_url, answer.topic_url or parsed.topic_url  # headers first (WebSub, 4)
    return _well(feed, answer, now, chance, validators, replace(parsed, hub_url=hub, topic_url=topic))


def in_trouble(feed: Feed, trouble: Trouble, now: datetime, *, chance: float) -> Finding:
    """A visit that brought nothing, and why."""
    return Finding(feed.pk, after_trouble(facts_of(feed), trouble, now, chance=chance), trouble=trouble)


def _well(
    feed: Feed,
    answer: FetchedFeed,
    now: datetime,
    chance: float,
    validators: Validators | None,
    parsed: ParsedFeed | None = None,
) -> Finding:
    timing = _timing(parsed, now) if parsed else None
    facts = replace(facts_of(feed), is_pushed=_is_pushed(feed, now))
    verdict = after_success(facts, now, chance=chance, timing=timing, max_age=answer.max_age)
    sighting = Sighting(
        answer.permanent_url,
        has_document=not answer.not_modified,
        has_new_title=bool(parsed and feed.title and parsed.title != feed.title),
    )
    return Finding(feed.pk, verdict, validators, parsed, move=after_answer(move_of(feed), feed.url, sighting))


def _is_pushed(feed: Feed, now: datetime) -> bool:
    lease: WebSubLease | None = getattr(feed, "websub_lease", None)
    return lease is not None and lease.is_trusted(now)


def _asking_for_proof(feed: Feed, answer: FetchedFeed) -> Validators | None:
    """None, so that the known ones stay; but of a new address a document is wanted before its 304 is believed."""
    sent_on = answer.permanent_url not in ("", feed.url)
    proven = feed.moved_url == answer.permanent_url and feed.moved_times > 0
    return Validators("", "", feed.body_hash) if sent_on and not proven else None


def _timing(parsed: ParsedFeed, now: datetime) -> Timing:
    stated = (credible(post.published_at or post.updated_at, now) for post in parsed.posts)
    published = [moment for moment in stated if moment is not None]
    return Timing(published, (parsed.ttl or 0) * MINUTE, Skip(parsed.skip_hours, parsed.skip_days))


def facts_of(feed: Feed) -> FeedFacts:
    """The part of the row that the schedule asks about."""
    return FeedFacts(
        state=feed.state,
        interval=feed.interval,
        attempts=feed.attempts,
        consecutive_failures=feed.consecutive_failures,
        failing_since=feed.failing_since,
        last_post_at=feed.blog.last_post_at,
        ttl=feed.ttl,
        skip=Skip(feed.skip_hours, feed.skip_days),
    )


def move_of(feed: Feed) -> Move:
    """What is known of where the feed has moved."""
    return Move(feed.moved_url, feed.moved_times, feed.moved_state)
