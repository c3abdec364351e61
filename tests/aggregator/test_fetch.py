"""Fetching feeds over real sockets: what an answer means, and how many are fetched side by side."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from aggregator.polling.courier import Pace, Turns
from aggregator.polling.fetch import fetch_feed, fetch_many, https_twin, interpret
from aggregator.polling.types import FeedRequest, FetchedFeed, TroubleKind
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import FEED_LIMITS, Answer, FetchError, Limits, Sender
from tests import web as loopback
from tests.web import Web, serve

type_answers = Generator[list[FetchedFeed], None, None]


@pytest.fixture
def web() -> Iterator[Web]:
    with serve() as web:
        yield web


def handfuls(web: Web, *requests: FeedRequest, pace: Pace = Pace()) -> type_answers:  # noqa: B008 - frozen
    policy = FetchPolicy.parse(f"127.0.0.0/8:{web.port}")
    return fetch_many(requests, policy=policy, sender=Sender("BlogHub"), pace=pace)


def fetch_all(web: Web, *requests: FeedRequest, pace: Pace = Pace()) -> list[FetchedFeed]:  # noqa: B008 - frozen
    return [fetched for handful in handfuls(web, *requests, pace=pace) for fetched in handful]


def fetch_one(web: Web, path: str, etag: str = "", last_modified: str = "") -> FetchedFeed:
    [fetched] = fetch_all(web, FeedRequest(7, web.url + path, etag, last_modified))
    return fetched


def test_a_feed_comes_with_its_validators(web: Web) -> None:
    headers = {
        "ETag": 'W/"1"',
        "Last-Modified": "Sun, 22 Nov 2026 12:00:00 GMT",
        "Cache-Control": "public, max-age=600",
    }
    web.routes["/feed"] = loopback.Answer(b"<rss/>", headers=headers | {"Content-Type": "application/rss+xml"})
    assert replace(fetch_one(web, "/feed"), seconds=0.0) == FetchedFeed(
        feed_id=7,
        status=200,
        url=web.url + "/feed",
        etag='W/"1"',
        last_modified="Sun, 22 Nov 2026 12:00:00 GMT",
        content_type="application/rss+xml",
        body=b"<rss/>",
        max_age=600,
    )
    sent = web.last("/feed").headers
    assert "application/atom+xml" in sent["accept"]
    assert sent["connection"] == "close"  # nothing else is wanted from this host
    assert not {"if-none-match", "if-modified-since"} & set(sent)


def test_an_unchanged_feed_keeps_its_validators(web: Web) -> None:
    web.routes["/feed"] = loopback.Answer(b"<rss/>", headers={"ETag": '"1"'})
    fetched = fetch_one(web, "/feed", '"1"', "Sun, 22 Nov 2026 12:00:00 GMT")
    assert (fetched.not_modified, fetched.trouble, fetched.body) == (True, None, b"")
    assert (fetched.etag, fetched.last_modified) == ('"1"', "Sun, 22 Nov 2026 12:00:00 GMT")
    sent = web.last("/feed").headers
    assert (sent["if-none-match"], sent["if-modified-since"]) == ('"1"', "Sun, 22 Nov 2026 12:00:00 GMT")


def test_a_304_without_validators_keeps_the_known_ones() -> None:
    fetched = interpret(FeedRequest(1, "http://a/", '"1"', "then"), Answer(304, "http://a/", {}))
    assert (fetched.etag, fetched.last_modified, fetched.trouble) == ('"1"', "then", None)


@pytest.mark.parametrize("status", [204, 206, 302, 304, 400, 401, 403, 404, 410, 429, 500, 503])
def test_any_other_status_is_trouble_with_a_code_and_a_sentence(web: Web, status: int) -> None:
    web.routes["/feed"] = loopback.Answer(status=status, headers={"Retry-After": "60"})
    fetched = fetch_one(web, "/feed")
    assert fetched.trouble is not None
    assert (fetched.status, fetched.body) == (status, b"")
    assert (fetched.trouble.kind, fetched.trouble.code) == (TroubleKind.NOT_REACHABLE, f"http_{status}")
    assert fetched.trouble.reason.endswith(f"({status}).")
    assert fetched.trouble.retry_after == 60


def test_a_refused_address_is_trouble_with_the_line_to_add(web: Web) -> None:
    fetched = fetch_all(web, FeedRequest(1, f"http://127.0.0.1:{web.port + 1 if web.port < 65_535 else 1}/"))[0]
    assert fetched.trouble is not None
    assert fetched.trouble.kind == TroubleKind.NOT_ALLOWED
    assert fetched.trouble.hint.startswith("BLOGHUB_FETCH_ALLOW=127.0.0.0/8:")


def test_a_permanent_move_is_told(web: Web) -> None:
    web.routes |= {"/old": loopback.Answer.redirect("/new", 301), "/new": b"<rss/>"}
    assert fetch_one(web, "/old").permanent_url == web.url + "/new"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, None),
        ({"Cache-Control": "no-store"}, None),
        ({"Cache-Control": 'private, MAX-AGE="60"'}, 60),
        ({"Cache-Control": "max-age=600", "Age": "100"}, 500),
        ({"Cache-Control": "max-age=600", "Age": "1000"}, 0),
        ({"Cache-Control": "s-maxage=600"}, None),
        ({"Cache-Control": "max-age=999999999"}, 366 * 86_400),
        ({"Expires": "Sun, 22 Nov 2026 12:10:00 GMT", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 600),
        ({"Expires": "0", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 0),
        ({"Expires": "Sun, 22 Nov 2026 12:10:00 -0000", "Date": "Sun, 22 Nov 2026 12:00:00 GMT"}, 0),
    ],
)
def test_freshness_is_what_the_server_states(headers: dict[str, str], seconds: int | None) -> None:
    assert interpret(FeedRequest(1, "http://a/"), Answer(200, "http://a/", headers)).max_age == seconds


@pytest.mark.parametrize("value", ["a" * 2_000, "\udcff", '"\u00e4"', "a\x01"])
def test_validators_that_cannot_be_stored_or_sent_back_are_dropped(value: str) -> None:
    headers = {"ETag": value, "Last-Modified": value, "Content-Type": value}
    fetched = interpret(FeedRequest(1, "http://a/"), Answer(200, "http://a/", headers))
    assert (fetched.etag, fetched.last_modified) == ("", "")
    assert fetched.content_type.isascii()


def test_hosts_take_turns_and_none_has_more_than_its_share() -> None:
    requests = [FeedRequest(n, f"http://big/{n}") for n in range(5)]
    requests += [FeedRequest(10, "http://small/"), FeedRequest(11, "http://[broken")]
    turns = Turns(requests, per_host=2)
    assert turns.places == 4
    taken = [turn for turn in iter(turns.take, None) if turn]
    assert [(request.feed_id, last) for _, request, last in taken] == [(0, False), (10, True), (11, True), (1, False)]
    turns.give_back("big")
    turn = turns.take()
    assert turn is not None and turn[1].feed_id == 2
    assert turns.take() is None
    assert [request.feed_id for request in turns.rest()] == [3, 4]


def test_every_request_gets_one_answer_and_hosts_see_two_at_once(web: Web) -> None:
    web.routes["*"] = lambda request: loopback.Answer(b"x" * 1_000, wait=0.01)
    urls = [f"http://127.0.0.{1 + n % 3}:{web.port}/{n}" for n in range(60)]
    with serve(host="127.0.0.2", port=web.port), serve(host="127.0.0.3", port=web.port):
        fetched = fetch_all(web, *(FeedRequest(n, url) for n, url in enumerate(urls)))
    assert sorted(one.feed_id for one in fetched) == list(range(60))
    assert web.most_in_flight == 2


def test_a_stalling_host_delays_only_itself(web: Web) -> None:
    web.routes["*"] = b"<rss/>"
    with serve({"*": loopback.Answer(wait=60)}, host="127.0.0.2", port=web.port) as tarpit:
        slow = [FeedRequest(n, f"{tarpit.url}/{n}") for n in range(100)]
        good = [FeedRequest(100 + n, f"{web.url}/{n}") for n in range(50)]
        pace = Pace(concurrency=4, limits=Limits(read=30))
        with closing(handfuls(web, *slow, *good, pace=pace)) as answers:
            arrived: set[int] = set()
            while len(arrived) < 50:
                arrived |= {fetched.feed_id for fetched in next(answers)}
        assert arrived == set(range(100, 150))
        assert tarpit.most_in_flight == 2


@pytest.mark.parametrize("most", [8, 3])
def test_many_slow_hosts_delay_nobody_else(web: Web, monkeypatch: pytest.MonkeyPatch, most: int) -> None:
    monkeypatch.setattr("aggregator.polling.courier.SLOW_AFTER", 1.0)
    monkeypatch.setattr("aggregator.polling.courier.MOST_SLOW", most)
    web.routes["*"] = loopback.Answer(b"<rss/>", wait=0.02)
    with serve({"*": loopback.Answer(wait=60)}, host="0.0.0.0", port=0) as tarpit:
        slow = [FeedRequest(n, f"http://127.0.1.{n + 1}:{tarpit.port}/") for n in range(6)]
        good = [FeedRequest(100 + n, f"{web.url}/{n}") for n in range(50)]
        policy = FetchPolicy.parse(f"127.0.0.0/8:{web.port},127.0.0.0/8:{tarpit.port}")
        pace = Pace(concurrency=4, per_host=9, limits=Limits(read=30))
        with closing(fetch_many([*slow, *good], policy=policy, sender=Sender(), pace=pace)) as answers:
            arrived: set[int] = set()
            while len(arrived) < 50:
                arrived |= {fetched.feed_id for fetched in next(answers)}
        assert arrived == set(range(100, 150))
        assert tarpit.most_in_flight == 6
        assert web.most_in_flight <= 4


def test_a_slow_host_is_still_asked_for_all_its_feeds(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.polling.courier.SLOW_AFTER", 0.05)
    web.routes["*"] = loopback.Answer(b"<rss/>", wait=0.15)
    pace = Pace(concurrency=1)
    fetched = fetch_all(web, *(FeedRequest(n, f"{web.url}/{n}") for n in range(7)), pace=pace)
    assert sorted(one.feed_id for one in fetched) == list(range(7))
    assert {one.trouble for one in fetched} == {None}
    assert web.most_in_flight <= 2


def test_at_the_deadline_each_gets_its_answer(web: Web) -> None:
    web.routes["*"] = loopback.Answer(wait=60)
    fetched = fetch_all(web, *(FeedRequest(n, f"{web.url}/{n}") for n in range(5)), pace=Pace(seconds=0.2))
    codes = [one.trouble.code for one in sorted(fetched, key=lambda one: one.feed_id) if one.trouble]
    assert codes == ["not_tried"] * 5


def test_bodies_wait_for_the_caller_within_bounds(web: Web) -> None:
    web.routes["*"] = lambda request: b"x" * 1_000
    requests = [FeedRequest(n, f"http://127.0.0.1:{web.port}/{n}") for n in range(200)]
    with closing(handfuls(web, *requests)) as answers:
        seen = len(next(answers))
        time.sleep(0.5)  # the caller is busy; the fetching goes on until enough waits
        assert len(web.requests) <= seen + 32 + 2
        assert seen + sum(map(len, answers)) == 200


def test_closing_early_ends_the_thread_and_the_requests(web: Web) -> None:
    web.routes |= {"/now": b"<rss/>", "*": loopback.Answer(wait=60)}
    requests = [FeedRequest(n, f"{web.url}/{path}") for n, path in enumerate(["now", "a", "b", "c"])]
    with closing(handfuls(web, *requests)) as answers:
        assert [fetched.feed_id for fetched in next(answers)] == [0]
    assert not [thread for thread in threading.enumerate() if thread.name == "courier"]
    assert web.count("/c") == 0


def test_an_exception_thrown_in_ends_the_thread_too(web: Web) -> None:
    web.routes["*"] = b"<rss/>"
    answers = handfuls(web, *(FeedRequest(n, f"{web.url}/{n}") for n in range(100)))
    next(answers)
    with pytest.raises(KeyboardInterrupt):
        answers.throw(KeyboardInterrupt)
    assert not [thread for thread in threading.enumerate() if thread.name == "courier"]


def test_a_broken_setting_is_raised_to_the_caller(web: Web) -> None:
    with pytest.raises(FileNotFoundError):
        list(
            fetch_many(
                [FeedRequest(1, web.url)], policy=FetchPolicy.parse(), sender=Sender(ca_file=Path("/no/such.pem"))
            )
        )


# --- a dead http address -----------------------------------------------------------------------------------------

DEAD = ["refused", "connect_timeout", "unreachable", "disconnected", "bad_http"]


class Servers:
    """Stands for the client: what each address answers, a status or the code of an error."""

    def __init__(self, **answers: str | int) -> None:
        self.sent_to = ""  # by a redirect
        self.answers, self.asked, self.limits = answers, [], []  # type: tuple[Any, list[str], list[Limits]]

    async def get(self, url: str, *, headers: Any, limits: Limits) -> Answer:
        self.asked.append(url)
        self.limits.append(limits)
        answer = self.answers[url.partition(":")[0]]
        if isinstance(answer, str):
            raise FetchError("not_reachable", answer, "No answer.")
        return Answer(answer, self.sent_to or url, {}, b"<rss/>")


def visit(servers: Servers, url: str = "http://blogs.example/feed", limits: Limits = FEED_LIMITS) -> FetchedFeed:
    client: Any = servers
    return asyncio.run(fetch_feed(client, FeedRequest(1, url), limits=limits))


@pytest.mark.parametrize("dead", [*DEAD, 400, 403, 404, 410, 426, 500, 502, 504])
def test_a_dead_http_address_is_tried_over_https_before_it_counts(dead: str | int) -> None:
    servers = Servers(http=dead, https=200)
    fetched = visit(servers)
    assert servers.asked == ["http://blogs.example/feed", "https://blogs.example/feed"]
    assert (fetched.trouble, fetched.body, fetched.url) == (None, b"<rss/>", "https://blogs.example/feed")
    assert fetched.permanent_url == "https://blogs.example/feed"


@pytest.mark.parametrize("alive", ["dns", "stalled", "deadline", "redirect_loop", "blocked_address", 401, 429, 503])
def test_an_address_that_https_cannot_mend_is_asked_once(alive: str | int) -> None:
    servers = Servers(http=alive, https=200)
    assert visit(servers).trouble is not None
    assert len(servers.asked) == 1


def test_an_address_that_sent_us_on_is_not_dead_whatever_was_found_there() -> None:
    servers = Servers(http=404, https=200)
    servers.sent_to = "http://elsewhere.example/feed"
    assert visit(servers).trouble is not None
    assert len(servers.asked) == 1


def test_when_https_is_dead_too_the_trouble_is_that_of_the_known_address() -> None:
    fetched = visit(Servers(http=404, https="certificate"))
    assert fetched.trouble is not None
    assert (fetched.trouble.code, fetched.permanent_url) == ("http_404", "")


def test_an_https_address_is_never_tried_over_http() -> None:
    servers = Servers(https="refused", http=200)
    assert visit(servers, "https://blogs.example/feed").trouble is not None
    assert servers.asked == ["https://blogs.example/feed"]


def test_the_second_try_has_the_time_that_the_first_has_left() -> None:
    servers = Servers(http="refused", https="refused")
    visit(servers)
    assert FEED_LIMITS.total - 1 < servers.limits[1].total < FEED_LIMITS.total
    late = Servers(http="refused", https=200)
    assert visit(late, limits=Limits(connect=5.0, total=4.9)).trouble is not None  # as good as over
    assert len(late.asked) == 1


@pytest.mark.parametrize(
    ("url", "twin"),
    [
        ("http://a.example/x?y=1:2", "https://a.example/x?y=1:2"),
        ("http://a.example:8080/x", ""),
        ("https://a.example/x", ""),
        ("http://[2001:db8::1]/x", "https://[2001:db8::1]/x"),
        ("http://[2001:db8::1]:8080/x", ""),
    ],
)
def test_what_has_a_port_of_its_own_has_no_twin(url: str, twin: str) -> None:
    assert https_twin(url) == twin


# --- a host that refuses -----------------------------------------------------------------------------------------


def test_a_host_that_refuses_two_feeds_is_not_asked_for_the_rest(web: Web) -> None:
    web.routes["*"] = loopback.Answer(status=429)
    with serve({"*": b"<rss/>"}, host="127.0.0.2", port=web.port) as other:
        requests = [FeedRequest(n, f"{web.url}/{n}") for n in range(40)]
        fetched = fetch_all(web, *requests, *(FeedRequest(100 + n, f"{other.url}/{n}") for n in range(10)))
    codes = Counter(one.trouble.code if one.trouble else "good" for one in fetched)
    assert sum(codes.values()) == 50
    assert codes["good"] == 10
    assert 2 <= codes["http_429"] <= 4  # two at a time, until both answers were there
    assert codes["not_tried"] == 40 - codes["http_429"]


def test_one_refusal_stops_nothing(web: Web) -> None:
    web.routes |= {"*": b"<rss/>", "/7": loopback.Answer(status=503)}
    fetched = fetch_all(web, *(FeedRequest(n, f"{web.url}/{n}") for n in range(20)))
    assert [one.feed_id for one in fetched if one.trouble] == [7]
