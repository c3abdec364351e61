"""A blog's own address for pushes: what it does, who sees it, and how it is changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Host, Push, PushWay, WebSubLease
from aggregator.pushing import hooks, pushes
from bloghub.people.models import Person


@pytest.fixture
def blog(make_blog: Callable[..., Blog], bo: Person) -> Blog:
    """Bo's, with an address for pushes."""
    made = make_blog("Engines")
    made.owners.add(bo)
    hooks.renew(made, "")
    made.refresh_from_db()
    return made


@pytest.fixture
def page(blog: Blog) -> str:
    return f"/blogs/{blog.slug}/polling/"


@pytest.fixture
def owner(client: Client, bo: Person) -> Client:
    client.force_login(bo)
    return client


def test_whoever_knows_the_address_can_have_the_blog_polled(client: Client, blog: Blog) -> None:
    answer = client.post(f"/hook/{blog.hook_key}/", b'{"any": "thing"}', content_type="application/json")
    assert (answer.status_code, answer.content) == (202, b"")
    assert Push.objects.get(feed__blog=blog).way == PushWay.HOOK


def test_it_answers_the_same_however_often(client: Client, blog: Blog) -> None:
    answers = [client.post(f"/hook/{blog.hook_key}/") for _ in range(3)]
    assert {(one.status_code, one.content) for one in answers} == {(202, b"")}
    assert Push.objects.count() == 1


def test_a_wrong_address_does_nothing(client: Client, blog: Blog, make_blog: Callable[..., Blog]) -> None:
    make_blog()  # without a key
    for key in ("wrong", blog.hook_key[:-1], "-"):
        assert client.post(f"/hook/{key}/").status_code == 404
    assert not Push.objects.exists()


def test_looking_at_it_does_nothing(client: Client, blog: Blog) -> None:
    """Chats and mail programs look at every link."""
    assert client.get(f"/hook/{blog.hook_key}/").status_code == 405
    assert not Push.objects.exists()


def test_only_owners_find_the_page(client: Client, blog: Blog, page: str, aino: Person, admin: Person) -> None:
    assert client.get(page).status_code == 302
    for person in (aino, admin):
        client.force_login(person)
        assert client.get(page).status_code == 404
        assert client.post(f"{page}hook/").status_code == 404
        assert page not in client.get(blog.get_absolute_url()).content.decode()
    blog.refresh_from_db()
    assert Blog.objects.get().hook_key == blog.hook_key


def test_an_owner_finds_what_to_paste(owner: Client, blog: Blog, page: str) -> None:
    assert page in owner.get(blog.get_absolute_url()).content.decode()
    html = owner.get(page).content.decode()
    assert f"http://127.0.0.1:8000/hook/{blog.hook_key}/" in html
    assert "http://127.0.0.1:8000/ping/" in html
    assert "no-store" in owner.get(page)["Cache-Control"]


def test_an_owner_sees_how_polls_and_pushes_went(owner: Client, blog: Blog, page: str) -> None:
    feed, now = blog.feeds.get(), timezone.now()
    blog.feeds.update(
        last_error="There is nothing at this address (404).",
        last_error_code="http_404",
        last_polled_at=now,
        failing_since=now - timedelta(days=3),
    )
    pushes.push([feed.pk], PushWay.PING, now)
    WebSubLease.objects.create(
        feed=feed,
        hub_url="https://hub.example/",
        topic_url=feed.url,
        state="active",
        expires_at=now + timedelta(days=1),
        last_push_at=now,
    )
    html = owner.get(page).content.decode()
    for words in (
        feed.url,
        "There is nothing at this address (404).",
        "Did the blog move, or change its engine?",
        "Failing since",
        "by a ping",
        "hub.example",
        "tells of new posts",
    ):
        assert words in html
    WebSubLease.objects.update(missed_at=now)
    assert "did not tell of a post" in owner.get(page).content.decode()
    WebSubLease.objects.update(state="refused", last_error="<b>No.")
    html = owner.get(page).content.decode()
    assert "will not tell us of new posts. &lt;b&gt;No." in html


def test_the_next_poll_is_never_in_the_past_and_waits_for_the_server(owner: Client, blog: Blog, page: str) -> None:
    now = timezone.now()
    blog.feeds.update(next_poll_at=now - timedelta(minutes=5))
    assert "in a moment" in owner.get(page).content.decode()
    until = now + timedelta(hours=1)
    Host.objects.update_or_create(name=blog.feeds.get().host, defaults={"slow_until": until})
    html = owner.get(page).content.decode()
    assert "in a moment" not in html
    assert until.strftime("%Y-%m-%dT%H:%M") in html


@pytest.mark.parametrize("by_script", [False, True], ids=["plain", "htmx"])
def test_a_new_address_ends_the_old_one(owner: Client, blog: Blog, page: str, by_script: bool) -> None:
    headers = {"HX-Request": "true"} if by_script else {}
    sent = {"instead_of": blog.hook_key}
    for _ in range(2):  # pressed twice
        answer = owner.post(f"{page}hook/", sent, headers=headers)
        assert (answer.status_code, answer["Location"]) == (302, page)
    fresh = Blog.objects.get().hook_key
    assert fresh not in ("", blog.hook_key) and len(fresh) > 40
    assert owner.post(f"/hook/{blog.hook_key}/").status_code == 404
    assert owner.post(f"/hook/{fresh}/").status_code == 202


def test_pressed_twice_the_button_makes_one_address(owner: Client, blog: Blog, page: str) -> None:
    owner.post(f"{page}hook/", {"instead_of": blog.hook_key})
    first = Blog.objects.get().hook_key
    owner.post(f"{page}hook/", {"instead_of": blog.hook_key})
    assert Blog.objects.get().hook_key == first


def test_looking_makes_no_address(owner: Client, blog: Blog, page: str) -> None:
    Blog.objects.update(hook_key="")
    assert "Make the address" in owner.get(page).content.decode()
    assert owner.get(f"{page}hook/").status_code == 405
    assert Blog.objects.get().hook_key == ""
    owner.post(f"{page}hook/", {"instead_of": ""})
    assert Blog.objects.get().hook_key != ""


# --- admins ------------------------------------------------------------------------------------------------------


@pytest.fixture
def desk(client: Client, admin: Person) -> Client:
    client.force_login(admin)
    return client


def test_an_admin_sees_it_and_can_make_a_new_one(desk: Client, blog: Blog) -> None:
    shown = desk.get(f"/admin/aggregator/blog/{blog.pk}/change/").content.decode()
    assert f"/hook/{blog.hook_key}/" in shown
    desk.post("/admin/aggregator/blog/", {"action": "renew_hook", "_selected_action": [blog.pk]})
    assert Blog.objects.get().hook_key != blog.hook_key


def test_an_admin_is_told_of_hubs_on_other_hosts(desk: Client, blog: Blog) -> None:
    feed = blog.feeds.get()
    lease = WebSubLease.objects.create(feed=feed, hub_url=f"https://{feed.host}/hub", topic_url=feed.url)
    there = "/admin/aggregator/websublease/"
    assert "on another host" not in desk.get(there).content.decode()
    WebSubLease.objects.update(hub_url="https://elsewhere.example/hub")
    assert "on another host than the feed" in desk.get(there).content.decode()
    assert lease.secret not in desk.get(f"{there}{lease.pk}/change/").content.decode()
    assert desk.get(f"{there}add/").status_code == 403
