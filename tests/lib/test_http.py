"""The outbound client against a real server on loopback: answers, redirects, and what is carried along."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import Answer, Client, FetchError, Sender
from bloghub.lib.journey import parse_retry_after
from tests import web as loopback
from tests.web import Web, serve


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as web:
        yield web


def get(url: str, *webs: Web, ca_file: Path | None = None, **options: Any) -> Answer:
    """Fetch with a policy that opens the ports of these servers on every loopback address."""
    policy = FetchPolicy.parse(",".join(f"127.0.0.0/8:{web.port},localhost:{web.port}" for web in webs))

    async def fetch() -> Answer:
        async with Client(policy, Sender("BlogHub (+http://hub.example/)", ca_file)) as client:
            return await client.get(url, **options)

    return asyncio.run(fetch())


def refusal(url: str, *webs: Web, **options: Any) -> FetchError:
    with pytest.raises(FetchError) as caught:
        get(url, *webs, **options)
    return caught.value


def test_an_answer_has_status_body_and_headers_in_any_case(web: Web) -> None:
    web.routes["/feed"] = loopback.Answer(b"<rss/>", headers={"ETag": '"1"'})
    answer = get(web.url + "/feed", web)
    assert (answer.status, answer.body, answer.headers["etag"]) == (200, b"<rss/>", '"1"')
    assert (answer.url, answer.permanent_url, answer.hops) == (web.url + "/feed", "", ())
    sent = web.last("/feed").headers
    assert sent["user-agent"] == "BlogHub (+http://hub.example/)"
    assert sent["accept-encoding"] == "gzip, deflate, br, zstd"
    assert "cookie" not in sent


def test_a_validator_brings_a_304_and_an_error_status_is_an_answer(web: Web) -> None:
    web.routes["/feed"] = loopback.Answer(b"<rss/>", headers={"ETag": '"1"'})
    web.routes["/busy"] = loopback.Answer(status=503, headers={"Retry-After": "120"})
    assert get(web.url + "/feed", web, headers={"If-None-Match": '"1"'}).status == 304
    busy = get(web.url + "/busy", web)
    assert (busy.status, busy.retry_after) == (503, 120)
    assert get(web.url + "/none", web).status == 404


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 0 ", 0),
        ("Sun, 22 Nov 2026 12:02:00 GMT", 120),
        ("Sun, 22 Nov 2026 11:00:00 GMT", 0),
        ("-5", None),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_in_both_its_forms(value: str, seconds: int | None) -> None:
    assert parse_retry_after(value, datetime(2026, 11, 22, 12, 0, tzinfo=UTC)) == seconds


def test_a_chain_of_two_is_followed_and_a_permanent_one_is_remembered(web: Web) -> None:
    web.routes |= {
        "/a": loopback.Answer.redirect("/b", 301),
        "/b": loopback.Answer.redirect("c d?x=ü", 308),
        "/c%20d": b"<rss/>",
        "/t": loopback.Answer.redirect("/a", 302),
    }
    answer = get(web.url + "/a", web)
    final = web.url + "/c%20d?x=%FC"  # the bytes as they were sent
    assert (answer.body, answer.url, answer.permanent_url) == (b"<rss/>", final, final)
    assert answer.hops == ((301, web.url + "/a"), (308, web.url + "/b"))
    assert get(web.url + "/t", web).permanent_url == ""


def test_a_chain_of_six_and_a_circle_are_refused(web: Web) -> None:
    web.routes |= {f"/{n}": loopback.Answer.redirect(f"/{n + 1}") for n in range(6)}
    web.routes |= {"/6": b"<rss/>", "/x": loopback.Answer.redirect("/y"), "/y": loopback.Answer.redirect("/x")}
    assert get(web.url + "/1", web).body == b"<rss/>"
    assert refusal(web.url + "/0", web).code == "too_many_redirects"
    circle = refusal(web.url + "/x", web)
    assert (circle.code, circle.reason) == ("redirect_loop", f"127.0.0.1:{web.port} redirects in a circle.")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    [
        "http://169.254.169.254/latest/",
        "http://[::1]:{port}/",
        "//0x7f.1:{port}/",
        "http://a@127.0.0.1:{port}/",
        "file:///etc/passwd",
        "gopher://127.0.0.1/",
    ],
)
def test_no_redirect_leads_where_the_policy_does_not(web: Web, status: int, target: str) -> None:
    web.routes["/a"] = loopback.Answer.redirect(target.format(port=web.port), status)
    error = refusal(web.url + "/a", web)
    assert error.kind == "not_allowed"
    assert "169.254" not in error.reason and "::1" not in error.reason
    assert len(web.requests) == 1


@pytest.mark.parametrize("target", ["http://127.0.0.1:1/", "http://localhost:1/", "http://blogs.example:8080/"])
def test_no_line_is_suggested_for_where_a_redirect_leads(web: Web, target: str) -> None:
    web.routes["/a"] = loopback.Answer.redirect(target)
    error = refusal(web.url + "/a", web)
    assert (error.kind, error.hint) == ("not_allowed", "")
    assert error.reason.startswith(f"127.0.0.1:{web.port} redirects to an address that is not allowed. ")


def test_a_refresh_and_a_redirect_without_address_are_answers(web: Web) -> None:
    page = b'<html><meta http-equiv="refresh" content="0; url=/other">'
    web.routes["/page"] = loopback.Answer(page, headers={"Refresh": "0; url=/other"})
    web.routes["/nowhere"] = loopback.Answer(status=302)
    assert get(web.url + "/page", web).body == page
    assert get(web.url + "/nowhere", web).status == 302
    assert web.count("/other") == 0


def test_credentials_stay_with_their_server(web: Web) -> None:
    secret = {"Authorization": "Basic c2VjcmV0", "Cookie": "a=b", "X-Kept": "1"}
    with serve({"/feed": b"<rss/>"}) as other:
        web.routes["/same"] = loopback.Answer.redirect("/feed")
        web.routes["/away"] = loopback.Answer.redirect(other.url + "/feed")
        web.routes["/name"] = loopback.Answer.redirect(f"http://localhost:{web.port}/feed")
        get(web.url + "/same", web, headers=secret)
        assert web.last("/feed").headers["authorization"] == "Basic c2VjcmV0"
        get(web.url + "/away", web, other, headers=secret)
        get(web.url + "/name", web, headers=secret)
        for there in (other, web):
            assert not {"authorization", "cookie"} & set(there.last("/feed").headers)
            assert there.last("/feed").headers["x-kept"] == "1"


def test_cookies_are_never_kept(web: Web) -> None:
    web.routes["/a"] = loopback.Answer(status=302, headers={"Location": "/b", "Set-Cookie": "a=b"})
    web.routes["/b"] = b""
    get(web.url + "/a", web)
    assert "cookie" not in web.last("/b").headers


def test_the_proxy_of_the_environment_is_ignored(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.routes["/feed"] = b"<rss/>"
    with serve() as canary:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, canary.url)
        assert get(web.url + "/feed", web).body == b"<rss/>"
    assert canary.connections == 0


def test_a_host_sees_two_requests_at_once_at_most(web: Web) -> None:
    web.routes["*"] = loopback.Answer(b"<rss/>", wait=0.05)

    async def fetch_all() -> None:
        async with Client(FetchPolicy.parse(f"127.0.0.1:{web.port}")) as client:
            await asyncio.gather(*(client.get(f"{web.url}/{n}") for n in range(8)))

    asyncio.run(fetch_all())
    assert (len(web.requests), web.most_in_flight) == (8, 2)


def test_a_url_with_a_line_end_sends_nothing(web: Web) -> None:
    for url in (web.url + "/a\r\nX-Y: 1", web.url + "/%0d%0aX-Y:1"):
        assert refusal(url, web).kind == "not_allowed"
    assert web.connections == 0


def test_the_last_wall_connects_to_nothing_that_was_not_judged(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Client, "_refusal", lambda self, target: None)  # as if the judging were forgotten
    assert refusal(web.url + "/feed", web).code == "blocked_address"
    assert web.connections == 0
