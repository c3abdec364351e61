"""From an alert to what it is about: one match itself, several where they are new; never what is hidden."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post, SavedSearch
from aggregator.removal import remove_posts
from aggregator.search import saving
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from bloghub.notifications.inbox import unread_count
from bloghub.notifications.models import Kind, Notification
from bloghub.people.models import Person
from tests.aggregator.pages import text_of
from tests.aggregator.search.asked import count_words
from tests.comments.saying import say, settle

pytestmark = pytest.mark.django_db
Publish = Callable[..., Post]


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def saved(aino: Person) -> SavedSearch:
    return saving.save(aino, Wanted("Our seals", "seal", True), timezone.now())


@pytest.fixture
def come(make_post: Callable[..., Post]) -> Publish:
    """A post comes in, and who asked for it is told."""

    def publish(title: str, **columns: object) -> Post:
        post = make_post(title=title, **columns)
        index_posts([post.pk])
        count_words()
        tell_of_matches(timezone.now())
        return post

    return publish


def opening(client: Client) -> str:
    """Where the newest row of the inbox leads in the end."""
    html = text_of(client, "/notifications/")
    found = re.search(r'formaction="([^"]*)"', html)
    assert found
    answer = client.post(found[1])
    while answer.status_code == 302 and "/matches/" in answer["Location"]:
        answer = client.get(answer["Location"])
    return str(answer["Location"])


def test_a_single_match_is_opened_itself(reader: Client, saved: SavedSearch, come: Publish, aino: Person) -> None:
    post = come("Seals")
    assert opening(reader) == post.get_absolute_url()
    assert unread_count(aino) == 0
    assert opening(reader) == post.get_absolute_url()  # read, it still leads there


def test_a_comment_is_opened_in_its_thread(reader: Client, saved: SavedSearch, come: Publish, bo: Person) -> None:
    post = come("Harbour")
    settle(bo, post)
    comment = say(bo, post, "The seal is worn.")
    tell_of_matches(timezone.now())
    assert opening(reader) == f"/comments/{comment.pk}/"


def test_several_are_opened_where_they_are_new(reader: Client, saved: SavedSearch, come: Publish) -> None:
    come("Old seals")
    opening(reader)
    come("Seals in autumn"), come("Seals in winter")
    address = opening(reader)
    assert address.startswith(f"/searches/{saved.pk}/?since=")
    html = text_of(reader, address)
    assert "2 new since" in html
    assert html.count('class="fresh"') == 2
    assert html.index("autumn") < html.index("Old ")
    assert html.rindex('class="fresh"') < html.index("Old ")
    assert 'class="fresh"' not in text_of(reader, f"/searches/{saved.pk}/")


def test_what_is_unread_is_marked_once(reader: Client, saved: SavedSearch, come: Publish) -> None:
    come("Seals")
    assert "1 new since" in text_of(reader, f"/searches/{saved.pk}/")
    assert "new since" not in text_of(reader, f"/searches/{saved.pk}/")
    for nonsense in ("yesterday", "2026-13-45T99:00", "2026-11-20T12:00"):
        assert "new since" not in text_of(reader, f"/searches/{saved.pk}/?since={nonsense}")


def test_what_is_gone_leads_to_the_search(reader: Client, saved: SavedSearch, come: Publish) -> None:
    post = come("Seals")
    address = Notification.objects.get().url
    remove_posts([post.pk])
    for path in (address, f"/searches/{saved.pk}/matches/nonsense/"):
        assert reader.get(path)["Location"] == f"/searches/{saved.pk}/"


def test_a_match_is_its_owners_and_only_shown(
    reader: Client, client: Client, saved: SavedSearch, come: Publish, bo: Person
) -> None:
    come("Seals")
    address = Notification.objects.get().url
    assert reader.post(address).status_code == 405
    client.force_login(bo)
    assert client.get(address).status_code == 404
    client.logout()
    assert "/sign-in/" in client.get(address)["Location"]
    assert Notification.objects.filter(read_at=None).count() == 1


def test_a_group_is_led_by_the_newest_that_may_be_seen(
    reader: Client, saved: SavedSearch, come: Publish, make_blog: Callable[..., Blog], crew: Group, aino: Person
) -> None:
    aino.groups.add(crew)
    open_one, newer = come("Open seals"), come("Newer seals")
    come("Secret seals", blog=make_blog("Bridge", for_groups=(crew,)))
    assert unread_count(aino) == 1
    aino.groups.clear()
    html = text_of(reader, "/notifications/")
    assert re.findall(r"(?!Our)[A-Z]\w+ seals", html) == ["Newer seals"]
    assert "2 in all" in html
    assert unread_count(aino) == 1
    remove_posts([newer.pk])
    assert opening(reader) == open_one.get_absolute_url()
    assert unread_count(aino) == 0
    assert "Open seals" in text_of(reader, "/notifications/")


def test_a_group_of_which_nothing_may_be_seen_is_not_there(
    reader: Client, saved: SavedSearch, come: Publish, make_blog: Callable[..., Blog], crew: Group, aino: Person
) -> None:
    aino.groups.add(crew)
    post = come("Secret seals", blog=make_blog("Bridge", for_groups=(crew,)))
    address = Notification.objects.get(kind=Kind.MATCH).url
    aino.groups.clear()
    assert "seals" not in text_of(reader, "/notifications/").replace("Our seals", "")
    assert unread_count(aino) == 0
    assert str(post.pk) not in reader.get(address)["Location"].removeprefix(f"/searches/{saved.pk}/")
