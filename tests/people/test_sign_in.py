"""Coming in and going out."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from bloghub.people import throttle
from bloghub.people.models import Person, SignInAttempt

pytestmark = pytest.mark.django_db
DOOR = "/sign-in/"
PASSWORD = "a long word of passage"


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture
def bo_with_password(bo: Person) -> Person:
    bo.set_password(PASSWORD)
    bo.save()
    return bo


def knock(client: Client, username: str = "bo", password: str = "wrong", **more: str) -> int:
    """Tries to sign in; the status of the answer."""
    return client.post(DOOR, {"username": username, "password": password} | more).status_code


def is_in(client: Client) -> bool:
    return client.get("/latest/").status_code == 200


def test_name_and_password_open_the_hub(client: Client, bo_with_password: Person) -> None:
    response = client.post(DOOR, {"username": "bo", "password": PASSWORD, "next": "/blogs/"})
    assert response.headers["Location"] == "/blogs/"
    assert is_in(client)


def test_a_wrong_password_is_told_beside_the_form(client: Client, bo_with_password: Person) -> None:
    response = client.post(DOOR, {"username": "bo", "password": "wrong"})
    assert response.status_code == 200
    assert "No account has this user name and password" in response.content.decode()
    assert not is_in(client)


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_led_elsewhere(client: Client, bo_with_password: Person, wanted: str) -> None:
    response = client.post(DOOR, {"username": "bo", "password": PASSWORD, "next": wanted})
    assert response.headers["Location"] == "/"


def test_somebody_switched_off_stays_out(client: Client, bo_with_password: Person) -> None:
    Person.objects.update(is_active=False)
    knock(client, password=PASSWORD)
    assert not is_in(client)


def test_signing_out_needs_a_post_and_ends_the_session(client: Client, bo: Person) -> None:
    client.force_login(bo)
    assert client.get("/sign-out/").status_code == 405
    assert is_in(client)
    assert client.post("/sign-out/").headers["Location"] == DOOR
    assert not is_in(client)


def test_the_door_is_not_kept_by_browsers(client: Client) -> None:
    assert "no-store" in client.get(DOOR).headers["Cache-Control"]


def test_the_admin_has_no_door_of_its_own(client: Client, db: None) -> None:
    response = client.get("/admin/login/?next=/admin/aggregator/")
    assert response.headers["Location"] == "/sign-in/?next=%2Fadmin%2Faggregator%2F"
    assert client.post("/admin/login/", {"username": "bo", "password": "x"}).status_code == 302


def test_the_eleventh_wrong_try_is_refused_and_told_when_to_come_again(
    client: Client, bo_with_password: Person
) -> None:
    assert [knock(client) for _try in range(11)] == [200] * 10 + [429]
    response = client.post(DOOR, {"username": "bo", "password": PASSWORD})
    assert response.status_code == 429
    assert 0 < int(response.headers["Retry-After"]) <= throttle.WINDOW.total_seconds()
    assert "Too many wrong tries" in response.content.decode()


def test_tries_count_per_account_from_wherever_they_come(client: Client, bo_with_password: Person) -> None:
    spellings = ["bo", "BO", " bo "]
    for number in range(10):
        client.post(DOOR, {"username": spellings[number % 3], "password": "x"}, REMOTE_ADDR=f"10.0.0.{number}")
    assert client.post(DOOR, {"username": "bo", "password": PASSWORD}, REMOTE_ADDR="10.0.1.1").status_code == 429


def test_tries_count_per_address_whatever_the_account(client: Client, bo_with_password: Person) -> None:
    assert [knock(client, username=f"name{number}") for number in range(11)][-1] == 429
    other = client.post(DOOR, {"username": "bo", "password": PASSWORD}, REMOTE_ADDR="10.0.0.9")
    assert other.status_code == 302


def test_right_passwords_do_not_count(client: Client, bo_with_password: Person) -> None:
    assert [knock(client, password=PASSWORD) for _try in range(12)] == [302] * 12


def test_after_five_minutes_the_way_is_free_and_nothing_is_kept(client: Client, bo_with_password: Person) -> None:
    for _try in range(12):
        knock(client)
    SignInAttempt.objects.update(at=timezone.now() - throttle.WINDOW - timedelta(seconds=1))
    assert knock(client, password=PASSWORD) == 302
    assert not SignInAttempt.objects.exists()


def test_refused_tries_do_not_lengthen_the_wait(client: Client, bo_with_password: Person) -> None:
    for _try in range(10):
        knock(client)
    kept = SignInAttempt.objects.count()
    for _try in range(5):
        knock(client)
    assert SignInAttempt.objects.count() == kept


def test_names_are_kept_as_digests_only(client: Client, bo_with_password: Person) -> None:
    knock(client, username="somebody.real")
    assert not [row for row in SignInAttempt.objects.all() if "somebody" in row.key]


def test_behind_a_proxy_the_address_it_saw_counts(client: Client, bo_with_password: Person, settings: Settings) -> None:
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    form = {"username": "bo", "password": "x"}
    for number in range(10):
        client.post(DOOR, form | {"username": f"n{number}"}, HTTP_X_FORWARDED_FOR="1.2.3.4, 10.9.9.9")
    assert client.post(DOOR, form, HTTP_X_FORWARDED_FOR="1.2.3.4, 10.9.9.9").status_code == 429
    assert client.post(DOOR, form, HTTP_X_FORWARDED_FOR="10.9.9.9, 10.1.1.1").status_code == 200


@pytest.mark.parametrize("username", ["\x00", "x" * 100_000, "ünïcode", "bo\nbo", ""])
def test_odd_names_get_the_form_again(client: Client, db: None, username: str) -> None:
    assert knock(client, username=username) == 200


def test_after_a_wrong_password_the_name_is_kept_and_the_password_is_next(client: Client, bo: Person) -> None:
    first = client.get(DOOR).content.decode()
    assert "User name</label>" in first
    assert re.search(r'name="username"[^>]* autofocus', first)
    again = client.post(DOOR, {"username": "bo", "password": "wrong"}).content.decode()
    assert re.search(r'name="username" value="bo"', again)
    assert re.search(r'name="password"[^>]* autofocus', again)
    assert again.count("autofocus") == 1


def test_who_is_signed_in_is_sent_on(client: Client, bo: Person) -> None:
    client.force_login(bo)
    assert client.get(DOOR).headers["Location"] == "/"
    assert client.get(DOOR, {"next": "/blogs/"}).headers["Location"] == "/blogs/"
    assert client.get(DOOR, {"next": "//evil.example/"}).headers["Location"] == "/"


def test_who_may_not_enter_the_admin_is_not_sent_in_circles(client: Client, bo: Person) -> None:
    client.force_login(bo)
    response = client.get("/admin/", follow=True)
    assert response.status_code == 200
    assert "You are signed in as Bo Ekdahl" in response.content.decode()


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("", "Ask an administrator of this hub to set"),
        ("the <web> team", "Ask <bdi>the &lt;web&gt; team</bdi> to set"),
        ("blogs@x.example", 'href="mailto:blogs@x.example?subject=A%20password%20for%20BlogHub">blogs@x.example</a>'),
    ],
)
def test_who_has_no_password_is_told_whom_to_ask(client: Client, settings: Settings, contact: str, told: str) -> None:
    settings.CONTACT = contact
    assert told in client.get(DOOR).content.decode()
