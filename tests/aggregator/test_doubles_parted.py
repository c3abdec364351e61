"""Posts in several feeds when an audience changes, a feed or a blog goes, or a moderator removes one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from aggregator.appearances import audience_changed
from aggregator.models import Activity, Appearance, Audience, Blog, Feed, Post, Searchable, Tombstone
from aggregator.polling.schedule import FeedFacts, after_success
from aggregator.polling.store import Finding, Validators, store
from aggregator.removal import remove_blogs, remove_feeds, remove_posts
from aggregator.search.lexemes import blog_facet
from bloghub.people.models import Person
from comments.models import Comment
from comments.store import Draft, publish
from tests.aggregator.doubles import blog_at, boats, counts, poll_together, stands
from tests.aggregator.incoming import NOW, claim, incoming, store_posts

APART: list[tuple[str, str, list[str]]] = [("On boats", "Blog aino", []), ("On boats", "Blog planet", [])]


@pytest.fixture
def aino_s(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "aino")


@pytest.fixture
def planet(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "planet")


@pytest.fixture
def shared(aino_s: Feed, planet: Feed) -> Post:
    """A post at home on aino's blog, listed by the planet, with a comment."""
    store_posts(aino_s, boats(), incoming("own", permalink="https://aino.example/own"))
    store_posts(planet, boats("p1"))
    return Post.objects.get(guid="boats")


def restrict(blog: Blog, group: Group) -> None:
    Blog.objects.filter(pk=blog.pk).update(audience=Audience.GROUPS)
    blog.audience_groups.add(group)


@pytest.mark.parametrize("restricted", ["aino", "planet"])
@pytest.mark.parametrize("together", [True, False])
def test_with_a_restricted_blog_nothing_is_merged(
    aino_s: Feed, planet: Feed, crew: Group, restricted: str, together: bool
) -> None:
    restrict({"aino": aino_s, "planet": planet}[restricted].blog, crew)
    if together:
        poll_together((aino_s, [boats()]), (planet, [boats("p1")]))
    else:
        store_posts(planet, boats("p1"))
        store_posts(aino_s, boats())
    assert sorted(stands()) == APART


def test_two_feeds_of_a_restricted_blog_bring_one_post(aino_s: Feed, crew: Group) -> None:
    restrict(aino_s.blog, crew)
    notes = Feed.objects.create(blog=aino_s.blog, url="https://aino.example/notes.xml", host="aino.example")
    store_posts(aino_s, boats())
    store_posts(notes, boats("n1"))
    assert stands() == [("On boats", "Blog aino", [])]


def test_a_home_that_becomes_restricted_takes_its_post_along(
    desk: Client, shared: Post, aino_s: Feed, planet: Feed, crew: Group
) -> None:
    form = {"title": "Blog aino", "slug": "aino", "audience": "groups", "audience_groups": [crew.pk], "owners": []}
    answer = desk.post(f"/admin/aggregator/blog/{aino_s.blog_id}/change/", form)
    assert answer.status_code == 302
    assert not Appearance.objects.exists()
    assert counts() == {"Blog aino": 2, "Blog planet": 0}
    assert f"'{blog_facet(planet.blog_id)}'" not in Searchable.objects.get(post=shared).words
    planet.refresh_from_db()
    assert (planet.body_hash, planet.etag) == ("", "")  # it is asked for all it has
    assert planet.next_poll_at <= timezone.now()
    store_posts(planet, boats("p1"))
    store_posts(aino_s, boats())
    assert ("On boats", "Blog planet", []) in stands()
    assert Post.objects.count() == 3


def test_a_poll_under_way_does_not_keep_the_planet_from_being_asked_in_full(
    shared: Post, aino_s: Feed, planet: Feed, crew: Group
) -> None:
    token, verdict = claim(planet), after_success(FeedFacts(), NOW, chance=0.5)
    restrict(aino_s.blog, crew)
    audience_changed([aino_s.blog_id])
    [stored] = store([Finding(planet.pk, verdict, Validators('"1"', "", "as before"))], token, NOW)
    assert stored.refused
    planet.refresh_from_db()
    assert (planet.body_hash, planet.etag) == ("", "")
    assert Feed.objects.due(timezone.now()).contains(planet)


def test_an_audience_that_was_changed_behind_our_back_is_found_out(
    shared: Post, aino_s: Feed, planet: Feed, crew: Group
) -> None:
    restrict(aino_s.blog, crew)
    store_posts(planet, boats("p1", content_hash="2" * 32))
    assert ("On boats", "Blog planet", []) in stands()
    assert not Appearance.objects.exists()


def test_a_restricted_page_found_by_a_new_feed_stays_apart(
    shared: Post, aino_s: Feed, make_blog: Callable[..., Blog], crew: Group
) -> None:
    restrict(aino_s.blog, crew)
    team = blog_at(make_blog, "team")
    store_posts(team, boats("t1"))
    assert ("On boats", "Blog team", []) in stands()


def test_an_open_blog_again_shares_what_is_new_to_others(
    shared: Post, aino_s: Feed, planet: Feed, make_blog: Callable[..., Blog], crew: Group
) -> None:
    restrict(aino_s.blog, crew)
    audience_changed([aino_s.blog_id])
    Blog.objects.filter(pk=aino_s.blog_id).update(audience=Audience.EVERYONE)
    audience_changed([aino_s.blog_id])
    team = blog_at(make_blog, "team")
    store_posts(team, boats("t1"))
    assert ("On boats", "Blog aino", ["Blog team"]) in stands()


@pytest.mark.parametrize("way", ["feed", "blog"])
def test_when_the_home_goes_the_planet_gets_the_post_and_its_talk(
    shared: Post, aino_s: Feed, planet: Feed, bo: Person, way: str
) -> None:
    publish(Draft(bo, shared, "Well said."), timezone.now())
    if way == "feed":
        remove_feeds([aino_s.pk])
    else:
        remove_blogs([aino_s.blog_id])
    assert stands() == [("On boats", "Blog planet", [])]
    assert Comment.objects.get().post_id == shared.pk
    assert Activity.objects.get().blog_id == planet.blog_id
    assert set(Searchable.objects.values_list("blog", flat=True)) == {planet.blog_id}
    assert counts()["Blog planet"] == 1
    stored = store_posts(planet, boats("p1"))
    assert (stored.created, stored.updated, Post.objects.count()) == (0, 0, 1)


def test_when_one_of_two_feeds_of_a_blog_goes_the_other_keeps_the_post(aino_s: Feed, planet: Feed) -> None:
    notes = Feed.objects.create(blog=aino_s.blog, url="https://aino.example/notes.xml", host="aino.example")
    for feed in (aino_s, planet, notes):
        store_posts(feed, boats(f"in {feed.pk}"))
    remove_feeds([aino_s.pk])
    assert stands() == [("On boats", "Blog aino", ["Blog planet"])]
    assert counts() == {"Blog aino": 1, "Blog planet": 1}


@pytest.mark.parametrize("way", ["feed", "blog"])
def test_when_the_planet_goes_the_home_keeps_its_post(shared: Post, planet: Feed, way: str) -> None:
    if way == "feed":
        remove_feeds([planet.pk])
        assert counts()["Blog planet"] == 0
    else:
        remove_blogs([planet.blog_id])
    assert ("On boats", "Blog aino", []) in stands()
    assert f"'{blog_facet(planet.blog_id)}'" not in Searchable.objects.get(post=shared).words


def test_a_restricted_home_leaves_nothing_to_a_planet(shared: Post, aino_s: Feed, planet: Feed, crew: Group) -> None:
    restrict(aino_s.blog, crew)
    remove_blogs([aino_s.blog_id])
    assert stands() == []


def test_a_removed_post_comes_back_through_no_feed(
    shared: Post, aino_s: Feed, planet: Feed, make_blog: Callable[..., Blog]
) -> None:
    remove_posts([shared.pk])
    assert counts() == {"Blog aino": 1, "Blog planet": 0}
    team = blog_at(make_blog, "team")
    for feed, guid in ((aino_s, "boats"), (planet, "p1"), (planet, "p2"), (team, "t1")):
        store_posts(feed, boats(guid))
    poll_together((aino_s, [boats("a2")]), (team, [boats("t2", permalink="http://aino.example/boats/")]))
    assert set(Post.objects.values_list("guid", flat=True)) == {"own"}


def test_a_removed_note_does_not_bury_the_others_of_its_page(aino_s: Feed, planet: Feed) -> None:
    notes = [boats(str(n), title=f"Note {n}", permalink="https://aino.example/notes") for n in range(3)]
    store_posts(aino_s, *notes[:2])
    remove_posts(Post.objects.filter(guid="1").values_list("pk", flat=True))
    assert not Tombstone.objects.exclude(page=None).exists()
    store_posts(planet, boats("n", title="Note 9", permalink="https://aino.example/notes"))
    assert Post.objects.filter(guid="n").exists()


def test_a_removed_restricted_post_does_not_come_through_an_open_feed(aino_s: Feed, planet: Feed, crew: Group) -> None:
    restrict(aino_s.blog, crew)
    store_posts(aino_s, boats(published_at=NOW - timedelta(days=2)))
    remove_posts(Post.objects.values_list("pk", flat=True))
    store_posts(planet, boats("p1"))
    assert not Post.objects.exists()
