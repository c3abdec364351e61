"""The first admin: a link from the console, for half an hour, while there is none."""

from __future__ import annotations

from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.core import signing
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.people import first_admin
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
FORM = {
    "display_name": "Rauha Niemi",
    "username": "rauha",
    "email": "rauha@x.example",
    "password": "tuuli käy lännestä",
}


@pytest.fixture
def link() -> str:
    return urlsplit(first_admin.setup_url()).path


def test_the_link_makes_an_admin_who_is_signed_in(client: Client, link: str) -> None:
    assert client.get(link).status_code == 200
    assert client.post(link, FORM).headers["Location"] == "/welcome/"
    assert client.get("/admin/").status_code == 200
    rauha = Person.objects.get()
    assert (rauha.username, str(rauha), rauha.is_superuser) == ("rauha", "Rauha Niemi", True)
    assert rauha.check_password(FORM["password"])


def test_it_works_once(client: Client, link: str) -> None:
    client.post(link, FORM)
    assert client.get(link).status_code == 404
    assert Client().post(link, FORM | {"username": "second"}).status_code == 404
    assert Person.objects.count() == 1


def test_of_two_at_once_one_becomes_admin(link: str) -> None:
    first = Person(username="one", display_name="One", email="1@x.example")
    second = Person(username="two", display_name="Two", email="2@x.example")
    assert first_admin.create(first, "x")
    assert not first_admin.create(second, "x")
    assert list(Person.objects.values_list("username", flat=True)) == ["one"]


def test_it_ends_after_half_an_hour(client: Client, link: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(first_admin, "LIFETIME", -1)
    assert client.get(link).status_code == 404


@pytest.mark.parametrize(
    "token",
    ["x", "ImZpcnN0LWFkbWluIg:1:x", signing.dumps("first-admin", salt="another")],
    ids=["short", "old", "other salt"],
)
def test_a_made_up_link_is_not_found(client: Client, token: str) -> None:
    assert client.get(f"/welcome/{token}/").status_code == 404
    assert client.post(f"/welcome/{token}/", FORM).status_code == 404


@pytest.mark.parametrize(
    ("field", "value"),
    [("password", "12345678"), ("password", "rauhaniemi"), ("password", ""), ("email", ""), ("username", "a b"),
     ("username", "\x00"), ("display_name", "")],
)  # fmt: skip
def test_what_is_wrong_is_said_beside_its_field(client: Client, link: str, field: str, value: str) -> None:
    response = client.post(link, FORM | {"username": "rauhaniemi", field: value})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert not Person.objects.exists()


def test_extra_fields_have_no_effect(client: Client, link: str) -> None:
    client.post(link, FORM | {"is_demo": "1", "time_zone": "Nowhere", "id": "7"})
    rauha = Person.objects.get()
    assert (rauha.is_demo, rauha.time_zone) == (False, "")


def hint() -> str:
    out = StringIO()
    call_command("signin_hint", stdout=out)
    return out.getvalue()


def test_the_console_is_told_the_link_and_then_the_door(client: Client, settings: Settings) -> None:
    told = hint()
    address = next(word for word in told.split() if "/welcome/" in word)
    assert address.startswith(settings.PUBLIC_URL)
    client.post(urlsplit(address).path, FORM)
    assert hint() == f"Sign in: {settings.PUBLIC_URL}/sign-in/\n"


def test_in_the_demo_the_console_names_its_door_first(settings: Settings) -> None:
    settings.DEMO = True
    Person.objects.create_superuser("saara", "s@x.example", display_name="Saara", is_demo=True)
    first, second = hint().splitlines()
    assert "one click" in first
    assert "/welcome/" in second


def test_the_new_admin_is_told_what_to_do_next(client: Client, link: str) -> None:
    page = client.post(link, FORM, follow=True).content.decode()
    assert "You are the first admin" in page
    assert 'href="/admin/aggregator/blog/add/">Register a blog' in page
    assert 'href="/admin/">Administration' in page


def test_nobody_else_is_called_the_first_admin(client: Client, aino: Person) -> None:
    client.force_login(aino)
    assert client.get("/welcome/").status_code == 404


def test_a_link_that_ended_says_so_and_how_to_get_another(client: Client) -> None:
    page = client.get("/welcome/mistyped/")
    assert page.status_code == 404
    assert "This link has expired or was used" in page.content.decode()
    assert "manage.py signin_hint" in page.content.decode()


def test_what_a_password_needs_is_a_list_of_sentences(client: Client, link: str) -> None:
    assert client.get(link).content.decode().count("<li>Your password ") == 4
