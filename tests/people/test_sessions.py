"""Who stays signed in: as long as the session runs and the person may come in, and no longer."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from bloghub.people.models import Person

IN, OUT = 200, 302


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    assert client.get("/latest/").status_code == IN
    return client


def test_an_ended_session_is_over(reader: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert reader.get("/latest/").status_code == OUT


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(reader: Client) -> None:
    copy = Client()
    copy.cookies.update(reader.cookies)
    assert copy.get("/latest/").status_code == IN
    reader.post("/sign-out/")
    assert copy.get("/latest/").status_code == OUT


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "changed"}])
def test_who_was_shut_out_is_out_at_once(reader: Client, aino: Person, change: dict[str, object]) -> None:
    Person.objects.filter(pk=aino.pk).update(**change)
    assert reader.get("/latest/").status_code == OUT


def test_a_person_who_was_deleted_is_out(reader: Client, aino: Person) -> None:
    aino.delete()
    assert reader.get("/latest/").status_code == OUT


def test_a_made_up_session_is_nobodys(client: Client, db: None, settings: Settings) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert client.get("/latest/").status_code == OUT
