"""The same post in two feeds is stored once, at home, and listed where else it stands."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Activity, Appearance, Blog, Feed, Post, Searchable
from aggregator.search.lexemes import blog_facet
from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person
from comments.store import Draft, publish
from tests.aggregator.doubles import blog_at, boats, counts, poll_together, stands
from tests.aggregator.incoming import NOW, incoming, store_posts

ONCE = [("On boats", "Blog aino", ["Blog planet"])]


@pytest.fixture
def aino_s(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "aino")


@pytest.fixture
def planet(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "planet")


def test_a_planet_that_comes_later_lists_the_post(aino_s: Feed, planet: Feed) -> None:
    store_posts(aino_s, boats())
    stored = store_posts(
        planet, boats("p1", title="Aino: On boats", permalink="http://aino.example/boats/?utm_source=p")
    )
    assert stands() == ONCE
    assert (stored.created, stored.updated) == (0, 0)
    assert counts() == {"Blog aino": 1, "Blog planet": 1}


def test_a_post_that_a_planet_had_first_comes_home(aino_s: Feed, planet: Feed, bo: Person) -> None:
    aino_s.blog.owners.add(bo)
    store_posts(planet, boats("p1", title="Aino: On boats", content_html="<p>cut</p>", content_hash="2" * 32))
    before = Post.objects.get()
    store_posts(aino_s, boats(author_name="bo", tags=("sea",)))
    post = Post.objects.get()
    assert stands() == ONCE
    assert (post.pk, post.published_at, post.guid, post.feed, post.author) == (
        before.pk,
        before.published_at,
        "boats",
        aino_s,
        bo,
    )
    assert (post.content_html, post.tagged_posts.count()) == ("<p>boats</p>", 1)
    assert counts() == {"Blog aino": 1, "Blog planet": 1}
    assert Blog.objects.get(title="Blog aino").last_post_at == post.published_at


def test_what_was_said_and_told_comes_home_with_it(aino_s: Feed, planet: Feed, bo: Person, aino: Person) -> None:
    store_posts(planet, boats("p1"))
    post = Post.objects.get()
    publish(Draft(bo, post, "Well said."), timezone.now())
    about = f"post:{post.pk}"
    event = Event(f"{about}:votes:5", about, None, post.title, "", post.get_absolute_url(), post.blog_id, NOW)
    tell(event, {aino.pk: Kind.MILESTONE})
    store_posts(aino_s, boats())
    home = aino_s.blog_id
    assert Activity.objects.get().blog_id == home
    assert set(Searchable.objects.values_list("blog", flat=True)) == {home}
    assert set(Notification.objects.values_list("scope", flat=True)) == {home}


def test_both_at_once_are_one_post(aino_s: Feed, planet: Feed) -> None:
    poll_together((planet, [boats("p1"), incoming("other")]), (aino_s, [boats()]))
    assert ONCE[0] in stands()
    assert Post.objects.count() == 2
    assert counts() == {"Blog aino": 1, "Blog planet": 2}


def test_two_feeds_of_one_blog_bring_one_post_and_show_it_once(aino_s: Feed) -> None:
    notes = Feed.objects.create(blog=aino_s.blog, url="https://aino.example/notes.xml", host="aino.example")
    store_posts(aino_s, boats())
    store_posts(notes, boats("n1"))
    assert stands() == [("On boats", "Blog aino", [])]
    assert counts() == {"Blog aino": 1}


def test_two_feeds_of_a_planet_list_it_once(aino_s: Feed, planet: Feed) -> None:
    second = Feed.objects.create(blog=planet.blog, url="https://planet.example/2.xml", host="planet.example")
    for feed in (planet, second, aino_s):
        store_posts(feed, boats(f"in {feed.pk}"))
    assert stands() == ONCE
    assert Appearance.objects.count() == 2
    assert counts() == {"Blog aino": 1, "Blog planet": 1}


def test_the_next_polls_change_nothing(aino_s: Feed, planet: Feed) -> None:
    for _ in range(3):
        store_posts(aino_s, boats())
        stored = store_posts(planet, boats("p1", title="Aino: On boats", content_hash="2" * 32))
    assert stands() == ONCE
    assert (stored.created, stored.updated) == (0, 0)
    assert counts() == {"Blog aino": 1, "Blog planet": 1}


def test_only_the_home_s_feed_edits_the_post(aino_s: Feed, planet: Feed) -> None:
    store_posts(aino_s, boats())
    store_posts(planet, boats("p1"))
    store_posts(planet, boats("p1", title="Shouting about boats", content_hash="2" * 32))
    assert Post.objects.get().title == "On boats"
    store_posts(aino_s, boats(title="On boats and seals", content_hash="3" * 32))
    assert Post.objects.get().title == "On boats and seals"


def test_a_planet_s_own_guids_may_change_without_a_double(aino_s: Feed, planet: Feed) -> None:
    store_posts(aino_s, boats())
    store_posts(planet, boats("build 1"))
    store_posts(planet, boats("build 2"))
    assert stands() == ONCE
    assert Appearance.objects.count() == 1


@pytest.mark.parametrize(
    "columns",
    [
        {"permalink": "https://aino.example/seals"},
        {"permalink": ""},
        {"title": "Something else", "excerpt": "Other words", "published_at": NOW - timedelta(days=3)},
    ],
)
def test_what_does_not_agree_stays_two_posts(aino_s: Feed, planet: Feed, columns: dict[str, object]) -> None:
    store_posts(aino_s, boats())
    store_posts(planet, boats("p1", **columns))
    assert Post.objects.count() == 2
    assert not Appearance.objects.exists()


def test_articles_that_share_a_permalink_are_never_merged(aino_s: Feed, planet: Feed) -> None:
    notes = [boats(str(n), title=f"Note {n}", permalink="https://aino.example/notes") for n in range(3)]
    store_posts(aino_s, *notes)
    store_posts(planet, *notes)
    assert Post.objects.count() == 6


def test_search_finds_it_with_both_blogs(aino_s: Feed, planet: Feed) -> None:
    store_posts(aino_s, boats())
    store_posts(planet, boats("p1"))
    store_posts(aino_s, boats(title="On boats and seals", content_hash="3" * 32))  # an edit writes the row anew
    words = Searchable.objects.get().words
    assert all(f"'{blog_facet(feed.blog_id)}'" in words for feed in (aino_s, planet))


def test_a_post_whose_permalink_changes_is_known_by_the_new_one(aino_s: Feed, planet: Feed) -> None:
    store_posts(aino_s, boats())
    moved = {"permalink": "https://aino.example/2026/boats", "content_hash": "2" * 32}
    store_posts(aino_s, boats(**moved))
    store_posts(planet, boats("p1", **moved))
    assert stands() == ONCE
