"""Ending mails from the mail itself: one click, without any session, and nothing else can be ended so (RFC 8058)."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.notifications.models import Kind, Notification, Preference, Preferences
from bloghub.notifications.unsubscribing import DIGEST, NOTIFICATIONS, Mailing, unsubscribe_url
from bloghub.people.models import Person
from tests.notifications.conftest import Told


@pytest.fixture
def program() -> Client:
    """A mail program: it has no session and no token, and sends just what the header tells it to."""
    return Client(enforce_csrf_checks=True)


def path(person: Person, settings: Settings, mailing: Mailing = NOTIFICATIONS) -> str:
    settings.PUBLIC_URL = "https://blogs.example"
    return unsubscribe_url(person, mailing).removeprefix(settings.PUBLIC_URL)


def test_one_click_ends_the_mails_and_keeps_the_inbox(
    program: Client, told: Told, aino: Person, settings: Settings
) -> None:
    Preference.objects.create(person=aino, kind=Kind.FIRST, delivery="nothing")
    told(1, Kind.REPLY)
    for _twice in range(2):
        answer = program.post(path(aino, settings), {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
    assert dict(Preference.objects.values_list("kind", "delivery")) == {
        **dict.fromkeys(["moderation", "mention", "reply", "comment", "feed", "suggestion"], "inbox"),
        "first": "nothing",
    }
    assert Notification.objects.unread(aino).get().mail_due_at is None
    assert told(2, Kind.MENTION).mail_due_at is None


def test_the_digest_is_ended_by_itself(program: Client, told: Told, aino: Person, settings: Settings) -> None:
    assert told(1, Kind.WATCHED).in_digest
    html = program.post(path(aino, settings, DIGEST)).content.decode()
    assert "The digest does not come any more." in html
    assert Preferences.objects.get(person=aino).digest == "never"
    assert not Notification.objects.get().in_digest
    assert not Preference.objects.exists()


def test_looking_at_the_link_ends_nothing(program: Client, aino: Person, settings: Settings) -> None:
    html = program.get(path(aino, settings)).content.decode()
    assert "Stop them" in html
    assert not Preference.objects.exists()


def test_the_page_ends_it_without_javascript(client: Client, aino: Person, settings: Settings) -> None:
    client.force_login(aino)
    assert "No more of these mails" in client.post(path(aino, settings)).content.decode()


@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("token", ["x", "1.notifications", "1.notifications:abc", "%00", "1.digest:" + "a" * 500])
def test_what_we_have_not_signed_ends_nothing(program: Client, aino: Person, method: str, token: str) -> None:
    answer = getattr(program, method)(f"/notifications/mailings/{token}/ending/")
    assert answer.status_code == 404
    assert "This link ends nothing" in answer.content.decode()
    assert not Preference.objects.exists()


def test_one_persons_link_ends_nothing_of_anothers(
    program: Client, aino: Person, bo: Person, settings: Settings
) -> None:
    forged = path(aino, settings).replace(f"/{aino.pk}.", f"/{bo.pk}.")
    assert program.post(forged).status_code == 404
    assert not Preference.objects.exists()


def test_the_link_of_who_is_gone_ends_nothing(program: Client, aino: Person, settings: Settings) -> None:
    link = path(aino, settings)
    aino.delete()
    assert program.post(link).status_code == 404
