"""What the outbound client tells while it works: every step, in order, and no secret."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest

from bloghub.lib.addresses import FetchPolicy, Refusal
from bloghub.lib.http import Answer as Got, Client, FetchError
from bloghub.lib.observing import HIDDEN, Connection, Observer
from tests.web import Answer, serve

Headers = Iterable[tuple[str, str]]


class Diary(Observer):
    """Writes everything down."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.headers: dict[str, str] = {}

    def judged_target(self, url: str, refusal: Refusal | None) -> None:
        self.lines.append(f"target {url} {refusal.code if refusal else 'good'}")

    def judged_address(self, host: str, address: str, refusal: Refusal | None) -> None:
        self.lines.append(f"address {address} {refusal.code if refusal else 'good'}")

    def connected(self, connection: Connection) -> None:
        self.lines.append(f"connected {connection.address}:{connection.port} {connection.tls}".strip())

    def sent(self, method: str, url: str, headers: Headers) -> None:
        self.lines.append(f"sent {method} {url}")
        self.headers.update(headers)

    def answered(self, status: int, phrase: str, headers: Headers) -> None:
        self.lines.append(f"answered {status} {phrase}")
        self.headers.update(headers)

    def received(self, wire: int, decoded: int) -> None:
        self.lines.append(f"received {wire} {decoded}")


def get(url: str, allow: str, diary: Diary, **headers: str) -> Got:
    async def fetch() -> Got:
        async with Client(FetchPolicy.parse(allow), observer=diary) as client:
            return await client.get(url, headers=headers)

    return asyncio.run(fetch())


def test_all_steps_are_told_in_their_order() -> None:
    diary = Diary()
    with serve({"/old": Answer.redirect("/feed", 301), "/feed": b"hello"}) as web:
        get(f"{web.url}/old", web.address, diary)
        at = web.address
    assert diary.lines == [
        f"target http://{at}/old good",
        f"connected {at}",
        f"sent GET http://{at}/old",
        "answered 301 Moved Permanently",
        f"target http://{at}/feed good",
        f"connected {at}",
        f"sent GET http://{at}/feed",
        "answered 200 OK",
        "received 5 5",
    ]


def test_the_addresses_of_a_name_are_told_with_the_verdict() -> None:
    diary = Diary()
    with serve({"/feed": b"hello"}) as web:
        get(f"http://localhost:{web.port}/feed", f"127.0.0.0/8:{web.port},[::1]:{web.port}", diary)
        assert "address 127.0.0.1 good" in diary.lines
        closed = Diary()
        with pytest.raises(FetchError):
            get("http://localhost/feed", "", closed)
    assert [line for line in closed.lines if line.startswith("connected")] == []
    assert any(line.endswith("blocked_address") for line in closed.lines)


def test_a_refused_target_is_told_and_nothing_else() -> None:
    diary = Diary()
    with pytest.raises(FetchError):
        get("http://169.254.169.254/", "", diary)
    assert diary.lines == ["target http://169.254.169.254/ blocked_address"]


def test_secrets_are_hidden_and_other_headers_are_those_really_sent() -> None:
    diary = Diary()
    with serve({"/feed": Answer(b"x", headers={"Set-Cookie": "id=secret", "X-Seen": "yes"})}) as web:
        get(f"{web.url}/feed", web.address, diary, Authorization="Bearer secret", Accept="text/xml")
        assert web.last("/feed").headers["authorization"] == "Bearer secret"
        assert diary.headers["Host"] == web.address
    assert diary.headers["Authorization"] == diary.headers["Set-Cookie"] == HIDDEN
    assert (diary.headers["Accept"], diary.headers["X-Seen"]) == ("text/xml", "yes")
    assert "secret" not in str(diary.headers)
