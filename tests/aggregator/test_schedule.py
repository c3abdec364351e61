"""When a feed is visited again, and what state it is left in: named situations."""

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
    RESTING_INTERVAL,
    RESTS_AFTER,
    SHORTEST,
    SILENT_INTERVAL,
    FeedFacts,
    Timing,
    after_success,
    after_trouble,
    later,
    rhythm,
)
from aggregator.polling.skipping import Skip
from aggregator.polling.types import Trouble, TroubleKind

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday
MIDDLE = 0.5  # the chance that means no jitter
LEAST = 0.0  # the chance with which what a server asks for is not lengthened


def every(gap: timedelta, posts: int = 12, *, start: timedelta = timedelta(0)) -> list[datetime]:
    return [NOW - start - gap * n for n in range(posts)]


def trouble(code: str = "refused", retry_after: int | None = None) -> Trouble:
    return Trouble(TroubleKind.NOT_REACHABLE, code, "No answer.", retry_after=retry_after)


# --- healthy -----------------------------------------------------------------------------------------------------


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
    ("situation", "silent_for", "seconds"),
    [
        ("lively", timedelta(hours=3), 30 * MINUTE),
        ("not yet quiet", timedelta(days=29), 30 * MINUTE),
        ("quiet for a month", timedelta(days=30), QUIET_INTERVAL),
        ("not yet silent", timedelta(days=179), QUIET_INTERVAL),
        ("silent for half a year", timedelta(days=180), SILENT_INTERVAL),
        ("silent for ten years", timedelta(days=3650), SILENT_INTERVAL),
    ],
)
def test_an_unchanged_feed_waits_as_its_blog_suggests(situation: str, silent_for: timedelta, seconds: int) -> None:
    facts = FeedFacts(interval=30 * MINUTE, last_post_at=NOW - silent_for)
    assert after_success(facts, NOW, chance=MIDDLE).next_poll_at - NOW == timedelta(seconds=seconds), situation


@pytest.mark.parametrize(
    ("situation", "ttl", "max_age", "seconds"),
    [
        ("nobody asks for anything", 0, None, 27 * MINUTE),  # 30 minutes with the jitter that shortens most
        ("the server calls it fresh for an hour", 0, HOUR, HOUR),
        ("the server calls it fresh for a second", 0, 1, 27 * MINUTE),
        ("the server calls it fresh for a month", 0, 30 * DAY, DAY),
        ("the server calls it stale", 0, 0, 27 * MINUTE),
        ("the document asks for an hour", HOUR, None, HOUR),
        ("the document asks for a month", 30 * DAY, None, DAY),
        ("both ask, the longer counts", HOUR, 3 * HOUR, 3 * HOUR),
        ("both ask, the other way round", 3 * HOUR, HOUR, 3 * HOUR),
    ],
)
def test_what_publisher_and_server_ask_for_is_a_floor_up_to_a_day(
    situation: str, ttl: int, max_age: int | None, seconds: int
) -> None:
    timing = Timing(every(timedelta(hours=1)), ttl)
    verdict = after_success(FeedFacts(), NOW, chance=LEAST, timing=timing, max_age=max_age)
    assert verdict.next_poll_at - NOW == timedelta(seconds=seconds), situation


def test_jitter_does_not_shorten_what_was_asked_for() -> None:
    times = [
        after_success(FeedFacts(), NOW, chance=chance / 100, max_age=3 * HOUR).next_poll_at for chance in range(100)
    ]
    assert min(times) == NOW + timedelta(hours=3)
    assert max(times) <= NOW + timedelta(hours=3.3)
    assert len(set(times)) == 100


def test_what_a_document_asks_for_holds_when_the_next_answer_is_304() -> None:
    first = after_success(FeedFacts(), NOW, chance=LEAST, timing=Timing((), DAY, Skip(hours=1)))
    facts = FeedFacts(interval=first.interval, ttl=first.ttl, skip=first.skip)
    second = after_success(facts, NOW, chance=LEAST)
    assert second.next_poll_at - NOW == timedelta(days=1)
    assert (second.ttl, second.skip) == (DAY, Skip(hours=1))


def test_what_a_new_document_no_longer_asks_for_is_forgotten() -> None:
    verdict = after_success(FeedFacts(ttl=DAY, skip=Skip(1, 1)), NOW, chance=MIDDLE, timing=Timing())
    assert (verdict.ttl, verdict.skip, verdict.next_poll_at - NOW) == (0, Skip(), timedelta(seconds=FIRST_INTERVAL))


def test_what_a_server_asked_for_once_does_not_last() -> None:
    first = after_success(FeedFacts(), NOW, chance=MIDDLE, timing=Timing(every(timedelta(hours=1))), max_age=DAY)
    second = after_success(FeedFacts(interval=first.interval, ttl=first.ttl), NOW, chance=MIDDLE)
    assert second.next_poll_at - NOW == timedelta(minutes=30)


def test_a_feed_without_dates_has_the_rhythm_of_one_that_tells_nothing() -> None:
    verdict = after_success(FeedFacts(interval=SHORTEST), NOW, chance=MIDDLE, timing=Timing())
    assert verdict.interval == FIRST_INTERVAL


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


def test_feeds_registered_together_do_not_march_in_step() -> None:
    times = {later(NOW, HOUR, chance / 10) for chance in range(10)}
    assert len(times) == 10
    assert min(times) >= NOW + timedelta(minutes=54)
    assert max(times) <= NOW + timedelta(minutes=66)


# --- hours and days that the publisher wants for itself ----------------------------------------------------------

NIGHT = sum(1 << hour for hour in range(6))


@pytest.mark.parametrize(
    ("situation", "skip", "wait", "lands"),
    [
        ("nothing is skipped", Skip(), 14 * HOUR, "2026-11-23T02:00"),
        ("in the night: its end", Skip(hours=NIGHT), 14 * HOUR, "2026-11-23T06:00"),
        ("before the night: as planned", Skip(hours=NIGHT), 11 * HOUR, "2026-11-22T23:00"),
        ("on a skipped day: the next", Skip(days=0b0000001), 14 * HOUR, "2026-11-24T00:00"),
        ("a skipped day, then a skipped night", Skip(NIGHT, 0b0000001), 14 * HOUR, "2026-11-24T06:00"),
        ("all days but one", Skip(days=0b1011111), 14 * HOUR, "2026-11-28T00:00"),
    ],
)
def test_a_poll_in_skipped_time_moves_to_its_end(situation: str, skip: Skip, wait: int, lands: str) -> None:
    moment = later(NOW, wait / 0.9, LEAST, skip=skip)
    assert moment.isoformat(timespec="minutes") == lands + "+00:00", situation


def test_the_hours_are_those_of_greenwich() -> None:
    helsinki = datetime.fromisoformat("2026-11-23T07:30+02:00")  # half past five in Greenwich
    assert later(helsinki, 0, LEAST, skip=Skip(hours=NIGHT)) == datetime(2026, 11, 23, 6, tzinfo=UTC)


def test_those_that_waited_for_the_same_hour_do_not_come_at_once() -> None:
    skip = Skip(hours=NIGHT)
    times = {later(NOW, 14 * HOUR, chance / 10, skip=skip) for chance in range(10)}
    assert len(times) == 10
    assert all(moment.hour == 6 and moment not in skip for moment in times)


def test_retries_keep_the_publisher_s_hours_too() -> None:
    facts = FeedFacts(skip=Skip(hours=1 << 12 | 1 << 13))
    assert after_trouble(facts, trouble(), NOW, chance=LEAST).next_poll_at == NOW + timedelta(hours=2)


# --- trouble -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("failures", "seconds"),
    [(0, FIRST_RETRY), (1, 2 * FIRST_RETRY), (4, 16 * FIRST_RETRY), (9, DAY), (9999, LONGEST_RETRY)],
)
def test_trouble_doubles_the_wait_up_to_a_day(failures: int, seconds: int) -> None:
    verdict = after_trouble(FeedFacts(consecutive_failures=failures), trouble(), NOW, chance=MIDDLE)
    assert verdict.next_poll_at - NOW == timedelta(seconds=seconds)
    assert verdict.consecutive_failures == failures + 1


def test_feeds_that_failed_together_are_not_tried_together() -> None:
    assert len({after_trouble(FeedFacts(), trouble(), NOW, chance=n / 10).next_poll_at for n in range(10)}) == 10


def test_the_start_of_the_trouble_is_remembered() -> None:
    since = NOW - timedelta(days=3)
    assert after_trouble(FeedFacts(), trouble(), NOW, chance=MIDDLE).failing_since == NOW
    assert after_trouble(FeedFacts(failing_since=since), trouble(), NOW, chance=MIDDLE).failing_since == since


@pytest.mark.parametrize(
    ("situation", "code", "asked", "seconds"),
    [
        ("too many requests, two hours", "http_429", 7200, 2 * HOUR),
        ("unavailable, two hours", "http_503", 7200, 2 * HOUR),
        ("less than we would wait anyhow", "http_429", 1, FIRST_RETRY * 0.9),
        ("a month", "http_429", 30 * DAY, DAY),
        ("nothing", "http_503", None, FIRST_RETRY * 0.9),
    ],
)
def test_retry_after_is_a_floor_but_not_for_ever(situation: str, code: str, asked: int | None, seconds: float) -> None:
    verdict = after_trouble(FeedFacts(), trouble(code, asked), NOW, chance=LEAST)
    assert verdict.next_poll_at - NOW == timedelta(seconds=seconds), situation


@pytest.mark.parametrize(
    ("situation", "state", "code", "days", "becomes"),
    [
        ("gone", "active", "http_410", 0, "gone"),
        ("gone after a rest", "resting", "http_410", 30, "gone"),
        ("not found since yesterday", "active", "http_404", 1, "active"),
        ("not found for almost a fortnight", "active", "http_404", 13.9, "active"),
        ("not found for a fortnight", "active", "http_404", 14, "resting"),
        ("no such name for a fortnight", "active", "dns", 14, "resting"),
        ("no safe connection for a fortnight", "active", "tls", 14, "resting"),
        ("a bad certificate for a fortnight", "active", "certificate", 14, "resting"),
        ("a server's own trouble for a year", "active", "http_500", 365, "active"),
        ("at rest, and another trouble", "resting", "http_500", 20, "resting"),
        ("paused, polled by hand", "paused", "http_404", 99, "paused"),
        ("paused, and gone", "paused", "http_410", 99, "paused"),
        ("gone, polled by hand, and not found", "gone", "http_404", 99, "gone"),
        ("quarantined, polled by hand, and not found", "quarantined", "http_404", 99, "quarantined"),
    ],
)
def test_what_trouble_makes_of_a_feed(situation: str, state: str, code: str, days: float, becomes: str) -> None:
    facts = FeedFacts(state=state, failing_since=NOW - timedelta(days=days))
    assert after_trouble(facts, trouble(code), NOW, chance=MIDDLE).state == becomes, situation


def test_a_feed_at_rest_is_tried_daily_however_it_came_there() -> None:
    facts = FeedFacts(state="resting", consecutive_failures=1, failing_since=NOW - RESTS_AFTER)
    verdict = after_trouble(facts, trouble("dns"), NOW, chance=MIDDLE)
    assert verdict.next_poll_at - NOW == timedelta(seconds=RESTING_INTERVAL)


def test_a_feed_that_kills_the_parser_three_times_is_quarantined() -> None:
    first = after_trouble(FeedFacts(attempts=1), trouble("parser_died"), NOW, chance=MIDDLE)
    third = after_trouble(FeedFacts(attempts=2), trouble("parser_timeout"), NOW, chance=MIDDLE)
    assert (first.state, first.attempts) == ("active", 2)
    assert third.state == "quarantined"


def test_a_pause_survives_whatever_a_poll_by_hand_meets() -> None:
    for code in ("http_410", "parser_died", "refused"):
        assert after_trouble(FeedFacts(state="paused", attempts=2), trouble(code), NOW, chance=MIDDLE).state == "paused"
