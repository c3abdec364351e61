"""The demo's people come in with one click: on this machine, in the demo, and nowhere else."""

from __future__ import annotations

import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
CLICK = "/sign-in/demo/"


@pytest.fixture
def saara(settings: Settings) -> Person:
    """One of the demo's people, in a running demo."""
    settings.DEMO = True
    return Person.objects.create(username="saara", display_name="Saara Mäkinen", email="s@x.example", is_demo=True)


def test_one_click_signs_in_and_leads_on(client: Client, saara: Person) -> None:
    assert "Saara Mäkinen" in client.get("/sign-in/").content.decode()
    response = client.post(CLICK, {"username": "saara", "next": "/blogs/"})
    assert response.headers["Location"] == "/blogs/"
    assert client.get("/blogs/").status_code == 200


def test_nobody_is_led_elsewhere(client: Client, saara: Person) -> None:
    assert client.post(CLICK, {"username": "saara", "next": "https://evil.example"}).headers["Location"] == "/"


def test_it_rejects_get_and_forged_posts(client: Client, saara: Person) -> None:
    assert client.get(CLICK, {"username": "saara"}).status_code == 405
    assert Client(enforce_csrf_checks=True).post(CLICK, {"username": "saara"}).status_code == 403


@pytest.mark.parametrize("address", ["10.0.0.5", "", "nonsense", "::ffff:10.0.0.5"])
def test_it_is_for_this_machine_only(client: Client, saara: Person, address: str) -> None:
    assert client.post(CLICK, {"username": "saara"}, REMOTE_ADDR=address).status_code == 404
    assert "Saara" not in client.get("/sign-in/", REMOTE_ADDR=address).content.decode()


def test_without_the_demo_there_is_no_such_page(client: Client, saara: Person, settings: Settings) -> None:
    settings.DEMO = False
    assert client.post(CLICK, {"username": "saara"}).status_code == 404
    assert "Saara" not in client.get("/sign-in/").content.decode()


@pytest.mark.parametrize("username", ["aino", "nobody", "", "\x00"])
def test_real_people_are_never_signed_in(client: Client, saara: Person, aino: Person, username: str) -> None:
    assert client.post(CLICK, {"username": username}).status_code == 404
    assert client.get("/latest/").status_code == 302


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP", "Via"])
def test_who_comes_through_a_proxy_is_not_on_this_machine(client: Client, saara: Person, header: str) -> None:
    assert client.post(CLICK, {"username": "saara"}, headers={header: "127.0.0.1"}).status_code == 404
