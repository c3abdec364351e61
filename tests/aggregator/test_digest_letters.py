"""Digests as letters: what a reader finds in the mailbox, and what happens when the mail server is away."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client

from aggregator import digest_letters
from aggregator.models import Audience, Blog, Digest, DigestState, Post
from bloghub.lib.mail import Letter, LetterRefusedError, ServerTroubleError
from bloghub.notifications.models import Delivery, DigestRhythm, Kind, Preference, Preferences
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person

NOW = datetime(2026, 11, 23, 6, tzinfo=UTC)


class Mailbox:
    """Takes letters, unless told to be in trouble."""

    def __init__(self) -> None:
        self.letters: list[Letter] = []
        self.trouble: Exception | None = None
        self.takes = 10**6

    def send(self, letter: Letter) -> None:
        if self.trouble and len(self.letters) >= self.takes:
            raise self.trouble
        self.letters.append(letter)


@pytest.fixture
def mailbox(monkeypatch: pytest.MonkeyPatch) -> Mailbox:
    box = Mailbox()

    @contextmanager
    def outbox() -> Iterator[Mailbox]:
        yield box

    monkeypatch.setattr(digest_letters, "outbox", outbox)
    return box


@pytest.fixture
def week(aino: Person, bo: Person) -> list[Digest]:
    """Two digests that are due."""
    since = NOW - timedelta(days=7)
    return [Digest.objects.create(person=person, since=since, until=NOW) for person in (aino, bo)]


def states() -> list[str]:
    return list(Digest.objects.order_by("pk").values_list("state", flat=True))


def test_each_gets_one_letter_and_running_again_sends_none(
    mailbox: Mailbox, week: list[Digest], make_post: Callable[..., Post]
) -> None:
    make_post(title="Gears & <b>oil</b>", published_at=NOW - timedelta(days=1), vote_count=2)
    for _twice in range(2):
        digest_letters.deliver(NOW)
    assert [letter.to for letter in mailbox.letters] == ["aino@example.com", "bo@example.com"]
    assert states() == [DigestState.SENT] * 2
    letter = mailbox.letters[0]
    assert letter.subject == "What colleagues wrote: Gears & <b>oil</b>"
    assert "Gears & <b>oil</b>" in letter.text
    assert "Gears &amp; &lt;b&gt;oil&lt;/b&gt;" in letter.html
    assert "/posts/" in letter.text
    assert letter.unsubscribe_url in letter.text
    assert letter.unsubscribe_url in letter.html


def test_what_is_no_comment_is_called_what_it_is(
    mailbox: Mailbox, week: list[Digest], aino: Person, make_post: Callable[..., Post]
) -> None:
    post = make_post(title="Gears")
    for kind in (Kind.MODERATION, Kind.MILESTONE):
        Preference.objects.create(person=aino, kind=kind, delivery=Delivery.DIGEST)
        secret = kind == Kind.MODERATION
        event = Event(f"{kind}:1", "one", None, post.title, "Words", "/comments/1/", post.blog_id, NOW, secret)
        tell(event, {aino.pk: kind}, NOW)
    digest_letters.deliver(NOW)
    [letter] = mailbox.letters
    for text in (letter.text, letter.html):
        assert "There is news of a flagged comment" in text
        assert "Colleagues found your words worth reading" in text
        assert text.count("Gears") == 1
        assert "new comment" not in text
        assert "only some groups" not in text


def test_nothing_to_say_is_no_mail(mailbox: Mailbox, week: list[Digest]) -> None:
    digest_letters.deliver(NOW)
    assert mailbox.letters == []
    assert states() == [DigestState.EMPTY] * 2


def test_when_the_server_goes_away_the_rest_is_sent_later(
    mailbox: Mailbox, week: list[Digest], make_post: Callable[..., Post]
) -> None:
    make_post(published_at=NOW - timedelta(days=1), vote_count=2)
    mailbox.trouble, mailbox.takes = ServerTroubleError("away"), 1
    assert digest_letters.deliver(NOW) == 1
    mailbox.trouble = None
    digest_letters.deliver(NOW + timedelta(minutes=1))
    assert [letter.to for letter in mailbox.letters] == ["aino@example.com", "bo@example.com"]


def test_a_refused_letter_does_not_stop_the_others(
    mailbox: Mailbox, week: list[Digest], make_post: Callable[..., Post]
) -> None:
    make_post(published_at=NOW - timedelta(days=1), vote_count=2)
    mailbox.trouble, mailbox.takes = LetterRefusedError("no such user", lasting=True), 0
    assert digest_letters.deliver(NOW) == 2
    assert states() == [DigestState.SENT] * 2


def test_what_could_not_be_sent_for_a_day_is_given_up(
    mailbox: Mailbox, week: list[Digest], make_post: Callable[..., Post]
) -> None:
    make_post(published_at=NOW - timedelta(days=1), vote_count=2)
    digest_letters.deliver(NOW + timedelta(hours=21))
    assert mailbox.letters == []


def test_one_can_look_at_it_before_it_comes(client: Client, aino: Person, make_post: Callable[..., Post]) -> None:
    Preferences.objects.create(person=aino, digest=DigestRhythm.DAILY)
    make_post(title="Fresh today", vote_count=1)
    make_post(title="Last week", vote_count=1, ago=timedelta(days=3))
    client.force_login(aino)
    page = client.get("/settings/digest/").content.decode()
    assert "Fresh today" in page
    assert "Last week" not in page


def test_without_news_the_look_says_that_none_would_come(client: Client, aino: Person) -> None:
    client.force_login(aino)
    assert "There would be nothing to say" in client.get("/settings/digest/").content.decode()


def test_the_look_needs_sign_in_and_rejects_post(client: Client, aino: Person) -> None:
    assert client.get("/settings/digest/").status_code == 302
    client.force_login(aino)
    assert client.post("/settings/digest/").status_code == 405


def test_a_letter_to_be_tried_again_is_tried_again(
    mailbox: Mailbox, aino: Person, bo: Person, make_post: Callable[..., Post]
) -> None:
    Digest.objects.create(person=aino, since=NOW - timedelta(days=7), until=NOW)
    waits(aino, make_post(title="Gears"), bo, NOW - timedelta(hours=1))
    mailbox.trouble, mailbox.takes = LetterRefusedError("451 come again", lasting=False), 0
    digest_letters.deliver(NOW)
    mailbox.trouble = None
    digest_letters.deliver(NOW + timedelta(minutes=1))
    assert mailbox.letters == []
    digest_letters.deliver(NOW + timedelta(minutes=15))
    assert ["Gears" in letter.text for letter in mailbox.letters] == [True]


def test_what_stood_in_one_digest_does_not_stand_in_the_next(
    mailbox: Mailbox, aino: Person, bo: Person, make_post: Callable[..., Post]
) -> None:
    waits(aino, make_post(title="Gears"), bo, NOW + timedelta(minutes=2))  # after it was due, before it was written
    for day in range(2):
        until = NOW + timedelta(days=day)
        Digest.objects.create(person=aino, since=until - timedelta(days=1), until=until)
        digest_letters.deliver(until + timedelta(minutes=4))
    assert ["Gears" in letter.text for letter in mailbox.letters] == [True]


def test_a_blog_that_is_restricted_meanwhile_is_in_no_later_letter(
    mailbox: Mailbox, week: list[Digest], make_post: Callable[..., Post]
) -> None:
    post = make_post(published_at=NOW - timedelta(days=1), vote_count=2)
    digest_letters.deliver(NOW, limit=1)
    Blog.objects.filter(pk=post.blog_id).update(audience=Audience.GROUPS)
    digest_letters.deliver(NOW, limit=1)
    assert [letter.to for letter in mailbox.letters] == ["aino@example.com"]


def waits(person: Person, post: Post, actor: Person, when: datetime) -> None:
    """A comment on this post waits for the digest of ``person``."""
    event = Event("comment:1", f"post:{post.pk}", actor.pk, post.title, "Words", "/comments/1/", post.blog_id, when)
    tell(event, {person.pk: Kind.WATCHED}, when)
