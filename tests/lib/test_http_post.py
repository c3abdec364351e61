"""Sending a form through the one client: the rules of a GET, and those for what is carried along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest
from yarl import URL

from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import FEED_LIMITS, Answer, Client, FetchError
from bloghub.lib.journey import Journey
from tests import web as loopback
from tests.web import Web, serve

FORM = {"hub.mode": "subscribe", "hub.topic": "https://blogs.example/ä?b=1&c=2"}


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as web:
        yield web


def post(url: str, web: Web) -> Answer:
    async def send() -> Answer:
        async with Client(FetchPolicy.parse(f"127.0.0.0/8:{web.port}")) as client:
            return await client.post(url, FORM)

    return asyncio.run(send())


def test_a_form_is_sent_as_browsers_do(web: Web) -> None:
    web.routes["/hub"] = loopback.Answer(b"taken", status=202)
    answer = post(web.url + "/hub", web)
    assert (answer.status, answer.body) == (202, b"taken")
    sent = web.last("/hub")
    assert (sent.method, sent.headers["content-type"]) == ("POST", "application/x-www-form-urlencoded")
    assert parse_qs(sent.body.decode()) == {name: [value] for name, value in FORM.items()}


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_that_keeps_the_method_is_followed_with_the_form(web: Web, status: int) -> None:
    web.routes |= {"/old": loopback.Answer.redirect("/hub", status), "/hub": loopback.Answer(status=202)}
    assert post(web.url + "/old", web).status == 202
    assert web.last("/hub").body == web.last("/old").body != b""


@pytest.mark.parametrize("status", [301, 302, 303])
def test_any_other_redirect_is_the_answer(web: Web, status: int) -> None:
    web.routes |= {"/old": loopback.Answer.redirect("/hub", status), "/hub": b""}
    assert post(web.url + "/old", web).status == status
    assert web.count("/hub") == 0


@pytest.mark.parametrize("target", ["http://169.254.169.254/", "http://127.0.0.1:1/", "file:///etc/passwd"])
def test_where_it_leads_is_judged_again(web: Web, target: str) -> None:
    web.routes["/old"] = loopback.Answer.redirect(target, 307)
    with pytest.raises(FetchError) as caught:
        post(web.url + "/old", web)
    assert caught.value.kind == "not_allowed"


def test_a_form_never_goes_from_https_to_http() -> None:
    journey = Journey(URL("https://hub.example/"), {}, FEED_LIMITS, form=FORM)
    with pytest.raises(FetchError) as caught:
        journey.move_to(URL("http://hub.example/"))
    assert caught.value.code == "insecure_redirect"
    Journey(URL("https://hub.example/"), {}, FEED_LIMITS).move_to(URL("http://hub.example/"))  # a GET may


def test_all_link_headers_are_read(web: Web) -> None:
    web.routes["/feed"] = loopback.Answer(raw=b"HTTP/1.1 200 OK\r\nLink: <a>; rel=hub\r\nLink: <b>; rel=self\r\n\r\nx")
    assert post(web.url + "/feed", web).link == "<a>; rel=hub, <b>; rel=self"
