"""What polls do to leases, and leases to polls."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Blog, Feed, LeaseState, WebSubLease
from aggregator.pushing import leases
from aggregator.pushing.leases import A_TICK, OF_ONE_HUB
from tests.aggregator.feeds import rss
from tests.aggregator.pushing.conftest import Subscription
from tests.web import Answer

pytestmark = pytest.mark.django_db(transaction=True)


def wait_of(feed: Feed) -> float:
    """Seconds to the next poll."""
    feed.refresh_from_db()
    return (feed.next_poll_at - timezone.now()).total_seconds()


def test_a_poll_that_finds_a_hub_wants_a_lease(subscription: Subscription) -> None:
    lease = subscription.lease
    assert (lease.hub_url, lease.topic_url) == (subscription.hub.url, subscription.topic)
    assert lease.state == LeaseState.WANTED
    assert WebSubLease.objects.to_ask(timezone.now()).get() == lease


def test_the_headers_are_believed_before_the_document(subscription: Subscription) -> None:
    link = "<https://first.example/hub>; rel=hub, <https://first.example/topic>; rel=self"
    subscription.web.routes["/feed"] = Answer(subscription.publish("Two", "One"), headers={"Link": link})
    subscription.poll()
    assert (subscription.lease.hub_url, subscription.lease.topic_url) == (
        "https://first.example/hub",
        "https://first.example/topic",
    )


def test_a_feed_without_a_hub_has_no_lease_any_more(subscription: Subscription, active: dict[str, str]) -> None:
    subscription.web.routes["/feed"] = rss("Two", "One")
    subscription.poll()
    assert not WebSubLease.objects.exists()
    assert subscription.hub.push(active, b"<feed/>") == 410


def test_another_hub_is_asked_anew_and_the_old_one_is_heard_no_more(
    subscription: Subscription, active: dict[str, str]
) -> None:
    document = subscription.publish("Two", "One").replace(b"/hub'", b"/other'")
    subscription.web.routes["/feed"] = document
    subscription.poll()
    lease = subscription.lease
    assert (lease.state, lease.hub_url) == (LeaseState.WANTED, subscription.hub.web.url + "/other")
    assert lease.secret != active["hub.secret"]
    assert subscription.hub.push(active, b"<feed/>") == 410


def test_polls_are_fewer_once_the_hub_has_told_of_a_post(subscription: Subscription, active: dict[str, str]) -> None:
    subscription.poll()
    usual = wait_of(subscription.feed)
    subscription.hub.push(active, subscription.publish("Two", "One"))
    subscription.answer_pushes()
    Feed.objects.update(interval=1800)
    subscription.poll()
    assert usual < 2.3 * 3600 and wait_of(subscription.feed) > 1.3 * 3600
    assert wait_of(subscription.feed) <= 2.2 * 3600  # and never so few that a silent hub would do harm


def test_a_hub_that_did_not_tell_of_a_post_has_lost_its_credit(
    subscription: Subscription, active: dict[str, str]
) -> None:
    subscription.hub.push(active, subscription.publish("Two", "One"))
    subscription.answer_pushes()
    assert subscription.lease.is_trusted(timezone.now())
    WebSubLease.objects.update(last_push_at=timezone.now() - timedelta(hours=1))
    subscription.publish("Three", "Two", "One")
    subscription.poll()
    assert subscription.lease.missed_at is not None
    Feed.objects.update(interval=1800)
    subscription.poll()
    assert wait_of(subscription.feed) < 0.6 * 3600
    subscription.hub.push(active, subscription.publish("Four", "Three", "Two", "One"))
    assert subscription.lease.is_trusted(timezone.now())


def test_a_poll_that_finds_nothing_new_says_nothing_about_the_hub(
    subscription: Subscription, active: dict[str, str]
) -> None:
    subscription.hub.push(active, b"<feed/>")
    WebSubLease.objects.update(last_push_at=timezone.now() - timedelta(hours=1))
    subscription.publish("One")
    subscription.poll()
    assert subscription.lease.missed_at is None


def test_one_hub_is_asked_for_a_few_feeds_at_a_time(make_blog: Callable[..., Blog]) -> None:
    for number in range(OF_ONE_HUB + 5):
        feed = make_blog().feeds.get()
        WebSubLease.objects.create(feed=feed, hub_url="https://hub.example/", topic_url=f"https://a.example/{number}")
    other = WebSubLease.objects.create(feed=make_blog().feeds.get(), hub_url="https://b.example/", topic_url="x")
    now = timezone.now()
    taken = leases.take_to_ask(now)
    assert len(taken) == OF_ONE_HUB + 1 <= A_TICK
    assert other in taken
    assert len(leases.take_to_ask(now)) == 5
    assert leases.take_to_ask(now) == []


@pytest.mark.parametrize("state", ["paused", "gone", "quarantined"])
def test_nothing_is_asked_for_a_feed_that_is_not_polled(make_blog: Callable[..., Blog], state: str) -> None:
    feed = make_blog().feeds.get()
    WebSubLease.objects.create(feed=feed, hub_url="https://hub.example/", topic_url="x")
    Feed.objects.update(state=state)
    assert leases.take_to_ask(timezone.now()) == []
