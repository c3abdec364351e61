"""Who polls what: leases on feeds."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aggregator.models import Blog, Feed, FeedState, Host
from aggregator.models.feed import LEASE, spread
from aggregator.models.host import LONGEST_HOST_REST

NOW = timezone.now()


def test_a_due_feed_is_claimed_once(make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    now = timezone.now()
    assert Feed.objects.due(now).claim(now, limit=10).feed_ids == [feed.pk]
    assert Feed.objects.due(now).claim(now, limit=10).feed_ids == []


def test_the_feeds_of_a_killed_worker_are_due_again_after_the_lease(make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    now = timezone.now()
    Feed.objects.due(now).claim(now, limit=10)
    later = now + LEASE + timedelta(seconds=1)
    assert Feed.objects.due(later).claim(later, limit=10).feed_ids == [feed.pk]


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.QUARANTINED, FeedState.GONE])
def test_a_feed_at_rest_is_not_due(make_blog: Callable[..., Blog], state: FeedState) -> None:
    make_blog().feeds.update(state=state)
    assert not Feed.objects.due(timezone.now()).exists()


def test_a_feed_is_not_due_before_its_time(make_blog: Callable[..., Blog]) -> None:
    make_blog().feeds.update(next_poll_at=timezone.now() + timedelta(minutes=1))
    assert not Feed.objects.due(timezone.now()).exists()


@pytest.mark.django_db(transaction=True)
def test_two_claimers_at_once_get_different_feeds(make_blog: Callable[..., Blog]) -> None:
    feeds = {make_blog().feeds.get().pk for _ in range(4)}
    other = connection.copy()
    try:
        with transaction.atomic():
            first = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=2).feed_ids
            with other.cursor() as cursor:  # while the first has not committed
                cursor.execute("SELECT id FROM aggregator_feed FOR UPDATE SKIP LOCKED")
                second = {row[0] for row in cursor.fetchall()}
    finally:
        other.close()
    assert set(first) | second == feeds
    assert not set(first) & second


def test_hosts_take_turns_in_a_batch() -> None:
    rows = [(1, "a"), (2, "a"), (3, "a"), (4, "b"), (5, "c"), (6, "b")]
    assert spread(rows) == [1, 4, 5, 2, 6, 3]


def test_pausing_takes_the_lease_away_from_a_running_poll(make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    token = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=1).token
    feed.pause()
    assert not Feed.objects.held(token).exists()
    feed.resume(timezone.now())
    assert Feed.objects.due(timezone.now()).get() == feed


# --- a clock that is set back ------------------------------------------------------------------------------------

HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("situation", "polled", "due", "then_due"),
    [
        ("polled just before the step", HOUR, HOUR + timedelta(minutes=30), timedelta(minutes=30)),
        ("was due at the moment of the step", timedelta(minutes=50), HOUR, timedelta(minutes=10)),
        ("polled before, due later", -HOUR, timedelta(minutes=20), timedelta(minutes=20)),
        ("never polled", None, timedelta(minutes=20), timedelta(minutes=20)),
        ("a second ahead: another machine's clock", timedelta(seconds=1), HOUR, HOUR),
    ],
)
def test_no_feed_waits_for_the_clock_to_come_where_it_was(
    make_blog: Callable[..., Blog], situation: str, polled: timedelta | None, due: timedelta, then_due: timedelta
) -> None:
    feed = make_blog().feeds.get()
    Feed.objects.update(last_polled_at=polled and NOW + polled, next_poll_at=NOW + due)
    Feed.objects.set_clock_right(NOW)
    feed.refresh_from_db()
    assert feed.next_poll_at == NOW + then_due, situation
    assert feed.last_polled_at is None or feed.last_polled_at <= NOW + timedelta(seconds=1)
    assert feed not in Feed.objects.due(NOW)  # nothing is polled twice for it
    assert feed in Feed.objects.due(NOW + then_due)
    assert Feed.objects.set_clock_right(NOW) == 0


def test_a_lease_from_a_later_hour_is_kept_and_ends_in_its_time(make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    token = Feed.objects.all().claim(NOW + HOUR, limit=1).token
    assert Feed.objects.set_clock_right(NOW) == 1
    assert Feed.objects.held(token).get() == feed  # its worker may still be polling
    assert not Feed.objects.free(NOW + LEASE).exists()
    assert Feed.objects.free(NOW + LEASE + timedelta(seconds=1)).get() == feed


def test_a_server_is_left_alone_no_longer_for_it(make_blog: Callable[..., Blog]) -> None:
    make_blog(url="https://blogs.example/feed")
    Feed.objects.update(next_poll_at=NOW)
    Host.objects.create(name="blogs.example", refused_at=NOW + HOUR, slow_until=NOW + 2 * HOUR)
    Host.objects.set_clock_right(NOW)
    assert Host.objects.get().refused_at == NOW
    assert not Feed.objects.due(NOW + LONGEST_HOST_REST - timedelta(seconds=1)).exists()
    assert Feed.objects.due(NOW + LONGEST_HOST_REST).exists()


def test_a_server_that_refused_once_is_not_left_alone_for_it(make_blog: Callable[..., Blog]) -> None:
    make_blog(url="https://blogs.example/feed")
    Feed.objects.update(next_poll_at=NOW)
    Host.objects.create(name="blogs.example", refused_at=NOW + HOUR)
    Host.objects.set_clock_right(NOW)
    assert Feed.objects.due(NOW).exists()
