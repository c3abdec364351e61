"""When a feed is visited again: named situations."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.polling.schedule import (
    DAY,
    FIRST_INTERVAL,
    FIRST_RETRY,
    HOUR,
    LONGEST,
    LONGEST_RETRY,
    MINUTE,
    QUIET_INTERVAL,
    SHORTEST,
    SILENT_INTERVAL,
    FeedFacts,
    after_success,
    after_trouble,
    later,
    rhythm,
)
from aggregator.polling.types import Trouble, TroubleKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MIDDLE = 0.5  # the chance that means no jitter


def every(gap: timedelta, posts: int = 12, *, start: timedelta = timedelta(0)) -> list[datetime]:
    return [NOW - start - gap * n for n in range(posts)]


def trouble(code: str = "refused", retry_after: int | None = None) -> Trouble:
    return Trouble(TroubleKind.NOT_REACHABLE, code, "No answer.", retry_after=retry_after)


@pytest.mark.parametrize(
    ("situation", "published", "seconds"),
    [
        ("nothing known", [], FIRST_INTERVAL),
        ("one post", every(timedelta(hours=1), 1), FIRST_INTERVAL),
        ("an hourly writer", every(timedelta(hours=1)), 30 * MINUTE),
        ("a flood", every(timedelta(seconds=10)), SHORTEST),
        ("a weekly writer", every(timedelta(days=7)), LONGEST),
        ("all at the same moment", every(timedelta(0)), SHORTEST),
        (
            "old habits do not count",
            every(timedelta(hours=2), 10) + every(timedelta(seconds=1), 90, start=timedelta(days=9)),
            HOUR,
        ),
    ],
)
def test_rhythm_is_half_the_median_gap_within_bounds(situation: str, published: list[datetime], seconds: int) -> None:
    assert rhythm(published) == seconds, situation


@pytest.mark.parametrize(
    ("situation", "silent_for", "hint", "seconds"),
    [
        ("lively", timedelta(hours=3), None, 30 * MINUTE),
        ("quiet for a month", timedelta(days=31), None, QUIET_INTERVAL),
        ("silent for half a year", timedelta(days=181), None, SILENT_INTERVAL),
        ("the server asks for an hour", timedelta(hours=3), HOUR, HOUR),
        ("the server asks for a second", timedelta(hours=3), 1, 30 * MINUTE),
        ("the server asks for a month", timedelta(hours=3), 30 * DAY, DAY),
    ],
)
def test_an_unchanged_feed_waits_as_its_blog_and_server_suggest(
    situation: str, silent_for: timedelta, hint: int | None, seconds: int
) -> None:
    facts = FeedFacts(interval=30 * MINUTE, last_post_at=NOW - silent_for)
    verdict = after_success(facts, NOW, chance=MIDDLE, hint=hint)
    assert verdict.next_poll_at - NOW == timedelta(seconds=seconds), situation


def test_success_forgets_all_trouble() -> None:
    facts = FeedFacts(state="resting", attempts=2, consecutive_failures=9, failing_since=NOW - timedelta(days=20))
    verdict = after_success(facts, NOW, chance=MIDDLE)
    assert (verdict.state, verdict.attempts, verdict.consecutive_failures, verdict.failing_since) == (
        "active",
        0,
        0,
        None,
    )


def test_a_poll_by_hand_does_not_undo_a_pause() -> None:
    assert after_success(FeedFacts(state="paused"), NOW, chance=MIDDLE).state == "paused"


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, FIRST_RETRY), (1, 2 * FIRST_RETRY), (4, 16 * FIRST_RETRY), (9, DAY), (9999, LONGEST_RETRY)],
)
def test_trouble_doubles_the_wait_up_to_a_day(failures: int, seconds: int) -> None:
    verdict = after_trouble(FeedFacts(consecutive_failures=failures), trouble(), NOW, chance=MIDDLE)
    assert verdict.next_poll_at - NOW == timedelta(seconds=seconds)
    assert verdict.consecutive_failures == failures + 1


def test_the_start_of_the_trouble_is_remembered() -> None:
    since = NOW - timedelta(days=3)
    assert after_trouble(FeedFacts(), trouble(), NOW, chance=MIDDLE).failing_since == NOW
    assert after_trouble(FeedFacts(failing_since=since), trouble(), NOW, chance=MIDDLE).failing_since == since


def test_retry_after_is_a_floor_but_not_for_ever() -> None:
    asked = after_trouble(FeedFacts(), trouble("http_503", 7200), NOW, chance=MIDDLE)
    for_ever = after_trouble(FeedFacts(), trouble("http_429", 10**9), NOW, chance=MIDDLE)
    assert asked.next_poll_at - NOW == timedelta(hours=2)
    assert for_ever.next_poll_at - NOW == timedelta(days=1)


def test_gone_is_gone() -> None:
    assert after_trouble(FeedFacts(), trouble("http_410"), NOW, chance=MIDDLE).state == "gone"


def test_a_feed_that_kills_the_parser_three_times_is_quarantined() -> None:
    first = after_trouble(FeedFacts(attempts=1), trouble("parser_died"), NOW, chance=MIDDLE)
    third = after_trouble(FeedFacts(attempts=2), trouble("parser_timeout"), NOW, chance=MIDDLE)
    assert (first.state, first.attempts) == ("active", 2)
    assert third.state == "quarantined"


def test_feeds_registered_together_do_not_march_in_step() -> None:
    times = {later(NOW, HOUR, chance / 10) for chance in range(10)}
    assert len(times) == 10
    assert min(times) >= NOW + timedelta(minutes=54)
    assert max(times) <= NOW + timedelta(minutes=66)


def test_a_pause_survives_whatever_a_poll_by_hand_meets() -> None:
    for code in ("http_410", "parser_died", "refused"):
        assert after_trouble(FeedFacts(state="paused", attempts=2), trouble(code), NOW, chance=MIDDLE).state == "paused"


def test_what_a_document_asks_for_holds_when_the_next_answer_is_304() -> None:
    first = after_success(FeedFacts(), NOW, chance=MIDDLE, published=every(timedelta(hours=1)), hint=DAY)
    second = after_success(FeedFacts(interval=first.interval), NOW, chance=MIDDLE)
    assert second.next_poll_at - NOW == timedelta(days=1)
