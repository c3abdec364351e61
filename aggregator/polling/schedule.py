"""When to visit a feed again, and what state its last visit leaves it in. Pure: takes ``now`` and ``chance``.

Every number is a named constant with its reason. ``chance`` is a number in [0, 1) that spreads feeds over time; the
shell draws it, the tests choose it.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from statistics import median

from aggregator.polling.types import Trouble

MINUTE, HOUR, DAY = 60, 3600, 86_400  # s

FIRST_INTERVAL = 30 * MINUTE  # a feed with fewer than two dated posts tells nothing yet
SHORTEST = 5 * MINUTE  # a company's server carries hundreds of blogs
LONGEST = 2 * HOUR  # a colleague's post should be here before it is stale
GAPS_LOOKED_AT = 10  # posts; older habits say little about today's
QUIET_AFTER, QUIET_INTERVAL = timedelta(days=30), 4 * HOUR
SILENT_AFTER, SILENT_INTERVAL = timedelta(days=180), 12 * HOUR
LONGEST_HINT = 24 * HOUR  # a server may ask for patience, not for being forgotten
JITTER = 0.10  # so that feeds registered together never march in step

FIRST_RETRY = 5 * MINUTE
LONGEST_RETRY = 24 * HOUR
PARSER_DEATHS = 3  # of its own; then a feed is quarantined and shown
HTTP_GONE = "http_410"


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What the schedule knows of a feed: a part of its row. ``interval`` in seconds, without jitter."""

    state: str = "active"
    interval: int = FIRST_INTERVAL
    attempts: int = 0
    consecutive_failures: int = 0
    failing_since: datetime | None = None
    last_post_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a visit changes in the feed's row."""

    state: str
    interval: int
    attempts: int
    consecutive_failures: int
    failing_since: datetime | None
    next_poll_at: datetime


def rhythm(published: Sequence[datetime]) -> int:
    """Seconds between visits that suit these posts: half the median gap of the last ten, within bounds."""
    latest = sorted(published, reverse=True)[:GAPS_LOOKED_AT]
    gaps = [(newer - older).total_seconds() for newer, older in itertools.pairwise(latest)]
    if not gaps:
        return FIRST_INTERVAL
    return int(min(LONGEST, max(SHORTEST, median(gaps) / 2)))


def after_success(
    facts: FeedFacts,
    now: datetime,
    *,
    chance: float,
    published: Sequence[datetime] = (),
    hint: int | None = None,
) -> Verdict:
    """The verdict on a good answer, changed or not.

    ``published`` are the dates of the posts in the answer (empty when it was not parsed), ``hint`` the seconds the
    publisher asks us to wait (``ttl``, ``max-age``), a floor up to a day.
    """
    asked = min(hint or 0, LONGEST_HINT)
    # What the document asks for is kept with the rhythm: a 304 does not repeat it
    interval = max(rhythm(published), asked) if published else facts.interval
    newest = max([*published, *([facts.last_post_at] if facts.last_post_at else [])], default=None)
    wait = max(interval, silence(newest, now), asked)
    return Verdict(
        state=facts.state if facts.state == "paused" else "active",  # a poll by hand does not undo a pause
        interval=interval,
        attempts=0,
        consecutive_failures=0,
        failing_since=None,
        next_poll_at=later(now, wait, chance),
    )


def silence(newest: datetime | None, now: datetime) -> int:
    """The least interval for a blog that has been silent since ``newest``, in seconds."""
    if newest is None or now - newest < QUIET_AFTER:
        return 0
    return QUIET_INTERVAL if now - newest < SILENT_AFTER else SILENT_INTERVAL


def after_trouble(facts: FeedFacts, trouble: Trouble, now: datetime, *, chance: float) -> Verdict:
    """The verdict on a visit that brought nothing: back off, doubling; never longer than a day, never for ever."""
    failures = facts.consecutive_failures + 1
    # 2**n is bounded before it is multiplied: a feed may have failed ten thousand times
    wait = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 20))
    wait = max(wait, min(trouble.retry_after or 0, LONGEST_RETRY))
    verdict = Verdict(
        state=facts.state,
        interval=facts.interval,
        attempts=facts.attempts,
        consecutive_failures=failures,
        failing_since=facts.failing_since or now,
        next_poll_at=later(now, wait, chance),
    )
    if facts.state == "paused":
        return verdict  # a poll by hand does not undo a pause
    if trouble.code == HTTP_GONE:
        return replace(verdict, state="gone")
    if trouble.code.startswith("parser_"):
        attempts = facts.attempts + 1
        return replace(verdict, attempts=attempts, state="quarantined" if attempts >= PARSER_DEATHS else facts.state)
    return verdict


def later(now: datetime, seconds: float, chance: float) -> datetime:
    """``now`` plus ``seconds`` give or take the jitter."""
    return now + timedelta(seconds=seconds * (1 + JITTER * (2 * chance - 1)))
