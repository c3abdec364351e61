"""Who is who, over several polls of one feed: no post twice, none written over another, edits in place."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from aggregator.models import Blog, Feed, Post
from aggregator.polling.clean import clean_feed
from aggregator.polling.types import RawEntry, RawFeed
from aggregator.removal import remove_posts
from tests.aggregator.incoming import store_posts

Document = list[RawEntry]


def entry(guid: str, page: str, title: str, day: int = 0) -> RawEntry:
    """``page`` is the path of its permalink, ``day`` one of November 2026; 0 is no date."""
    date = datetime(2026, 11, day, tzinfo=UTC) if day else None
    permalink = f"https://blog.example/{page}" if page.strip() else ""
    return RawEntry(guid=guid, permalink=permalink, title=title, published_at=date, content=f"<p>{title}</p>")


def poll(feed: Feed, document: Document) -> None:
    store_posts(feed, *clean_feed(RawFeed("rss20", entries=tuple(document)), url="https://blog.example/feed").posts)


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog("Sea trials").feeds.get()


def a(guid: str = "g", page: str = "a", title: str = "A", day: int = 1) -> RawEntry:
    return entry(guid, page, title, day)


def window(guids: str, pages: str, titles: str, days: tuple[int, ...]) -> list[Document]:
    """Polls of a feed of three entries, newest first, to which one more comes each time."""
    every = [entry(*fields) for fields in zip(guids, pages, titles, days, strict=True)]
    return [every[start : start + 3][::-1] for start in range(len(every) - 2)]


DAYS, UNDATED, ONE_DAY = (1, 2, 3, 4, 5), (0,) * 5, (3,) * 5
SEQUENCES: dict[str, tuple[list[Document], list[str]]] = {
    "normal window": (window("12345", "abcde", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "edited title": ([[a()], [a(title="A2")]], ["A2"]),
    "edited title and date": ([[a()], [a(title="A2", day=2)]], ["A2"]),
    "edited address": ([[a()], [a(page="a2")]], ["A"]),
    "edited title and address": ([[a()], [a(page="a2", title="A2")]], ["A2"]),
    "edited title and address, no dates": ([[a(day=0)], [a(page="a2", title="A2", day=0)]], ["A2"]),
    "title edited between others": ([[a("h", "b", "B"), a()], [a("h", "b", "B"), a(title="A2")]], ["A2", "B"]),
    "one homepage, no dates, title edited": (
        [[a("h", "p", "B", 0), a("g", "p", "A", 0)], [a("h", "p", "B", 0), a("g", "p", "A2", 0)]],
        ["A2", "B"],
    ),
    "one homepage, guids of their own": (window("12345", "ppppp", "NNNNN", UNDATED), ["N"] * 5),
    "one guid": (window("ggggg", "abcde", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "one guid, no dates": (window("ggggg", "abcde", "ABCDE", UNDATED), ["A", "B", "C", "D", "E"]),
    "one guid, one title, no dates": (window("ggggg", "abcde", "NNNNN", UNDATED), ["N"] * 5),
    "one guid, an edited title": (
        [*window("ggggg", "abcde", "ABCDE", DAYS), [entry("g", n, t, 4) for n, t in ("eE", "dX", "cC")]],
        ["A", "B", "C", "E", "X"],
    ),
    "one guid, one page": (window("ggggg", "ppppp", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "one guid, one page, no dates": (window("ggggg", "ppppp", "ABCDE", UNDATED), ["A", "B", "C", "D", "E"]),
    "one guid, one page, one date": (window("ggggg", "ppppp", "ABCDE", ONE_DAY), ["A", "B", "C", "D", "E"]),
    "one guid, one page, one title": (window("ggggg", "ppppp", "NNNNN", DAYS), ["N"] * 5),
    "one guid, no page": (window("ggggg", " " * 5, "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "one guid, then the window shrinks": (
        [*window("gggg", "abcd", "ABCD", DAYS[:4]), [a(page="e", title="E", day=5)]],
        ["A", "B", "C", "D", "E"],
    ),
    "alone first, then shared": ([[a()], [a(page="b", title="B", day=2), a()]], ["A", "B"]),
    "alone first, then gone": (
        [[a()], [a(page="c", title="C", day=3), a(page="b", title="B", day=2)]],
        ["A", "B", "C"],
    ),
    "shared, then alone": ([[a(page="b", title="B", day=2), a()], [a(page="b", title="B", day=2)]], ["A", "B"]),
    "the same entry twice": ([[a(), a()], [a(), a()]], ["A"]),
    "no guid": (window("     ", "abcde", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "no guid, edited title": ([[a("")], [a("", title="A2")]], ["A2"]),
    "no guid, one page": (window("     ", "ppppp", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "no guid, no page": (window("     ", "     ", "ABCDE", DAYS), ["A", "B", "C", "D", "E"]),
    "a new guid each time": ([[a("1")], [a("2")], [a("3")]], ["A"]),
    "a new guid and title": ([[a("1")], [a("2", title="A2")]], ["A2"]),
    "new guids for all": (
        [[a(f"{n}b", "b", "B", 2), a(f"{n}a")] for n in "123"],
        ["A", "B"],
    ),
    "new guids on one page are new posts": ([[a("1", "p", "A", 1)], [a("2", "p", "B", 2)]], ["A", "B"]),
    "the guid is the position": (
        [[a("1", "b", "B", 2), a("2")], [a("1", "c", "C", 3), a("2", "b", "B", 2), a("3")]],
        ["A", "B", "C"],
    ),
    "the guid is the position, no dates": (
        [[a("1", "b", "B", 0), a("2", day=0)], [a("1", "c", "C", 0), a("2", "b", "B", 0), a("3", day=0)]],
        ["A", "B", "C"],
    ),
}


@pytest.mark.parametrize("name", SEQUENCES)
def test_polls_keep_every_article_once(feed: Feed, name: str) -> None:
    documents, titles = SEQUENCES[name]
    for document in documents:
        poll(feed, document)
        stored = dict(Post.objects.values_list("pk", "content_hash"))
        poll(feed, document)
        assert dict(Post.objects.values_list("pk", "content_hash")) == stored
    assert sorted(Post.objects.values_list("title", flat=True)) == titles


@pytest.mark.parametrize("name", SEQUENCES)
def test_the_order_of_the_document_changes_nothing(feed: Feed, name: str) -> None:
    documents, titles = SEQUENCES[name]
    for turn, document in enumerate(documents):
        poll(feed, document[:: -1 if turn % 2 else 1])
    assert sorted(Post.objects.values_list("title", flat=True)) == titles


@pytest.mark.parametrize(
    "name",
    [
        "normal window",
        "one guid",
        "one guid, one page",
        "one guid, one page, one title",
        "no guid",
        "one guid, no dates",
    ],
)
@pytest.mark.parametrize("victim", range(3))
def test_a_removed_post_stays_away_and_takes_no_other_with_it(feed: Feed, name: str, victim: int) -> None:
    documents, titles = SEQUENCES[name]
    poll(feed, documents[0])
    gone = Post.objects.order_by("published_at")[victim]
    remove_posts([gone.pk])
    for document in [documents[0], *documents]:
        poll(feed, document)
    titles = [*titles]
    titles.remove(gone.title)
    assert sorted(Post.objects.values_list("title", flat=True)) == titles


@pytest.mark.parametrize(
    "back",
    [
        a(title="A2"),
        a(page="a2"),
        a(page="a2", title="A2"),
        a("new"),
    ],
)
def test_a_removed_post_does_not_come_back_edited(feed: Feed, back: RawEntry) -> None:
    poll(feed, [a()])
    remove_posts([Post.objects.get().pk])
    poll(feed, [back, a("other", "b", "B", 2)])
    assert list(Post.objects.values_list("title", flat=True)) == ["B"]


def test_a_removed_post_of_a_shared_guid_does_not_come_back_edited(feed: Feed) -> None:
    others = [a(page="c", title="C", day=3), a(page="b", title="B", day=2)]
    poll(feed, [*others, a()])
    remove_posts([Post.objects.get(title="A").pk])
    poll(feed, [*others, a(title="A2")])
    assert sorted(Post.objects.values_list("title", flat=True)) == ["B", "C"]


def test_a_feed_in_order_keeps_plain_guids(feed: Feed) -> None:
    for document in SEQUENCES["normal window"][0]:
        poll(feed, document)
    assert set(Post.objects.values_list("guid", flat=True)) == set("12345")
