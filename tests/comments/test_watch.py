"""Watching and muting a conversation, by buttons that work without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from comments.models import Watch

ACTIONS = ["watch/", "watch/delete/", "watch/mute/"]


@pytest.fixture
def post(make_post: Callable[..., Post]) -> Post:
    return make_post()


def press(client: Client, post: Post, action: str, **headers: str) -> int:
    return client.post(f"/posts/{post.pk}/{action}", headers=headers).status_code


def test_watching_muting_and_neither(client: Client, aino: Person, post: Post) -> None:
    client.force_login(aino)
    for action, muted in (("watch/", [False]), ("watch/mute/", [True]), ("watch/", [False]), ("watch/delete/", [])):
        for _twice in range(2):
            assert press(client, post, action) == 302
        assert list(Watch.objects.values_list("muted", flat=True)) == muted


def test_a_script_gets_the_buttons_anew(client: Client, aino: Person, post: Post) -> None:
    client.force_login(aino)
    answer = client.post(f"/posts/{post.pk}/watch/", headers={"HX-Request": "true"})
    assert b'aria-pressed="true"' in answer.content
    assert b"<html" not in answer.content


@pytest.mark.parametrize("action", ACTIONS)
def test_it_rejects_get_and_strangers(client: Client, aino: Person, post: Post, action: str) -> None:
    assert press(client, post, action) == 302  # to the door
    client.force_login(aino)
    assert client.get(f"/posts/{post.pk}/{action}").status_code == 405
    assert not Watch.objects.exists()


@pytest.mark.parametrize("action", ACTIONS)
def test_a_post_one_may_not_see_does_not_exist(
    client: Client,
    aino: Person,
    crew: Group,
    make_blog: Callable[..., Blog],
    make_post: Callable[..., Post],
    action: str,
) -> None:
    client.force_login(aino)
    assert press(client, make_post(make_blog(for_groups=(crew,))), action) == 404


def test_hosts_are_told_anyway_and_can_mute(
    client: Client, aino: Person, bo: Person, make_post: Callable[..., Post]
) -> None:
    post = make_post(author=aino)
    post.blog.owners.set([bo])
    for host in (aino, bo):
        client.force_login(host)
        page = client.get(post.get_absolute_url()).content.decode()
        assert "You are told of new comments" in page
        assert "Tell me of new comments" not in page
        muted = client.post(f"/posts/{post.pk}/watch/mute/", headers={"HX-Request": "true"}).content.decode()
        assert "Tell me again" in muted
        again = client.post(f"/posts/{post.pk}/watch/delete/", headers={"HX-Request": "true"}).content.decode()
        assert "You are told of new comments" in again
