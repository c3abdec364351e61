"""What follows from a push: one poll, soon, and no more than the limits allow."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from aggregator.models import Blog, Feed, FeedState, Host, Push, PushWay
from aggregator.polling.poll import poll_feeds
from aggregator.pushing import pushes
from aggregator.pushing.pushes import HOST_MINUTE, ILL_PAUSE, PAUSE
from tests.aggregator.feeds import rss
from tests.web import Web

MakeBlog = Callable[..., Blog]
LATER = timedelta(hours=9)


@pytest.fixture
def feed(make_blog: MakeBlog) -> Feed:
    """Not due for hours."""
    blog = make_blog()
    blog.feeds.update(next_poll_at=timezone.now() + LATER)
    return blog.feeds.get()


def push(feed: Feed, now: datetime | None = None) -> bool:
    return pushes.push([feed.pk], PushWay.HOOK, now or timezone.now())


def answered(now: datetime | None = None, *, ill: bool = False) -> list[int]:
    return pushes.answer(now or timezone.now(), ill=ill).feed_ids


def test_a_push_has_the_feed_polled_at_once(feed: Feed) -> None:
    assert push(feed)
    assert answered() == [feed.pk]
    assert answered() == []


def test_a_burst_is_one_poll(feed: Feed) -> None:
    assert [push(feed) for _ in range(5)] == [True, False, False, False, False]
    assert answered() == [feed.pk]
    Feed.objects.update(lease_until=None, lease_token=None)
    assert answered() == []


def test_the_next_poll_for_a_push_comes_a_minute_later(feed: Feed) -> None:
    now = timezone.now()
    push(feed, now)
    answered(now)
    Feed.objects.update(lease_until=None, lease_token=None)
    push(feed, now)
    assert answered(now + PAUSE - timedelta(seconds=1)) == []
    assert answered(now + PAUSE) == [feed.pk]


def test_a_push_during_a_poll_is_followed_by_another_poll(feed: Feed) -> None:
    Feed.objects.filter(pk=feed.pk).free(timezone.now()).claim(timezone.now(), limit=1)
    push(feed)
    assert answered() == []
    Feed.objects.update(lease_until=None, lease_token=None, next_poll_at=timezone.now() + LATER)  # it has ended
    assert answered() == [feed.pk]


def test_a_post_that_came_while_the_feed_was_read_is_found_by_the_next_poll(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("One")
    feed = make_blog(url=web.url + "/feed").feeds.get()
    first = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=1)
    push(feed)
    poll_feeds(first.feed_ids, first.token)
    web.routes["/feed"] = rss("Two", "One")
    second = pushes.answer(timezone.now(), ill=False)
    poll_feeds(second.feed_ids, second.token)
    assert set(feed.blog.posts.values_list("title", flat=True)) == {"One", "Two"}


def test_a_push_whose_poll_is_lost_leaves_the_feed_due(feed: Feed) -> None:
    """As when the broker is away: beat polls it like any other."""
    now = timezone.now()
    push(feed, now)
    claim = pushes.answer(now, ill=False)
    Feed.objects.held(claim.token).give_back()
    assert Feed.objects.due(now).get() == feed


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.QUARANTINED, FeedState.GONE])
def test_a_feed_that_is_not_polled_stays_so(feed: Feed, state: FeedState) -> None:
    Feed.objects.update(state=state)
    assert not push(feed)
    assert not Push.objects.exists()


def test_a_feed_that_fails_is_not_hammered(feed: Feed) -> None:
    now = timezone.now()
    Feed.objects.update(consecutive_failures=3, last_polled_at=now, last_error_code="refused")
    push(feed, now)
    assert answered(now) == answered(now, ill=True) == []
    assert answered(now + ILL_PAUSE) == []  # that queue is for feeds that are well
    assert answered(now + ILL_PAUSE, ill=True) == [feed.pk]


def test_a_server_that_asked_to_wait_is_left_alone(feed: Feed) -> None:
    now = timezone.now()
    Feed.objects.update(consecutive_failures=1, last_error_code="http_429", next_poll_at=now + LATER)
    push(feed, now)
    assert answered(now + LATER / 2, ill=True) == []
    assert answered(now + LATER, ill=True) == [feed.pk]


def test_a_host_that_is_slowed_down_is_left_alone(feed: Feed) -> None:
    now = timezone.now()
    Host.objects.create(name=feed.host, slow_until=now + timedelta(minutes=5))
    push(feed, now)
    assert answered(now) == []
    assert answered(now + timedelta(minutes=6)) == [feed.pk]


def test_a_host_has_its_share_of_each_minute(make_blog: MakeBlog) -> None:
    feeds = [make_blog().feeds.get() for _ in range(HOST_MINUTE + 3)]
    other = make_blog(url="https://other.example/feed").feeds.get()
    now = timezone.now()
    for one in [*feeds, other]:
        push(one, now)
    assert len(answered(now)) == HOST_MINUTE + 1
    assert other.pk in Push.objects.filter(is_open=False).values_list("feed", flat=True)
    assert len(answered(now + PAUSE)) == 3


def test_a_flood_for_one_host_holds_up_nobody_else(make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pushes, "AT_ONCE", 40)
    now = timezone.now()
    flood = [make_blog().feeds.get() for _ in range(HOST_MINUTE + 45)]
    for one in flood:
        push(one, now)
    assert len(answered(now)) == HOST_MINUTE
    other = make_blog(url="https://other.example/feed").feeds.get()
    push(other, now + timedelta(seconds=1))
    assert answered(now + timedelta(seconds=1)) == [other.pk]
