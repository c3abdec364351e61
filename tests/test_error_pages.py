"""What went wrong is said in plain words, with a way on; the company's colour, icon and robots; browsers' reports."""

from __future__ import annotations

import json

import pytest
from django.db import DatabaseError, InterfaceError, OperationalError
from django.test import Client, RequestFactory
from pytest_django.fixtures import Settings

from bloghub import context, views
from bloghub.people.models import Person


@pytest.mark.django_db
def test_a_wrong_address_is_told_with_a_way_on(client: Client, aino: Person) -> None:
    client.force_login(aino)
    response = client.get("/nowhere/")
    assert response.status_code == 404
    assert "There is nothing here" in response.content.decode()
    assert 'href="/latest/"' in response.content.decode()


@pytest.mark.django_db
def test_a_forged_form_is_refused_and_explained() -> None:
    response = Client(enforce_csrf_checks=True).post("/sign-in/", {"username": "bo", "password": "x"})
    assert response.status_code == 403
    assert "Nothing was changed" in response.content.decode()


@pytest.mark.parametrize(
    ("view", "status", "words"),
    [
        (lambda request: views.bad_request(request, Exception()), 400, "This cannot be answered"),
        (views.csrf_failure, 403, "This page was open for too long"),
        (views.server_error, 500, "The hub made a mistake"),
        (views.unavailable, 503, "The hub is away for a moment"),
    ],
)
def test_these_pages_ask_neither_session_nor_database(
    rf: RequestFactory, view: object, status: int, words: str
) -> None:
    response = view(rf.get("/posts/<b>/"))  # type: ignore[operator]  # the views differ in their arguments
    assert response.status_code == status
    assert words in response.content.decode()
    assert "<b>" not in response.content.decode()


@pytest.mark.parametrize("kind", [OperationalError, InterfaceError, DatabaseError])
def test_a_hub_without_its_database_says_when_to_come_again(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, kind: type[Exception]
) -> None:
    def away(*_args: object) -> None:
        raise kind("server closed the connection unexpectedly: secret details")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.raise_request_exception = False
    client.cookies[settings.SESSION_COOKIE_NAME] = "a" * 32
    response = client.get("/latest/")
    assert (response.status_code, response.headers["Retry-After"]) == (503, "10")
    assert "secret details" not in response.content.decode()


def test_the_companys_colour_is_a_style_sheet_kept_for_a_year(client: Client, settings: Settings) -> None:
    settings.BRAND_COLOUR = "#0b6a75"
    address = str(context.company(RequestFactory().get("/"))["theme_url"])
    response = client.get(address)
    assert "--brand: #0b6a75" in response.content.decode()
    assert "immutable" in response.headers["Cache-Control"]
    assert "immutable" not in client.get("/theme.css").headers["Cache-Control"]


@pytest.mark.parametrize("colour", ["red; } body { display: none", "url(//evil)", "", "#12345", "#ggg"])
def test_what_is_no_colour_is_not_put_in_the_style_sheet(client: Client, settings: Settings, colour: str) -> None:
    settings.BRAND_COLOUR = colour
    assert f"--brand: {context.DEFAULT_BRAND};" in client.get("/theme.css").content.decode()


@pytest.mark.django_db
def test_a_browsers_report_becomes_one_line(client: Client, aino: Person, caplog: pytest.LogCaptureFixture) -> None:
    client.force_login(aino)
    report = {"csp-report": {"blocked-uri": "inline\nINJECTED", "violated-directive": "script-src"}}
    response = client.post("/csp-report/", json.dumps(report), content_type="application/csp-report")
    assert response.status_code == 204
    assert "\n" not in caplog.messages[-1]


@pytest.mark.django_db
@pytest.mark.parametrize("body", ["", "[]", "{}", '{"csp-report": 1}', "{" * 20_000, "\xff"])
def test_a_report_that_is_none_is_refused(client: Client, aino: Person, body: str) -> None:
    client.force_login(aino)
    assert client.post("/csp-report/", body, content_type="application/csp-report").status_code == 400


@pytest.mark.django_db
def test_strangers_write_nothing_into_the_log(client: Client, caplog: pytest.LogCaptureFixture) -> None:
    client.post("/csp-report/", '{"csp-report": {}}', content_type="application/csp-report")
    assert not [message for message in caplog.messages if "refused something" in message]


@pytest.mark.parametrize(
    ("path", "kind", "holds"),
    [("/favicon.ico", "image/x-icon", b"\x00\x00\x01\x00"), ("/robots.txt", "text/plain", b"\nDisallow: /\n")],
)
def test_what_browsers_and_crawlers_ask_for_unasked_is_there_for_strangers(
    client: Client, path: str, kind: str, holds: bytes
) -> None:
    response = client.get(path)
    assert response.status_code == 200
    assert response.headers["Content-Type"].startswith(kind)
    assert holds in response.content
