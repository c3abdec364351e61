"""When to visit a feed again, and what state its last visit leaves it in. Pure: takes ``now`` and ``chance``.

Every number is a named constant with its reason. ``chance`` is a number in [0, 1) that spreads feeds over time; the
shell draws it, the tests choose it. Whatever happens, a feed that is polled has a next poll within a day (a tenth more
for the jitter), or at the end of the time in which its publisher wants none: no feed is forgotten.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from aggregator.polling.skipping import NO_SKIP, Skip, end_of_skip
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

PUSHED_SLOWER = 4  # times, for a feed whose hub tells of its posts; never beyond LONGEST, for a hub may fall silent

FIRST_RETRY = 5 * MINUTE
LONGEST_RETRY = 24 * HOUR
PARSER_DEATHS = 3  # of its own; then a feed is quarantined and shown
HTTP_GONE = "http_410"
LOST = frozenset({"http_404", "dns", "tls", "certificate"})  # what does not pass by itself
RESTS_AFTER = timedelta(days=14)  # a holiday's length: somebody would have mended it
RESTING_INTERVAL = 24 * HOUR  # it may come back, and does so by itself
TWICE_WITHIN = timedelta(minutes=1)  # refusals of two of its feeds are its server's (hosts.py)
AFTER_SKIP = 10 * MINUTE  # over which those spread that waited for the same hour


@dataclass(frozen=True, slots=True)
class FeedFacts:
    """What the schedule knows of a feed: a part of its row. ``interval`` and ``ttl`` in seconds, without jitter."""

    state: str = "active"
    interval: int = FIRST_INTERVAL
    attempts: int = 0
    consecutive_failures: int = 0
    failing_since: datetime | None = None
    last_post_at: datetime | None = None
    ttl: int = 0
    skip: Skip = NO_SKIP
    is_pushed: bool = False  # whether a hub can be trusted to tell of its posts


@dataclass(frozen=True, slots=True)
class Timing:
    """What a document tells of its rhythm: the dates of its posts, the seconds between polls and the hours it asks for.

    A 304 does not repeat them, so they are kept until there is another document.
    """

    published: Sequence[datetime] = ()
    ttl: int = 0
    skip: Skip = NO_SKIP


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a visit changes in the feed's row."""

    state: str
    interval: int
    attempts: int
    consecutive_failures: int
    failing_since: datetime | None
    next_poll_at: datetime
    ttl: int = 0
    skip: Skip = NO_SKIP


def rhythm(published: Sequence[datetime]) -> int:
    """Seconds between visits that suit these posts: half the median gap of the last ten, within bounds."""
    latest = sorted(published, reverse=True)[:GAPS_LOOKED_AT]
    gaps = [(newer - older).total_seconds() for newer, older in itertools.pairwise(latest)]
    if not gaps:
        return FIRST_INTERVAL
    return int(min(LONGEST, max(SHORTEST, median(gaps) / 2)))


def after_success(
    facts: FeedFacts, now: datetime, *, chance: float, timing: Timing | None = None, max_age: int | None = None
) -> Verdict:
    """The verdict on a good answer. ``timing`` is None when there was no new document.

    ``max_age`` are the seconds for which the server calls its answer fresh; like the document's ``ttl`` a floor, up to
    a day.
    """
    told = timing or Timing((), facts.ttl, facts.skip)
    ttl = max(0, min(told.ttl, LONGEST_HINT))
    interval = facts.interval if timing is None else rhythm(told.published)
    newest = max([*told.published, *([facts.last_post_at] if facts.last_post_at else [])], default=None)
    floor = max(ttl, min(max_age or 0, LONGEST_HINT))
    pace = max(interval, min(interval * PUSHED_SLOWER, LONGEST)) if facts.is_pushed else interval
    return Verdict(
        state=facts.state if facts.state == "paused" else "active",  # a poll by hand does not undo a pause
        interval=interval,
        attempts=0,
        consecutive_failures=0,
        failing_since=None,
        next_poll_at=later(now, max(pace, silence(newest, now)), chance, floor=floor, skip=told.skip),
        ttl=ttl,
        skip=told.skip,
    )


def silence(newest: datetime | None, now: datetime) -> int:
    """The least interval for a blog that has been silent since ``newest``, in seconds."""
    if newest is None or now - newest < QUIET_AFTER:
        return 0
    return QUIET_INTERVAL if now - newest < SILENT_AFTER else SILENT_INTERVAL


def after_trouble(facts: FeedFacts, trouble: Trouble, now: datetime, *, chance: float) -> Verdict:
    """The verdict on a visit that brought nothing: back off, doubling; never longer than a day, never for ever."""
    failures = facts.consecutive_failures + 1
    since = facts.failing_since or now
    attempts = facts.attempts + (trouble.code.startswith("parser_") and facts.state != "paused")
    state = _state_after(facts.state, trouble.code, attempts, now - since)
    # 2**n is bounded before it is multiplied: a feed may have failed ten thousand times
    backoff = min(LONGEST_RETRY, FIRST_RETRY * 2 ** min(failures - 1, 20))
    wait = RESTING_INTERVAL if state == "resting" else backoff
    floor = min(trouble.retry_after or 0, LONGEST_RETRY)
    return Verdict(
        state=state,
        interval=facts.interval,
        attempts=attempts,
        consecutive_failures=failures,
        failing_since=since,
        next_poll_at=later(now, wait, chance, floor=floor, skip=facts.skip),
        ttl=facts.ttl,
        skip=facts.skip,
    )


def _state_after(state: str, code: str, attempts: int, failing_for: timedelta) -> str:
    if state == "paused":
        return state  # a poll by hand does not undo a pause
    if code == HTTP_GONE:
        return "gone"
    if code.startswith("parser_") and attempts >= PARSER_DEATHS:
        return "quarantined"
    if state == "active" and code in LOST and failing_for >= RESTS_AFTER:
        return "resting"
    return state


def later(now: datetime, seconds: float, chance: float, *, floor: float = 0, skip: Skip = NO_SKIP) -> datetime:
    """``now`` plus ``seconds`` give or take the jitter, at least ``floor`` (which it only lengthens), past ``skip``."""
    swing = 2 * JITTER * chance
    moment = now + timedelta(seconds=max(seconds * (1 - JITTER + swing), floor * (1 + swing / 2)))
    free = end_of_skip(moment, skip)
    return moment if free == moment else free + timedelta(seconds=AFTER_SKIP * chance)
