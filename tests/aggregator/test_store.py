"""What a poll writes: new posts once, edits in place, nothing under a lost lease."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest

from aggregator.models import Blog, Enclosure, Feed, Post, Tag
from aggregator.polling.schedule import FeedFacts, after_trouble
from aggregator.polling.store import Finding, store
from aggregator.polling.types import IncomingEnclosure, Trouble, TroubleKind
from aggregator.removal import remove_posts
from bloghub.people.models import Person
from tests.aggregator.incoming import NOW, claim, finding, incoming, store_posts


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog("Sea trials").feeds.get()


def tags_of(post: Post) -> list[tuple[str, str]]:
    """Names and slugs, in their order."""
    return list(post.tagged_posts.order_by("position").values_list("tag__name", "tag__slug"))


def test_new_posts_are_stored_with_their_tags_and_files(feed: Feed) -> None:
    song = IncomingEnclosure("https://blogs.example/a.mp3", "audio/mpeg", 12345, "A song", 61)
    stored = store_posts(feed, incoming("a", tags=("C++", "Sea Trials"), enclosures=(song,)), incoming("b"))
    post = Post.objects.get(guid="a")
    assert (stored.created, stored.updated) == (2, 0)
    assert tags_of(post) == [("C++", "cplusplus"), ("Sea Trials", "sea-trials")]
    assert [(file.url, file.kind, file.duration) for file in post.enclosures.all()] == [(song.url, "audio", 61)]


def test_a_second_poll_of_the_same_doubles_nothing(feed: Feed) -> None:
    post = incoming("a", tags=("sea",), enclosures=(IncomingEnclosure("https://blogs.example/a.pdf"),))
    store_posts(feed, post)
    again = store_posts(feed, post)
    assert (again.created, again.updated) == (0, 0)
    assert (Post.objects.count(), Tag.objects.count(), Enclosure.objects.count()) == (1, 1, 1)


def test_an_edit_changes_the_post_and_keeps_its_place_and_address(feed: Feed) -> None:
    store_posts(feed, incoming("a", title="Befor", tags=("one", "two")))
    before = Post.objects.get()
    store_posts(feed, incoming("a", title="Before", tags=("two", "three"), published_at=NOW))
    after = Post.objects.get()
    assert (after.title, tags_of(after)) == ("Before", [("two", "two"), ("three", "three")])
    assert (after.pk, after.published_at, after.first_seen_at) == (before.pk, before.published_at, before.first_seen_at)


def test_the_same_guid_in_two_feeds_is_two_posts(make_blog: Callable[..., Blog]) -> None:
    store_posts(make_blog().feeds.get(), incoming("1", permalink="https://blogs.example/aino/1"))
    store_posts(make_blog().feeds.get(), incoming("1", permalink="https://blogs.example/bo/1"))
    assert Post.objects.count() == 2


def test_a_worker_whose_lease_has_passed_on_writes_nothing(feed: Feed) -> None:
    zombie = claim(feed)
    Feed.objects.update(lease_until=NOW - timedelta(seconds=1))
    Feed.objects.free(NOW).claim(NOW, limit=1)
    [stored] = store([finding(feed, incoming("a"))], zombie, NOW)
    assert stored.refused
    assert not Post.objects.exists()
    assert Feed.objects.get().last_polled_at is None


def test_a_batch_stores_the_feeds_it_holds_and_refuses_the_others(make_blog: Callable[..., Blog]) -> None:
    mine, lost = make_blog().feeds.get(), make_blog().feeds.get()
    token = claim(mine, lost)
    Feed.objects.filter(pk=lost.pk).update(lease_token=uuid.uuid4())
    stored = store([finding(lost, incoming("a")), finding(mine, incoming("b"))], token, NOW)
    assert {row.feed_id: row.refused for row in stored} == {mine.pk: False, lost.pk: True}
    assert Post.objects.get().feed_id == mine.pk


def test_the_lease_is_given_back_with_the_schedule_and_the_validators(feed: Feed) -> None:
    store_posts(feed, incoming("a"))
    feed.refresh_from_db()
    assert (feed.lease_token, feed.lease_until) == (None, None)
    assert (feed.etag, feed.body_hash, feed.format, feed.last_polled_at, feed.last_changed_at) == (
        '"1"',
        "hash",
        "atom10",
        NOW,
        NOW,
    )
    assert feed.next_poll_at > NOW


def test_trouble_is_kept_with_its_reason_and_touches_no_post(feed: Feed) -> None:
    store_posts(feed, incoming("a"))
    trouble = Trouble(TroubleKind.NOT_A_FEED, "web_page", "The address answers with a web page.", hint="")
    verdict = after_trouble(FeedFacts(), trouble, NOW, chance=0.5)
    store([Finding(feed.pk, verdict, trouble=trouble)], claim(feed), NOW)
    feed.refresh_from_db()
    assert (feed.last_error, feed.last_error_code, feed.consecutive_failures) == (trouble.reason, "web_page", 1)
    assert (feed.etag, feed.failing_since) == ('"1"', NOW)
    assert Post.objects.count() == 1


def test_success_clears_the_error(feed: Feed) -> None:
    test_trouble_is_kept_with_its_reason_and_touches_no_post(feed)
    store_posts(feed, incoming("a"))
    feed.refresh_from_db()
    assert (feed.last_error, feed.last_error_kind, feed.is_ill) == ("", "", False)


def test_the_blog_counts_its_posts(feed: Feed) -> None:
    store_posts(feed, incoming("a"), incoming("b", published_at=NOW - timedelta(hours=2)))
    store_posts(
        feed, incoming("b", published_at=NOW - timedelta(hours=2)), incoming("c", published_at=NOW - timedelta(days=9))
    )
    blog = Blog.objects.get()
    assert (blog.post_count, blog.last_post_at) == (3, NOW - timedelta(hours=2))


@pytest.mark.parametrize(
    ("named", "mail", "found"),
    [
        ("Bo Ekdahl", "", True),
        ("BO", "", True),
        ("", "", True),
        ("", "bo@example.com", True),
        ("Aino Lehtinen", "", False),
        ("CEO", "root@example.com", False),
    ],
)
def test_a_post_is_linked_to_an_owner_only(
    feed: Feed, bo: Person, aino: Person, named: str, mail: str, found: bool
) -> None:
    feed.blog.owners.add(bo)
    store_posts(feed, incoming("a", author_name=named, author_email=mail))
    assert Post.objects.get().author == (bo if found else None)


def test_with_two_owners_a_nameless_post_is_nobodys(feed: Feed, bo: Person, aino: Person) -> None:
    feed.blog.owners.add(bo, aino)
    store_posts(feed, incoming("a"), incoming("b", author_name="aino lehtinen"))
    assert Post.objects.get(guid="a").author is None
    assert Post.objects.get(guid="b").author == aino


@pytest.mark.parametrize(
    ("one", "other"), [("Machine Learning", "machine-learning"), ("#5G", "5g"), ("Straße", "STRASSE")]
)
def test_spellings_of_one_tag_are_one_tag(feed: Feed, one: str, other: str) -> None:
    store_posts(feed, incoming("a", tags=(one, other)), incoming("b", tags=(other,)))
    assert Tag.objects.get().name in {one, other}
    assert Tag.objects.get().tagged_posts.count() == 2


def test_a_removed_post_never_comes_back(feed: Feed) -> None:
    store_posts(feed, incoming("a"), incoming("b"))
    assert remove_posts(Post.objects.filter(guid="a").values_list("pk", flat=True)) == 1
    stored = store_posts(feed, incoming("a", title="Again"), incoming("b"), incoming("c"))
    assert (stored.created, stored.updated) == (1, 0)
    assert set(Post.objects.values_list("guid", flat=True)) == {"b", "c"}
    assert Blog.objects.get().post_count == 2


@pytest.mark.parametrize("text", [r"C:\new\temp \N \. \\", "a\tb\nc\rd\r\n", "\\", r"\N", "naïve 日本 🚢", "''\"%s{}"])
def test_text_is_stored_letter_by_letter(feed: Feed, text: str) -> None:
    file = IncomingEnclosure("https://blogs.example/a.mp3", "audio/mpeg", None, text)
    store_posts(feed, incoming("a", title=text, content_html=text, permalink=text, enclosures=(file,)))
    post = Post.objects.get()
    assert (post.title, post.content_html, post.permalink) == (text, text, text)
    assert Enclosure.objects.get().title == text


def test_the_only_post_of_a_feed_stays_removed(feed: Feed) -> None:
    store_posts(feed, incoming("a"))
    remove_posts(Post.objects.values_list("pk", flat=True))
    assert store_posts(feed, incoming("a")).created == 0
