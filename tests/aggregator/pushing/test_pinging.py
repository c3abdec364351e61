"""weblogUpdates over HTTP: which blog is meant, and that nobody learns or moves anything else by it."""

from __future__ import annotations

from collections.abc import Callable
from xmlrpc.client import Fault, dumps, loads

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoCaptureOnCommitCallbacks

from aggregator.models import Blog, Feed, FeedState, Push
from aggregator.pushing.pinging import MOST, feeds_at
from tests.web import Web

MakeBlog = Callable[..., Blog]
FEED, HOME = "https://blogs.example/bo/feed.xml", "https://Blogs.example/Bo/"
THANKS = {"flerror": False, "message": "Thanks for the ping."}


@pytest.fixture
def blog(make_blog: MakeBlog) -> Blog:
    made = make_blog(url=FEED, homepage_url=HOME)
    make_blog(url="https://blogs.example/other/feed.xml", homepage_url="https://blogs.example/other/")
    return made


def pinged(client: Client, *arguments: str, method: str = "weblogUpdates.ping", path: str = "/ping/") -> object:
    answer = client.post(path, dumps(arguments, method).encode(), content_type="text/xml")
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/xml; charset=utf-8")
    return loads(answer.content)[0][0]


def pushed() -> set[str]:
    return set(Push.objects.filter(is_open=True).values_list("feed__url", flat=True))


@pytest.mark.parametrize("path", ["/ping/", "/ping", "/RPC2"])
def test_a_ping_has_the_blog_polled(client: Client, blog: Blog, woken: list[str], path: str) -> None:
    assert pinged(client, "Bo", HOME, path=path) == THANKS
    assert pushed() == {FEED}
    assert Push.objects.get().way == "ping"


@pytest.mark.parametrize(
    "spelling",
    [
        HOME,
        "http://blogs.example/Bo",
        "https://BLOGS.example:443/bo/",
        "blogs.example/bo",
        "http://blogs.example/bo/#top",
        "https://blogs.example/%62o/",
        f"  {FEED}\n",
        "http://blogs.example/bo/feed.xml",
        "https://blogs.example/bo/feed.xml/",
    ],
)
def test_an_address_is_known_in_any_spelling(client: Client, blog: Blog, spelling: str) -> None:
    pinged(client, "Bo", spelling)
    assert pushed() == {FEED}


@pytest.mark.parametrize("arguments", [("Bo", "x", "x", FEED), ("Bo", HOME, "x", "x", "tag|tag"), ("Bo", HOME)])
def test_an_extended_ping_names_the_feed_besides(client: Client, blog: Blog, arguments: tuple[str, ...]) -> None:
    assert pinged(client, *arguments, method="weblogUpdates.extendedPing") == THANKS
    assert pushed() == {FEED}


@pytest.mark.parametrize(
    "address",
    [
        "https://blogs.example/",
        "https://evil.example/bo/",
        "https://blogs.example/bo/?x",
        "",
        "javascript:1",
        "http://[",
    ],
)
def test_an_address_of_nobody_is_thanked_for_all_the_same(client: Client, blog: Blog, address: str) -> None:
    assert pinged(client, "Bo", address) == THANKS
    assert pushed() == set()


def test_what_a_ping_names_is_never_fetched(client: Client, blog: Blog, web: Web) -> None:
    for method in ("weblogUpdates.ping", "weblogUpdates.extendedPing"):
        pinged(client, web.url, web.url + "/", web.url + "/check", web.url + "/feed", method=method)
    assert web.requests == []


def test_a_restricted_or_resting_blog_is_no_different(client: Client, blog: Blog, crew: Group) -> None:
    Blog.objects.update(audience="groups")
    Feed.objects.update(state=FeedState.PAUSED)
    assert pinged(client, "Bo", HOME) == THANKS
    assert pushed() == set()


def test_a_page_that_is_the_home_of_many_has_a_few_polled(make_blog: MakeBlog) -> None:
    for _ in range(MOST + 2):
        make_blog(homepage_url="https://planet.example/")
    assert len(feeds_at(["https://planet.example/"])) == MOST


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"not a call", -32700),
        (b'<!DOCTYPE m [<!ENTITY e "x">]><methodCall><methodName>&e;</methodName></methodCall>', -32700),
        (dumps(("x", "y"), "pingback.ping").encode(), -32601),
        (dumps(("x",), "weblogUpdates.ping").encode(), -32602),
    ],
)
def test_what_is_no_ping_gets_a_fault(client: Client, blog: Blog, body: bytes, code: int) -> None:
    answer = client.post("/ping/", body, content_type="text/xml")
    assert answer.status_code == 200
    with pytest.raises(Fault) as caught:
        loads(answer.content)
    assert caught.value.faultCode == code


def test_a_long_call_is_refused(client: Client, blog: Blog) -> None:
    call = dumps(("Bo" * 40_000, HOME), "weblogUpdates.ping").encode()
    assert client.post("/ping/", call, content_type="text/xml").status_code == 413
    assert pushed() == set()


def test_a_ping_is_posted(client: Client, blog: Blog) -> None:
    assert client.get("/ping/").status_code == 405
    assert client.head("/RPC2").status_code == 405


def test_a_flood_of_pings_is_one_poll_and_one_word_to_the_workers(
    client: Client,
    blog: Blog,
    woken: list[str],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        for _ in range(20):
            pinged(client, "Bo", HOME)
    assert woken == ["push: aggregator.tasks.answer_pushes"]
