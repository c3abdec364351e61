"""Rankings: merit by people, fading with age; and the order of a period, as PostgreSQL gives it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.utils import timezone
from hypothesis import given, strategies as st

from aggregator.models import Post
from aggregator.ranking import BEST, DISCUSSED, EPOCH, Period, Ranking, rank_of, since

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
MakePost = Callable[..., Post]
COUNTS = st.integers(0, 10_000)
MOMENTS = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))


def test_twice_the_strength_is_worth_a_day() -> None:
    assert rank_of(8, 0, 0, NOW) == pytest.approx(rank_of(16, 0, 0, NOW - timedelta(days=1)))


def test_what_nobody_answered_has_no_rank() -> None:
    assert rank_of(0, 0, 0, NOW) == 0 < rank_of(1, 0, 0, EPOCH + timedelta(days=1))


def test_two_people_who_talk_all_day_count_less_than_five_who_voted() -> None:
    assert rank_of(0, 12, 2, NOW) < rank_of(1, 5, 5, NOW)
    assert rank_of(0, 2, 2, NOW) < rank_of(0, 100, 2, NOW) < rank_of(10, 0, 0, NOW)


@given(COUNTS, COUNTS, COUNTS, MOMENTS)
def test_no_vote_and_no_comment_ever_lowers_a_post(votes: int, comments: int, voices: int, moment: datetime) -> None:
    before = rank_of(votes, comments, voices, moment)
    assert rank_of(votes + 1, comments, voices, moment) > before
    assert rank_of(votes, comments + 1, voices, moment) >= before
    assert rank_of(votes, comments + 1, voices + 1, moment) > before


@given(COUNTS, COUNTS, MOMENTS, MOMENTS, st.timedeltas(timedelta(0), timedelta(days=900)))
def test_the_order_of_two_posts_does_not_change_as_time_goes_by(
    votes: int, others: int, one: datetime, two: datetime, later: timedelta
) -> None:
    """So it can be stored: both are compared by what they were given, whenever anybody looks."""
    apart = rank_of(votes + 1, 0, 0, one) - rank_of(others + 1, 0, 0, two)
    shifted = rank_of(votes + 1, 0, 0, one + later) - rank_of(others + 1, 0, 0, two + later)
    assert shifted == pytest.approx(apart, abs=1e-6)


def test_a_period_is_counted_back_from_now() -> None:
    assert since(Period.WEEK, NOW) == NOW - timedelta(days=7)
    assert since(Period.ALL, NOW) is None


def ranked(ranking: Ranking, period: Period, side: str = "", place: tuple[int, int] = (0, 0)) -> list[int]:
    now = timezone.now()
    sql = ranking.statement(period=period is not Period.ALL, side=side, limit=5, visible="true")
    values = {"since": since(period, now), "now": now, "value": place[0], "pk": place[1]}
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return [pk for pk, _value in cursor.fetchall()]


@pytest.mark.django_db
def test_within_a_period_merit_decides_and_not_age(make_post: MakePost) -> None:
    good = make_post(ago=timedelta(days=6), vote_count=3, voice_count=2)
    fair = make_post(ago=timedelta(hours=1), vote_count=4)
    make_post(ago=timedelta(hours=2))
    older = make_post(ago=timedelta(days=40), vote_count=40)
    assert ranked(BEST, Period.WEEK) == [good.pk, fair.pk]
    assert ranked(BEST, Period.DAY) == [fair.pk]
    assert ranked(BEST, Period.YEAR) == ranked(BEST, Period.ALL) == [older.pk, good.pk, fair.pk]


@pytest.mark.django_db
def test_what_many_talk_about_stands_before_what_a_few_talk_about_much(make_post: MakePost) -> None:
    recently = timezone.now() - timedelta(hours=3)
    few = make_post(ago=timedelta(days=300), comment_count=60, voice_count=2, last_comment_at=recently)
    many = make_post(comment_count=5, voice_count=5, last_comment_at=recently)
    quiet = make_post(comment_count=9, voice_count=9, last_comment_at=timezone.now() - timedelta(days=20))
    assert ranked(DISCUSSED, Period.DAY) == [many.pk, few.pk]
    assert ranked(DISCUSSED, Period.MONTH) == [quiet.pk, many.pk, few.pk]


@pytest.mark.django_db
@pytest.mark.parametrize("period", [Period.WEEK, Period.ALL])
def test_it_goes_on_from_a_place_in_both_directions(make_post: MakePost, period: Period) -> None:
    posts = [make_post(ago=timedelta(hours=number), vote_count=1 + number // 2) for number in range(8)]
    order = [post.pk for post in sorted(posts, key=lambda post: (-post.vote_count, -post.pk))]
    fourth = posts[next(place for place, post in enumerate(posts) if post.pk == order[3])]
    place = (fourth.vote_count, fourth.pk)
    assert ranked(BEST, period, "<", place) == order[4:]
    assert ranked(BEST, period, ">", place) == order[:3][::-1]
