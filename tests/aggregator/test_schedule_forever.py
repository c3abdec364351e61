"""Whatever answers come, in any order: no feed is forgotten, none asked too often, the publisher's hours hold."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given, settings, strategies as some

from aggregator.polling.schedule import DAY, JITTER, SHORTEST, FeedFacts, Timing, Verdict, after_success, after_trouble
from aggregator.polling.skipping import ALL_DAYS, ALL_HOURS, Skip
from aggregator.polling.types import Trouble, TroubleKind

START = datetime(2026, 11, 22, 12, tzinfo=UTC)
POLLED = {"active", "resting"}
LONGEST = timedelta(seconds=DAY * (1 + JITTER))
WEEK = timedelta(days=8)  # the longest time that can be skipped, and a bit
CODES = ["http_404", "http_410", "http_429", "http_500", "http_503", "dns", "tls", "certificate", "refused", "internal"]

chances = some.floats(0, 1, exclude_max=True)
# An hour or a day is always free: ``read_skip`` believes no other
skips = some.builds(Skip, some.integers(0, ALL_HOURS - 1), some.integers(0, ALL_DAYS - 1))
seconds = some.one_of(some.none(), some.integers(0, 10**12))
dates = some.lists(some.datetimes(datetime(1990, 1, 1), datetime(2026, 11, 22), timezones=some.just(UTC)), max_size=20)
documents = some.builds(Timing, dates, some.integers(0, 10**12), skips)
well = some.tuples(some.none() | documents, seconds)
ill = some.builds(
    lambda code, asked: Trouble(TroubleKind.NOT_REACHABLE, code, "No answer.", retry_after=asked),
    some.sampled_from([*CODES, "parser_died"]),
    seconds,
)
# Each visit comes when it is due, or by hand before, or late, or by a clock that was set back
visits = some.lists(some.tuples(well | ill, chances, some.floats(-2, 40)), min_size=1, max_size=30)
states = some.sampled_from(["active", "resting", "paused", "gone", "quarantined"])


def visit(facts: FeedFacts, answer: object, now: datetime, chance: float) -> Verdict:
    if isinstance(answer, Trouble):
        return after_trouble(facts, answer, now, chance=chance)
    assert isinstance(answer, tuple)
    return after_success(facts, now, chance=chance, timing=answer[0], max_age=answer[1])


def facts_after(verdict: Verdict, last_post_at: datetime | None) -> FeedFacts:
    return FeedFacts(
        verdict.state,
        verdict.interval,
        verdict.attempts,
        verdict.consecutive_failures,
        verdict.failing_since,
        last_post_at,
        verdict.ttl,
        verdict.skip,
    )


@settings(max_examples=300, deadline=None)
@given(states, skips, some.booleans(), visits)
def test_after_any_answers_a_polled_feed_has_its_next_poll_in_sight(
    state: str, skip: Skip, is_pushed: bool, answers: list[tuple[object, float, float]]
) -> None:
    facts, now = FeedFacts(state=state, skip=skip, is_pushed=is_pushed), START
    for answer, chance, hours in answers:
        verdict = visit(facts, answer, now, chance)
        wait = verdict.next_poll_at - now
        assert wait >= timedelta(seconds=SHORTEST * (1 - JITTER) - 1)
        assert wait <= LONGEST + (WEEK if verdict.skip != Skip() else timedelta(0))
        assert verdict.next_poll_at not in verdict.skip
        assert verdict.state in POLLED | {"paused", "gone", "quarantined"}
        assert (verdict.consecutive_failures == 0) == (verdict.failing_since is None)
        assert 0 <= verdict.ttl <= DAY
        facts = replace(facts_after(verdict, START - timedelta(days=100)), is_pushed=is_pushed)
        now += timedelta(hours=hours)


@settings(max_examples=200, deadline=None)
@given(visits)
def test_a_feed_leaves_rotation_only_when_it_is_gone_or_kills_the_parser(
    answers: list[tuple[object, float, float]],
) -> None:
    facts, now = FeedFacts(), START
    for answer, chance, _hours in answers:
        verdict = visit(facts, answer, now, chance)
        if verdict.state not in POLLED:
            assert isinstance(answer, Trouble)
            assert answer.code == "http_410" or (answer.code == "parser_died" and verdict.attempts >= 3)
            return
        facts, now = facts_after(verdict, None), verdict.next_poll_at


@settings(max_examples=200, deadline=None)
@given(some.sampled_from(["active", "resting"]), visits, some.tuples(some.none() | documents, seconds), chances)
def test_whatever_has_happened_one_good_answer_makes_it_well(
    state: str, answers: list[tuple[object, float, float]], good: object, chance: float
) -> None:
    facts, now = FeedFacts(state=state), START
    for answer, luck, _hours in answers:
        verdict = visit(facts, answer, now, luck)
        facts, now = facts_after(verdict, None), verdict.next_poll_at
    verdict = visit(facts, good, now, chance)
    assert (verdict.state, verdict.consecutive_failures, verdict.failing_since) == ("active", 0, None)
