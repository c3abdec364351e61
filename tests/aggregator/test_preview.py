"""Looking behind an address, over real HTTP on loopback."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.signing import BadSignature
from pytest_django.fixtures import Settings

from aggregator.polling.explore import MAX_REQUESTS, spellings
from aggregator.polling.types import Trouble, TroubleKind
from aggregator.registration import Preview, PreviewPost, preview, previews
from bloghub.lib.http import PER_HOST
from bloghub.lib.sender import Sender
from tests.aggregator.looks import found, link, made, page, rss, trouble
from tests.web import Answer, Web

pytestmark = pytest.mark.django_db  # how the hub signs in is asked there

NOON = datetime(2026, 9, 5, 12, tzinfo=UTC)


def test_an_entry_with_the_date_of_its_update_alone_shows_that_one(web: Web) -> None:
    entry = "<entry><id>{n}</id><title>{n}</title><updated>2026-11-0{n}T08:00:00Z</updated></entry>"
    body = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title>{entry.format(n=1)}{entry.format(n=2)}</feed>'
    web.routes["/feed"] = Answer(body.encode(), headers={"Content-Type": "application/atom+xml"})
    seen = found(preview(web.url + "/feed"))
    assert [(post.title, post.published_at and post.published_at.day) for post in seen.newest] == [("2", 2), ("1", 1)]
    assert seen.format_name == "Atom 1.0"


def test_a_feed_is_shown_as_it_is(web: Web) -> None:
    web.routes["/feed"] = rss(link="https://blogs.example/engine/")
    seen = found(preview(web.url + "/feed"))
    assert (seen.feed_url, seen.title, seen.format) == (web.url + "/feed", "Engine Lab", "rss20")
    assert (seen.homepage_url, seen.language) == ("https://blogs.example/engine/", "fi")
    assert seen.description == "From the engine room"
    assert seen.post_count == 5
    assert [post.title for post in seen.newest] == ["Post 5", "Post 4", "Post 3"]
    assert len(web.requests) == 1


def test_the_scheme_may_be_left_out(web: Web) -> None:
    web.routes["/feed"] = rss()
    assert found(preview(f"  {web.address}/feed ")).feed_url == web.url + "/feed"


def test_a_homepage_leads_to_the_feed_it_names_and_tells_of_the_others(web: Web) -> None:
    web.routes["/"] = page(link("/posts.xml") + link("/comments/feed.xml"))
    web.routes["/posts.xml"] = web.routes["/comments/feed.xml"] = rss()
    seen = found(preview(web.url))
    assert seen.feed_url == web.url + "/posts.xml"
    assert seen.other_feeds == (web.url + "/comments/feed.xml",)
    assert seen.homepage_url == web.url + "/"


def test_a_homepage_without_links_is_tried_at_the_well_known_paths(web: Web) -> None:
    web.routes["/blog/"] = page()
    web.routes["/blog/feed/"] = web.routes["/blog/feed"] = rss()
    assert found(preview(web.url + "/blog/")).feed_url.startswith(web.url + "/blog/feed")


def test_a_broken_first_link_does_not_hide_the_second(web: Web) -> None:
    web.routes["/"] = page(link("/gone.xml") + link("/feed.xml"))
    web.routes["/feed.xml"] = rss()
    assert found(preview(web.url)).feed_url == web.url + "/feed.xml"


def test_a_page_that_names_only_a_dead_feed_gives_that_feeds_reason(web: Web) -> None:
    web.routes["/"] = page(link("/gone.xml"))
    seen = trouble(preview(web.url))
    assert seen.code == "http_404"
    assert seen.reason.startswith(f"The page leads to {web.url}/gone.xml. ")


def test_a_page_without_any_feed_says_so_after_a_bounded_search(web: Web) -> None:
    web.routes["*"] = page("".join(link(f"/{number}.xml") for number in range(50)))
    seen = trouble(preview(web.url))
    assert seen.kind is TroubleKind.NOT_A_FEED
    assert 2 < len(web.requests) <= MAX_REQUESTS


def test_a_server_that_never_answers_is_given_up(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.polling.explore.TIME_LIMIT", 0.2)
    web.routes["*"] = Answer(wait=60)
    seen = trouble(preview(web.url))
    assert (seen.kind, seen.code) == (TroubleKind.TOO_SLOW, "deadline")


def test_what_is_neither_feed_nor_page_is_not_searched_further(web: Web) -> None:
    web.routes["*"] = Answer(b"\x89PNG\r\n\x1a\n" + bytes(100), headers={"Content-Type": "image/png"})
    assert trouble(preview(web.url + "/x")).kind is TroubleKind.NOT_A_FEED
    assert len(web.requests) == 1


def test_a_permanent_move_is_followed_for_good_a_temporary_one_is_not(web: Web) -> None:
    web.routes |= {"/old": Answer.redirect("/new", 301), "/today": Answer.redirect("/new", 302), "/new": rss()}
    assert found(preview(web.url + "/old")).feed_url == web.url + "/new"
    assert found(preview(web.url + "/today")).feed_url == web.url + "/today"


def test_the_host_stands_in_for_what_the_feed_does_not_say(web: Web) -> None:
    web.routes["/feed"] = rss(title="", items=0)
    seen = found(preview(web.url + "/feed"))
    assert (seen.title, seen.homepage_url, seen.post_count) == (web.address, web.url + "/", 0)


@pytest.mark.parametrize(
    "address",
    [
        "",
        "   ",
        "ftp://x.example/feed",
        "file:///etc/passwd",
        "gopher://x.example/",
        "javascript:alert(1)",
        "data:text/xml,<rss/>",
        "http://a@blogs.example/",
        "http://blogs.example@169.254.169.254/",
        "http://x.example/%0d%0aX-Y:1",
        "http://x.example/\nX-Y:1",
        "http://[::1",
        "http://",
        "https://x.example/" + "a" * 8000,
        "http://x.example:0/",
        "http://x.example:65536/",
        "http:\\\\x.example",
    ],
)
def test_what_is_no_web_address_is_refused_without_a_request(address: str) -> None:
    assert trouble(preview(address)).kind is TroubleKind.NOT_ALLOWED


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]", "0.0.0.0", "2130706433", "127.1"])
def test_loopback_is_closed_unless_the_setting_names_it(web: Web, host: str, settings: Settings) -> None:
    settings.FETCH_ALLOW = ""
    web.routes["*"] = rss()
    seen = trouble(preview(f"http://{host}:{web.port}/feed"))
    assert seen.kind is TroubleKind.NOT_ALLOWED
    assert web.connections == 0


def test_a_link_or_redirect_to_a_closed_address_is_not_followed(web: Web) -> None:
    web.routes["/"] = page(link("http://127.0.0.1:1/feed") + link("http://169.254.169.254/feed"))
    web.routes["/away"] = Answer.redirect("http://169.254.169.254/feed")
    assert trouble(preview(web.url)).kind is TroubleKind.NOT_ALLOWED
    assert trouble(preview(web.url + "/away")).kind is TroubleKind.NOT_ALLOWED


def test_feed_addresses_as_browsers_copy_them() -> None:
    assert spellings("feed://blogs.example/x") == ["http://blogs.example/x"]
    assert spellings("feed:https://blogs.example/x") == ["https://blogs.example/x"]
    assert spellings("Blogs:8080/x") == ["https://blogs:8080/x", "http://blogs:8080/x"]


def test_many_are_looked_at_in_their_order(web: Web) -> None:
    web.routes |= {f"/{number}": rss(title=f"Blog {number}") for number in range(10)}
    web.routes["/5"] = Answer(web.routes["/5"].body, wait=0.3)  # type: ignore[union-attr]  # an Answer, as made above
    seen = list(previews([f"{web.url}/{number}" for number in range(10)] + ["no address at all"]))
    assert web.most_in_flight <= PER_HOST
    assert [found(outcome).title for outcome in seen[:10]] == [f"Blog {number}" for number in range(10)]
    assert isinstance(seen[10], Trouble)


def test_it_works_where_an_event_loop_runs_already(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")  # the database is not what this asks about
    monkeypatch.setattr("aggregator.exploring.hub_sender", Sender)
    web.routes["/feed"] = rss()

    async def look() -> Preview | Trouble:
        return preview(web.url + "/feed")

    with ThreadPoolExecutor(1) as thread:
        assert found(thread.submit(asyncio.run, look()).result()).title == "Engine Lab"


def test_a_preview_travels_through_a_form_and_back_but_not_changed() -> None:
    before = replace(made(title="Ä<b>"), notes=("n",), newest=(PreviewPost("P", None), PreviewPost("Q", NOON)))
    token = before.as_token()
    assert Preview.from_token(token) == before
    with pytest.raises(BadSignature):
        Preview.from_token(token[:-2] + "xx")
