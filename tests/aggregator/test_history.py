"""A feed's last polls as numbers: what goes in comes out, and the row stays small."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.models import Blog, Feed, PollHour
from aggregator.polling.history import GOOD, KEPT, MANY_POSTS, OTHER, Visit, pack, unpack, unpack_all
from aggregator.polling.poll import poll_now
from aggregator.polling.schedule import FeedFacts, after_trouble
from aggregator.polling.store import Finding, store
from aggregator.polling.types import Trouble, TroubleKind
from tests.aggregator.feeds import rss
from tests.aggregator.incoming import NOW, claim, finding, incoming, store_posts
from tests.web import Answer, Web

AT = datetime(2026, 11, 22, 12, 0, 1, tzinfo=UTC)
DNS = Trouble(TroubleKind.NOT_REACHABLE, "dns", "No server is called blogs.example.")


@pytest.mark.parametrize(
    "visit",
    [
        Visit(AT, "changed", 0.12, 3),
        Visit(AT, "not_modified", 0.0, 0),
        Visit(AT, "same", 81.91, 0),
        Visit(AT, "http_404", 1.5),
        Visit(AT, "http_599"),
        Visit(AT, "certificate", 0.01),
        Visit(AT, "internal", 30.0),
        Visit(datetime(2106, 1, 1, tzinfo=UTC), "changed", 0.5, 126),
    ],
)
def test_a_visit_comes_out_as_it_went_in(visit: Visit) -> None:
    packed = pack(visit)
    assert 0 < packed < 2**63
    assert unpack(packed) == visit


def test_what_does_not_fit_is_cut_and_never_spills_over() -> None:
    found = unpack(pack(Visit(AT, "changed", 10_000.0, 100_000)))
    assert (found.at, found.outcome, found.posts) == (AT, "changed", MANY_POSTS)
    assert found.seconds > 80
    assert found.has_many_posts
    assert unpack(pack(Visit(AT, "dns", -1.0, -1))) == Visit(AT, "dns")


@pytest.mark.parametrize("word", ["made_up_tomorrow", "http_9999", "http_", "http_²"])
def test_a_word_without_a_number_is_an_other_trouble(word: str) -> None:
    found = unpack(pack(Visit(AT, word)))
    assert found.outcome == OTHER
    assert not found.is_good


def test_a_number_of_a_later_version_is_an_other_trouble() -> None:
    assert unpack(pack(Visit(AT, OTHER)) | 2047 << 20).outcome == OTHER


def test_later_visits_are_greater_numbers() -> None:
    assert pack(Visit(AT, "internal", 80.0, 127)) < pack(Visit(AT + timedelta(seconds=1), "http_100"))


def test_the_numbers_of_words_are_for_ever() -> None:
    """Rows hold them: a word that changes its place changes the past."""
    known = {"changed": 1001, "not_modified": 1002, "dns": 1004, "http_410": 410, "web_page": 1026, "internal": 1044}
    assert {word: pack(Visit(AT, word)) >> 20 & 2047 for word in known} == known
    assert all(unpack(pack(Visit(AT, word))).outcome == word for word in GOOD)


# --- in the feed's row ---------------------------------------------------------------------------------------------


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog("Sea trials").feeds.get()


def visits(feed: Feed) -> list[Visit]:
    feed.refresh_from_db()
    return unpack_all(feed.history)


def test_a_poll_with_posts_is_remembered_with_their_number(feed: Feed) -> None:
    store_posts(feed, incoming("a"), incoming("b"))
    store_posts(feed, incoming("a"), incoming("b"))
    assert visits(feed) == [Visit(NOW, "changed", 0.0, 0), Visit(NOW, "changed", 0.0, 2)]


def test_trouble_and_a_good_answer_are_remembered_and_told_apart(feed: Feed) -> None:
    good = finding(feed)
    store([good], claim(feed), NOW)
    later = NOW + timedelta(hours=1)
    verdict = after_trouble(FeedFacts(), DNS, later, chance=0.5)
    store([Finding(feed.pk, verdict, trouble=DNS, seconds=4.25)], claim(feed), later)
    assert visits(feed)[0] == Visit(later, "dns", 4.25)
    assert (feed.last_good_at, feed.last_polled_at) == (NOW, later)


def test_the_last_fifty_are_kept_the_oldest_goes(feed: Feed) -> None:
    for number in range(KEPT + 3):
        store([Finding(feed.pk, finding(feed).verdict)], claim(feed), NOW + timedelta(minutes=number))
    found = visits(feed)
    assert len(found) == KEPT == 50
    assert (found[0].at, found[-1].at) == (NOW + timedelta(minutes=52), NOW + timedelta(minutes=3))


def test_a_refused_write_back_leaves_no_visit(feed: Feed) -> None:
    zombie = claim(feed)
    Feed.objects.update(lease_token=None)
    store([finding(feed, incoming("a"))], zombie, NOW)
    assert visits(feed) == []


def test_a_whole_poll_is_remembered_and_counted(feed: Feed, web: Web) -> None:
    web.routes["/feed"] = Answer(rss("one", "two"), headers={"ETag": '"1"'}, wait=0.05)
    Feed.objects.update(url=f"{web.url}/feed", next_poll_at=AT - timedelta(days=30))
    for _ in range(2):
        list(poll_now(Feed.objects.all()))
    web.routes["/feed"] = Answer(status=503)
    list(poll_now(Feed.objects.all()))
    found = visits(feed)
    assert [(visit.outcome, visit.posts) for visit in found] == [("http_503", 0), ("not_modified", 0), ("changed", 2)]
    assert found[2].seconds >= 0.05
    hours = list(PollHour.objects.all())
    assert sum(hour.polls for hour in hours) == 3
    assert sum(hour.posts for hour in hours) == 2
    assert (sum(hour.changed for hour in hours), sum(hour.failed for hour in hours)) == (1, 1)
    assert max(hour.lag_most for hour in hours) > 0
