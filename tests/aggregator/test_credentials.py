"""How the hub signs in at a blog's server: typed once in the admin, kept sealed, sent to that server by polls."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from pytest_django.fixtures import Settings

from aggregator import credentials
from aggregator.models import Blog, Feed, HostCredential
from aggregator.polling.poll import poll_now
from bloghub.lib.sender import basic
from bloghub.people.models import Person
from tests.aggregator.feeds import rss
from tests.web import Answer, Request, Web

ADD = "/admin/aggregator/hostcredential/add/"
SECRET = "s3cret wörd"
MakeBlog = Callable[..., Blog]


@pytest.fixture
def boss(client: Client, admin: Person) -> Client:
    client.force_login(admin)
    return client


@pytest.fixture
def keyed(boss: Client, web: Web) -> HostCredential:
    form = {"host": f"127.0.0.1:{web.port}", "scheme": "basic", "username": "bo", "password": SECRET}
    assert boss.post(ADD, form).status_code == 302
    return HostCredential.objects.get()


def test_a_poll_signs_in(web: Web, make_blog: MakeBlog, keyed: HostCredential) -> None:
    def only_for_bo(request: Request) -> Answer:
        welcome = request.headers.get("authorization") == basic("bo", SECRET)
        return Answer(rss("Inside")) if welcome else Answer(status=401)

    web.routes["/feed"] = only_for_bo
    make_blog(url=web.url + "/feed")
    [outcome] = poll_now(Feed.objects.all())
    assert (outcome.created, outcome.trouble) == (1, None)


def test_the_password_is_nowhere_in_the_database_and_on_no_page(boss: Client, keyed: HostCredential) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT secret || host || username || scheme FROM aggregator_hostcredential")
        [(stored,)] = cursor.fetchall()
    assert SECRET not in stored
    page = boss.get(f"/admin/aggregator/hostcredential/{keyed.pk}/change/").content.decode()
    assert SECRET not in page
    assert keyed.secret not in page
    assert "Leave it empty to keep the one there is." in page
    assert "Leave it empty" not in boss.get(ADD).content.decode()  # there is none yet


def test_an_empty_password_keeps_the_one_there_is(boss: Client, keyed: HostCredential) -> None:
    form = {"host": keyed.host, "scheme": "basic", "username": "aino", "password": ""}
    boss.post(f"/admin/aggregator/hostcredential/{keyed.pk}/change/", form)
    assert list(credentials.known().values()) == [basic("aino", SECRET)]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"host": "https://blogs.example/feed"}, "Write a host such as"),
        ({"password": ""}, "Enter the password or the token."),
        ({"username": ""}, "Enter the name that goes with the password."),
        ({"username": "a:b"}, "A name for a server holds no colon."),
        ({"password": "x\ty"}, "characters that no header can carry"),
        ({"scheme": "bearer", "password": "tökén"}, "A token is written in plain ASCII."),
    ],
)
def test_what_cannot_be_sent_is_said(boss: Client, wrong: dict[str, str], said: str) -> None:
    form = {"host": "blogs.example", "scheme": "basic", "username": "bo", "password": "x", **wrong}
    assert said in boss.post(ADD, form).content.decode()
    assert not HostCredential.objects.exists()


def test_two_spellings_of_a_server_have_one_sign_in(boss: Client) -> None:
    form = {"scheme": "basic", "username": "bo", "password": "x"}
    boss.post(ADD, {**form, "host": "Blogs.Example:443"})
    boss.post(ADD, {**form, "host": "blogs.example"})
    assert HostCredential.objects.get().host == "blogs.example"


def test_a_new_secret_key_still_opens_with_the_old_one_named(keyed: HostCredential, settings: Settings) -> None:
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "n" * 50, [settings.SECRET_KEY]
    assert len(credentials.known()) == 1


def test_with_another_key_polls_go_on_without_it_and_the_log_says_so(
    keyed: HostCredential, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    settings.SECRET_KEY = "o" * 50
    assert credentials.known() == {}
    assert "type it again" in caplog.text
    assert SECRET not in caplog.text
