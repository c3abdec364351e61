"""Passwords go to the server they are for and nowhere else; the company's proxy is used where it should be."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest
from yarl import URL

from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import Answer, Client, FetchError, Sender
from bloghub.lib.sender import HTTPS, Proxy, basic, bearer, server_of
from tests import web as loopback
from tests.web import Web, serve

SECRET = basic("bo", "s3cret")


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as web:
        yield web


@pytest.fixture
def elsewhere() -> Iterator[Web]:
    with serve() as web:
        yield web


def get(url: str, sender: Sender, allow: str = "127.0.0.0/8:1-65535", *webs: Web) -> Answer:
    policy = FetchPolicy.parse(",".join(f"127.0.0.0/8:{web.port}" for web in webs) if webs else allow)

    async def fetch() -> Answer:
        async with Client(policy, sender) as client:
            return await client.get(url)

    return asyncio.run(fetch())


def test_a_password_goes_to_its_server_alone_and_is_dropped_by_a_redirect_to_another(web: Web, elsewhere: Web) -> None:
    web.routes["/feed"] = loopback.Answer.redirect(elsewhere.url + "/canary")
    elsewhere.routes["/canary"] = b"caught"
    sender = Sender(credentials={("127.0.0.1", web.port): SECRET})
    assert get(web.url + "/feed", sender, "", web, elsewhere).body == b"caught"
    assert web.last("/feed").headers["authorization"] == SECRET
    assert "authorization" not in elsewhere.last("/canary").headers


def test_a_redirect_on_the_same_server_keeps_it(web: Web) -> None:
    web.routes |= {"/feed": loopback.Answer.redirect("/new"), "/new": b"here"}
    get(web.url + "/feed", Sender(credentials={("127.0.0.1", web.port): SECRET}), "", web)
    assert web.last("/new").headers["authorization"] == SECRET


def test_the_other_server_is_told_its_own(web: Web, elsewhere: Web) -> None:
    web.routes["/feed"] = loopback.Answer.redirect(elsewhere.url + "/feed")
    elsewhere.routes["/feed"] = b"here"
    known = {("127.0.0.1", web.port): SECRET, ("127.0.0.1", elsewhere.port): bearer("t0ken")}
    get(web.url + "/feed", Sender(credentials=known), "", web, elsewhere)
    assert elsewhere.last("/feed").headers["authorization"] == "Bearer t0ken"


def test_another_port_of_the_same_host_is_another_server(web: Web, elsewhere: Web) -> None:
    elsewhere.routes["/feed"] = b"here"
    get(elsewhere.url + "/feed", Sender(credentials={("127.0.0.1", web.port): SECRET}), "", web, elsewhere)
    assert "authorization" not in elsewhere.last("/feed").headers


@pytest.mark.parametrize(
    ("text", "server"),
    [
        ("Blogs.Example", ("blogs.example", HTTPS)),
        ("blogs.example:80", ("blogs.example", 80)),
        (" blogs.example:8443 ", ("blogs.example", 8443)),
        ("[fd00::1]:8443", ("fd00::1", 8443)),
        ("bücher.example", ("xn--bcher-kva.example", HTTPS)),
    ],
)
def test_a_server_is_read_as_people_write_it(text: str, server: tuple[str, int]) -> None:
    assert server_of(text) == server


@pytest.mark.parametrize(
    "text", ["", "https://blogs.example", "blogs.example/feed", "a@blogs.example", "x:0", "x:99999"]
)
def test_what_is_no_server_is_said_so(text: str) -> None:
    with pytest.raises(ValueError, match="Write a host"):
        server_of(text)


def test_a_name_only_the_proxy_knows_goes_through_it(web: Web) -> None:
    web.routes["*"] = b"by proxy"
    proxy = Proxy.parse(f"http://me:pw@127.0.0.1:{web.port}")
    assert get("http://blogs.nowhere.invalid/feed", Sender(proxy=proxy), "").body == b"by proxy"
    asked = web.requests[-1]
    assert asked.path == "http://blogs.nowhere.invalid/feed"
    assert asked.headers["proxy-authorization"] == basic("me", "pw")


def test_the_proxy_is_no_way_round_the_policy(web: Web) -> None:
    sender = Sender(proxy=Proxy.parse(f"http://127.0.0.1:{web.port}"))
    for address in (
        "http://169.254.169.254/meta",
        "http://localhost/feed",
        "http://127.0.0.1:9/x",
        "http://blogs.invalid:22/",
    ):
        with pytest.raises(FetchError) as refused:
            get(address, sender, "")
        assert refused.value.kind == "not_allowed", address
    with pytest.raises(FetchError) as refused:  # the proxy itself is no blog
        get(f"http://127.0.0.1:{web.port}/", sender, "")
    assert refused.value.kind == "not_allowed"
    assert not web.requests


def test_servers_named_direct_are_asked_without_the_proxy(web: Web, elsewhere: Web) -> None:
    elsewhere.routes["/feed"] = b"direct"
    proxy = Proxy.parse(f"http://127.0.0.1:{web.port}", ("127.0.0.0/8", "corp.example"))
    assert get(elsewhere.url + "/feed", Sender(proxy=proxy), "", elsewhere).body == b"direct"
    assert not web.requests
    assert not proxy.serves(URL("https://blogs.corp.example/"))
    assert not proxy.serves(URL("https://corp.example/"))
    assert proxy.serves(URL("https://notcorp.example/"))


@pytest.mark.parametrize("address", ["", "proxy:3128", "https://proxy:3128", "http://proxy", "http://p:3128/path"])
def test_a_proxy_that_cannot_be_read_is_refused_without_telling_its_password(address: str) -> None:
    with pytest.raises(ValueError, match="must be the proxy's address"):
        Proxy.parse(address)


def test_nothing_that_prints_a_sender_prints_a_secret() -> None:
    sender = Sender(ca_file=Path("x"), credentials={("a", 1): SECRET}, proxy=Proxy.parse("http://me:pw@p:3128"))
    assert SECRET not in repr(sender)
    assert "pw" not in repr(sender)


def test_a_password_for_the_proxy_does_not_go_on_to_a_server_that_is_asked_directly(web: Web, elsewhere: Web) -> None:
    web.routes["*"] = loopback.Answer.redirect(elsewhere.url + "/canary")
    elsewhere.routes["/canary"] = b"here"
    proxy = Proxy.parse(f"http://me:pw@127.0.0.1:{web.port}", ("127.0.0.0/8",))
    assert get("http://blogs.nowhere.invalid/feed", Sender(proxy=proxy), "", elsewhere).body == b"here"
    assert "proxy-authorization" not in elsewhere.last("/canary").headers
