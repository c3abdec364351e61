"""A blogger whom the hub knew by a mail address claims their blog."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post
from bloghub.lib.mail import Letter, LetterRefusedError
from bloghub.people.models import Person
from comments import claim_letters, claiming
from comments.models import Claim, Comment, CommentState


@pytest.fixture
def link(make_post: Callable[..., Post], aino: Person, say: Callable[..., Comment]) -> str:
    """The path of a link for a blog whose only post names Bo as its writer."""
    post = make_post(author_name="Bo Ekdahl")
    Blog.objects.filter(pk=post.blog_id).update(contact_email="bo@home.example")
    post.blog.refresh_from_db()
    claiming.invite(post.blog, say(aino, post), timezone.now())
    [invitation] = claiming.take_unsent(timezone.now())
    assert invitation.email == "bo@home.example"
    return urlsplit(invitation.url).path


def test_the_link_asks_first_and_changes_nothing_by_being_opened(client: Client, bo: Person, link: str) -> None:
    client.force_login(bo)
    assert b"Is this your blog?" in client.get(link).content
    assert not Claim.objects.get().claimed_at


def test_saying_yes_makes_the_reader_owner_and_writer(client: Client, bo: Person, link: str) -> None:
    client.force_login(bo)
    answer = client.post(link, follow=True)
    assert answer.status_code == 200
    assert list(Blog.objects.get().owners.all()) == [bo]
    assert Post.objects.get().author == bo


def test_the_link_works_once(client: Client, bo: Person, aino: Person, link: str) -> None:
    client.force_login(bo)
    client.post(link)
    client.force_login(aino)
    assert client.post(link).status_code == 410
    assert client.get(link).status_code == 410
    assert list(Blog.objects.get().owners.all()) == [bo]


def test_it_needs_sign_in(client: Client, link: str) -> None:
    assert client.get(link).status_code == 302
    assert client.post(link).status_code == 302
    assert not Blog.objects.get().owners.exists()


@pytest.mark.parametrize("spoil", [lambda link: link[:-3] + "aa/", lambda link: link.replace(":", ";", 1)])
def test_a_link_that_is_not_ours_opens_nothing(
    client: Client, bo: Person, link: str, spoil: Callable[[str], str]
) -> None:
    client.force_login(bo)
    assert client.post(spoil(link)).status_code == 410
    assert not Blog.objects.get().owners.exists()


@pytest.mark.parametrize(("days", "status"), [(59, 200), (61, 410)])
def test_it_ends_after_sixty_days(
    client: Client, bo: Person, link: str, monkeypatch: pytest.MonkeyPatch, days: int, status: int
) -> None:
    then = time.time() + timedelta(days=days).total_seconds()
    client.force_login(bo)
    monkeypatch.setattr(time, "time", lambda: then)
    assert client.get(link).status_code == status


def test_an_invitation_is_taken_once(link: str) -> None:
    assert claiming.take_unsent(timezone.now()) == []
    claiming.put_back(Blog.objects.get())
    assert len(claiming.take_unsent(timezone.now())) == 1


def test_the_words_of_a_comment_that_was_hidden_since_are_in_no_mail(
    make_post: Callable[..., Post], aino: Person, say: Callable[..., Comment]
) -> None:
    comment = say(aino, make_post(), excerpt="Awful words", state=CommentState.HIDDEN)
    Blog.objects.update(contact_email="bo@home.example")
    claiming.invite(Blog.objects.get(), comment, timezone.now())
    [invitation] = claiming.take_unsent(timezone.now())
    letter = claim_letters.letter(invitation)
    assert "Awful" not in letter.text + letter.html
    assert invitation.url in letter.text


@pytest.mark.parametrize(("lasting", "days", "again"), [(False, 0, True), (False, 3, False), (True, 0, False)])
def test_a_mail_server_that_asks_to_come_again_is_asked_again(
    link: str, monkeypatch: pytest.MonkeyPatch, lasting: bool, days: int, again: bool
) -> None:
    claiming.put_back(Blog.objects.get())

    class Refusing:
        def send(self, letter: Letter) -> None:
            raise LetterRefusedError("451 come again", lasting=lasting)

    monkeypatch.setattr(claim_letters, "outbox", lambda: nullcontext(Refusing()))
    now = timezone.now() + timedelta(days=days)
    assert claim_letters.send_invitations(now) == 0
    assert bool(claiming.take_unsent(now)) == again
