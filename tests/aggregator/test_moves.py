"""Feeds that have moved: over real redirects, from the first sighting to the new address."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import Mock

import pytest
from django.utils import timezone

from aggregator import moves
from aggregator.models import Blog, Feed, FeedState, Post
from aggregator.moves import stay
from aggregator.polling.fetch import fetch_many
from aggregator.polling.poll import PollOutcome, poll_now
from aggregator.polling.types import FetchedFeed
from aggregator.tasks import poll_feeds
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.feeds import rss
from tests.web import Answer, Web, serve

MakeBlog = Callable[..., Blog]


def poll() -> PollOutcome:
    [outcome] = poll_now(Feed.objects.filter(pk=Feed.objects.order_by("pk")[:1]))
    return outcome


@pytest.fixture
def moving(web: Web, make_blog: MakeBlog) -> Feed:
    """A feed that was polled at its old address and has moved for good, on its server."""
    web.routes["/old"] = web.routes["/new"] = rss("One")
    feed = make_blog(url=f"{web.url}/old").feeds.get()
    poll()
    web.routes["/old"] = Answer.redirect("/new", 301)
    return feed


@pytest.mark.parametrize("status", [301, 308])
def test_after_three_polls_the_new_address_is_adopted_and_nothing_else_changes(
    web: Web, moving: Feed, status: int
) -> None:
    web.routes["/old"] = Answer.redirect("/new", status)
    poll(), poll()
    assert Feed.objects.get().url == moving.url
    poll()
    feed = Feed.objects.get()
    assert (feed.url, feed.moved_url, feed.moved_times, feed.moved_state) == (f"{web.url}/new", "", 0, "")
    assert feed.next_poll_at > timezone.now()  # it was read just now
    asked = web.count("/old")
    assert poll().unchanged
    assert web.count("/old") == asked
    assert Post.objects.count() == 1


@pytest.mark.parametrize("status", [302, 303, 307])
def test_a_redirect_that_is_not_for_good_is_no_move(web: Web, moving: Feed, status: int) -> None:
    web.routes["/old"] = Answer.redirect("/new", status)
    for _ in range(4):
        poll()
    assert (Feed.objects.get().url, Feed.objects.get().moved_url) == (moving.url, "")


def test_a_target_that_is_no_feed_is_never_adopted(web: Web, moving: Feed) -> None:
    web.routes["/new"] = b"<html><body>Welcome to our new site</body></html>"
    for _ in range(4):
        poll()
    assert (Feed.objects.get().url, Feed.objects.get().moved_times) == (moving.url, 0)


def test_a_target_that_may_not_be_visited_is_never_adopted(web: Web, moving: Feed) -> None:
    web.routes["/old"] = Answer.redirect("http://169.254.169.254/feed", 301)
    for _ in range(4):
        poll()
    assert (Feed.objects.get().url, Feed.objects.get().moved_url) == (moving.url, "")


def test_a_failure_in_between_neither_counts_nor_ends_it(web: Web, moving: Feed) -> None:
    poll(), poll()
    web.routes["/old"] = Answer(status=500)
    poll()
    assert Feed.objects.get().moved_times == 2
    web.routes["/old"] = Answer.redirect("/new", 301)
    poll()
    assert Feed.objects.get().url == f"{web.url}/new"


def test_another_host_waits_for_an_admin_and_the_old_address_is_polled_on(web: Web, moving: Feed) -> None:
    with serve({"/new": rss("One")}, host="127.0.0.2", port=web.port) as other:
        _allow(web, other)
        web.routes["/old"] = Answer.redirect(f"{other.url}/new", 301)
        for _ in range(5):
            outcome = poll()
    feed = Feed.objects.get()
    assert outcome.move is not None and outcome.move.waits
    assert (feed.url, feed.moved_url, feed.moved_state) == (moving.url, f"{other.url}/new", "asks")
    assert feed.state == FeedState.ACTIVE


def test_another_title_waits_for_an_admin(web: Web, moving: Feed) -> None:
    web.routes["/new"] = rss("One", blog="Somebody else's blog")
    for _ in range(5):
        poll()
    assert (Feed.objects.get().url, Feed.objects.get().moved_state) == (moving.url, "asks")


def test_the_address_of_another_feed_is_not_taken_but_asked_about(web: Web, moving: Feed, make_blog: MakeBlog) -> None:
    make_blog(url=f"https://{web.address}/new")  # the same address, over https
    for _ in range(4):
        poll()
    feed = Feed.objects.get(pk=moving.pk)
    assert (feed.url, feed.moved_state) == (moving.url, "asks")
    assert feed.moved_times >= 3


def test_an_address_that_somebody_takes_meanwhile_is_told_to_the_admin(
    moving: Feed, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    url = "https://blogs.example/new"
    other = make_blog(url=url).feeds.get()
    monkeypatch.setattr(moves, "holder", Mock(side_effect=[None, other]))  # free at the first look
    assert moves.adopt(moving, url) == other
    moving.refresh_from_db()
    assert moving.url != url


def test_what_an_admin_decided_during_a_poll_stands(web: Web, moving: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    web.routes["/new"] = rss("One", blog="Somebody else's blog")
    poll(), poll(), poll()

    def deciding(*arguments: Any, **options: Any) -> Iterator[list[FetchedFeed]]:
        stay(moving, f"{web.url}/new")  # the poll has read its row already
        yield from fetch_many(*arguments, **options)

    monkeypatch.setattr("aggregator.polling.poll.fetch_many", deciding)
    poll(), poll()
    assert (Feed.objects.get().moved_state, Feed.objects.get().url) == ("stays", moving.url)


def test_a_304_is_believed_only_after_a_document_from_there(web: Web, moving: Feed) -> None:
    web.routes["/new"] = Answer(rss("One"), headers={"ETag": '"1"'})
    Feed.objects.update(etag='"1"')  # as learned at the old address: the same file, the same tag
    assert (poll().unchanged, Feed.objects.get().moved_times) == (True, 0)
    assert "if-none-match" in web.last("/new").headers
    poll()
    assert "if-none-match" not in web.last("/new").headers
    assert Feed.objects.get().moved_times == 1
    poll()
    assert (Feed.objects.get().etag, Feed.objects.get().moved_times) == ('"1"', 2)
    poll()
    assert Feed.objects.get().url == f"{web.url}/new"


def test_a_pause_survives_the_adoption(web: Web, moving: Feed) -> None:
    moving.pause()
    for _ in range(3):
        poll()
    assert (Feed.objects.get().url, Feed.objects.get().state) == (f"{web.url}/new", FeedState.PAUSED)


# --- states ------------------------------------------------------------------------------------------------------


def test_a_feed_not_found_for_a_fortnight_rests_and_comes_back_by_itself(web: Web, make_blog: MakeBlog) -> None:
    make_blog(url=f"{web.url}/feed")
    Feed.objects.update(consecutive_failures=20, failing_since=timezone.now() - timedelta(days=15))
    assert poll().state == FeedState.RESTING
    feed = Feed.objects.get()
    assert feed.state == FeedState.RESTING
    tomorrow = timezone.now() + timedelta(hours=27)
    assert feed in Feed.objects.due(tomorrow)
    web.routes["/feed"] = rss("One")
    poll()
    feed.refresh_from_db()
    assert (feed.state, feed.failing_since, feed.last_good_at is not None) == (FeedState.ACTIVE, None, True)


def test_when_a_feed_is_gone_its_owners_hear_of_it_at_once(web: Web, make_blog: MakeBlog, bo: Person) -> None:
    web.routes["/feed"] = Answer(status=410)
    make_blog("Sea trials", url=f"{web.url}/feed").owners.add(bo)
    claim = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=1)
    poll_feeds(claim.feed_ids, str(claim.token))
    assert Feed.objects.get().state == FeedState.GONE
    assert "Sea trials" in Notification.objects.get(recipient=bo).title


def test_what_a_document_asks_for_is_kept_with_the_feed(web: Web, make_blog: MakeBlog) -> None:
    asks = b"<ttl>90</ttl><skipHours><hour>3</hour></skipHours><skipDays><day>Sunday</day></skipDays>"
    web.routes["/feed"] = Answer(rss("One").replace(b"<item>", asks + b"<item>", 1), headers={"ETag": '"1"'})
    make_blog(url=f"{web.url}/feed")
    for _ in range(2):  # the second time it is a 304
        poll()
        feed = Feed.objects.get()
        assert (feed.ttl, feed.skip_hours, feed.skip_days) == (5400, 1 << 3, 1 << 6)
        assert feed.next_poll_at - timezone.now() > timedelta(minutes=89)


def _allow(*webs: Web) -> None:
    from django.conf import settings  # noqa: PLC0415 - the fixture's, which ends with the test

    settings.FETCH_ALLOW = ", ".join(web.address for web in webs)
