"""What changes at every fetch stops being written; and where a feed's first posts stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from aggregator.models import Blog, Feed, Post
from aggregator.polling.edits import SMALL_EDITS
from aggregator.polling.reconcile import HISTORY
from aggregator.search.alerting import NEWS
from tests.aggregator.incoming import NOW, incoming, store_posts

TEXT = "Boats and seals have been seen in the harbour of the old town again, and nobody knows why they came here. " * 9


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog().feeds.get()


def fetch(feed: Feed, number: int, title: str = "On boats", text: str = TEXT) -> bool:
    """One poll of a post that tells how often it was read; whether its stored text is the one of this fetch."""
    html = f"<p>{text} Read {number} times.</p>"
    store_posts(feed, incoming("a", title=title, content_html=html, content_hash=f"{number:032}"))
    return Post.objects.get().content_html == html


def test_a_counter_is_written_so_many_times_and_no_more(feed: Feed) -> None:
    assert [fetch(feed, number) for number in range(SMALL_EDITS + 5)] == [True] * (SMALL_EDITS + 1) + [False] * 4


def test_a_poll_that_brings_only_noise_changes_nothing(feed: Feed) -> None:
    for number in range(SMALL_EDITS + 1):
        fetch(feed, number)
    Feed.objects.update(last_changed_at=None)
    stored = store_posts(feed, incoming("a", title="On boats", content_html=f"<p>{TEXT} Read 99 times.</p>"))
    assert (stored.created, stored.updated) == (0, 0)
    assert Feed.objects.get().last_changed_at is None


@pytest.mark.parametrize(
    ("title", "text"),
    [("On boats and ships", TEXT), ("On boats", TEXT + "Now we know: the fishermen feed them herring every morning.")],
)
def test_what_its_author_changes_is_written_at_any_time(feed: Feed, title: str, text: str) -> None:
    for number in range(SMALL_EDITS + 3):
        fetch(feed, number)
    assert fetch(feed, 100, title, text)
    assert fetch(feed, 101, title, text)  # and then small ones are again
    assert Post.objects.get().edit_count == 1


def test_undated_posts_of_a_first_poll_are_history_in_their_order(feed: Feed) -> None:
    store_posts(feed, *(incoming(str(n), published_at=None) for n in range(3)))
    posts = list(Post.objects.order_by("-published_at"))
    assert [post.guid for post in posts] == ["0", "1", "2"]
    assert posts[0].published_at == NOW - HISTORY
    assert NEWS < HISTORY  # so no saved search tells of them
    assert timedelta(days=7) < HISTORY  # nor a weekly digest
    assert Blog.objects.get().last_post_at == NOW - HISTORY


def test_an_undated_post_of_a_later_poll_is_new(feed: Feed) -> None:
    store_posts(feed, incoming("a", published_at=None))
    store_posts(feed, incoming("b", published_at=None), incoming("a", published_at=None))
    assert Post.objects.get(guid="b").published_at == NOW


def test_the_first_post_of_a_feed_that_was_empty_is_new(feed: Feed) -> None:
    store_posts(feed)
    store_posts(feed, incoming("a", published_at=None))
    assert Post.objects.get().published_at == NOW


@pytest.mark.parametrize(("ahead", "is_new"), [(timedelta(hours=2), True), (timedelta(days=30), False)])
def test_a_future_date_of_a_first_poll_is_a_clock_or_no_date(feed: Feed, ahead: timedelta, is_new: bool) -> None:
    store_posts(feed, incoming("a", published_at=NOW + ahead))
    assert (Post.objects.get().published_at == NOW) is is_new


def test_a_future_date_of_a_later_poll_is_now(feed: Feed) -> None:
    store_posts(feed, incoming("a"))
    store_posts(feed, incoming("a"), incoming("b", published_at=NOW + timedelta(days=30)))
    assert Post.objects.get(guid="b").published_at == NOW - timedelta(milliseconds=1)  # second in its document


def test_dated_history_keeps_its_dates(feed: Feed) -> None:
    dates = [NOW - timedelta(days=days) for days in (1, 400)]
    store_posts(feed, *(incoming(str(n), published_at=date) for n, date in enumerate(dates)))
    assert list(Post.objects.order_by("guid").values_list("published_at", flat=True)) == dates
