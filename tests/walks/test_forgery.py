"""Reading changes nothing, and what changes something must come from our own page (checks Z2 and Z3)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.models import Post
from bloghub.people.models import Person
from tests import everything
from tests.everything import Address, Conversation, browser_of
from tests.scale import scaled

# What needs no token of ours, and why that is no hole
OPEN_DOORS = {
    "csp-report/": "reads only a browser's complaint, into the log",
    "hook/<slug:key>/": "whoever forges it must know the secret in it, and may then as well send it",
    "ping/": "anybody may send one; it makes a registered feed due, once a minute",
    "ping": "the same",
    "RPC2": "the same",
    "websub/<slug:key>/": "a hub signs what it sends, and nothing of it is believed",
    "notifications/mailings/<str:token>/ending/": "mail programs send nothing but the signed address (RFC 8058)",
}


def test_every_address_is_walked(addresses: list[Address]) -> None:
    assert {address.route for address in addresses} == set(everything.routes())
    assert len(addresses) > len(everything.routes()) > 100


@pytest.mark.parametrize("who", scaled(["aino", "nobody", "judge", "bo", "root"], few=2))
def test_reading_every_page_changes_nothing(
    who: str, addresses: list[Address], admin: Person, settings: Settings
) -> None:
    """Not even that somebody has read it: pictures in posts ask for any address, with the reader's session."""
    settings.ANONYMOUS_READING = True
    client = browser_of(Person.objects.filter(username=who).first())
    before = everything.tables()
    assert before["comments_comment"][0] == 6
    failed = []
    for address in addresses:
        answers = client.head(address.path), client.get(address.path, headers={"Sec-Fetch-Dest": "image"})
        failed += [(answer.status_code, address.path) for answer in answers if answer.status_code >= 500]
    assert failed == []
    assert everything.tables() == before


FORGED: dict[str, dict[str, Any]] = {
    "without a token": {},
    "as JSON in plain text": {"content_type": "text/plain", "data": '{"body": "forged", "because": "forged"}'},
    "with a key for machines": {"headers": {"Authorization": "Bearer x"}},
}


@pytest.mark.parametrize("how", scaled(list(FORGED), few=2))
def test_nothing_is_done_for_a_form_that_is_not_ours(how: str, addresses: list[Address], admin: Person) -> None:
    client = browser_of(admin, strict=True)
    before = everything.tables()
    _refused(client, addresses, FORGED[how])
    assert everything.tables() == before


def test_nothing_is_done_for_a_page_of_another_host(addresses: list[Address], admin: Person) -> None:
    """With the token, which it could have got from a log or a mistake of ours."""
    client = browser_of(admin, strict=True)
    token = token_of(client)
    before = everything.tables()
    sent = {"data": {"csrfmiddlewaretoken": token, "body": "forged"}, "headers": {"Origin": "https://evil.example"}}
    _refused(client, addresses, sent)
    assert everything.tables() == before


def _refused(client: Client, addresses: list[Address], sent: Mapping[str, Any]) -> None:
    answers = {
        (address.route, client.post(address.path, **sent).status_code)
        for address in addresses
        if address.route not in OPEN_DOORS
    }
    assert {status for _route, status in answers} == {403}, [answer for answer in answers if answer[1] != 403]


def test_an_open_door_does_what_it_is_for_and_nothing_else(addresses: list[Address]) -> None:
    before = everything.tables()
    client = browser_of(None, strict=True)
    for address in addresses:
        if address.route in OPEN_DOORS:
            client.post(address.path, {"List-Unsubscribe": "One-Click", "person": 1})
    changed = {name for name, row in everything.tables().items() if row != before[name]}
    assert changed == {"notifications_preference", "notifications_notification", "aggregator_push"}


def token_of(client: Client) -> str:
    html = client.get("/settings/notifications/").content.decode()
    return html.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]


@pytest.mark.parametrize("lost", ["the token", "the cookie"])
def test_a_form_that_was_open_for_hours_keeps_its_text(lost: str, talk: Conversation, aino: Person) -> None:
    """Whatever has changed meanwhile: another sign-in made the token old, or the browser has forgotten its cookie."""
    client = browser_of(aino, strict=True)
    old = token_of(client)
    assert old
    if lost == "the token":
        client.cookies[hub_settings.CSRF_COOKIE_NAME] = "b" * 32
    else:
        del client.cookies[hub_settings.CSRF_COOKIE_NAME]
    words = "Three hours’ work, <b>not</b> to be lost"
    for path in (f"/posts/{talk.post.pk}/comments/new/", f"/comments/{talk.answer.pk}/edit/"):
        answer = client.post(path, {"csrfmiddlewaretoken": old, "body": words})
        assert answer.status_code == 403
        assert words in unescape(answer.content.decode())
        assert "<b>not" not in answer.content.decode()


def test_a_form_is_taken_after_eight_hours(
    talk: Conversation, aino: Person, make_post: Callable[..., Post], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing of the form itself grows old: neither its token nor its key."""
    client = browser_of(aino, strict=True)
    post = make_post()
    page = client.get(f"/posts/{post.pk}/comments/new/").content.decode()
    token = page.partition('name="csrfmiddlewaretoken" value="')[2].partition('"')[0]
    key = page.partition('name="key" value="')[2].partition('"')[0]
    later = timezone.now() + timedelta(hours=8)
    monkeypatch.setattr(timezone, "now", lambda: later)
    answer = client.post(
        f"/posts/{post.pk}/comments/new/", {"csrfmiddlewaretoken": token, "key": key, "body": "After eight hours."}
    )
    assert answer.status_code == 303
    assert post.comments.get().body == "After eight hours."
