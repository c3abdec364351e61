"""Where a feed names its WebSub hub: in the headers, in RSS, Atom and JSON Feed."""

from __future__ import annotations

import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.fetch import interpret
from aggregator.polling.hubs import in_header
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import FeedRequest
from bloghub.lib.http import Answer

URL, HUB = "https://blogs.example/feed", "https://hub.example/"
ATOM = b"""<feed xmlns="http://www.w3.org/2005/Atom"><title>T</title>%s
<entry><id>1</id><title>One</title><link rel="hub" href="https://evil.example/"/></entry></feed>"""
RSS = b"""<rss version="2.0" xmlns:atom="http://www.w3.org/2005/Atom"><channel><title>T</title>%s
<item><guid>1</guid><title>One</title></item></channel></rss>"""
JSON = b'{"version": "https://jsonfeed.org/version/1.1", "title": "T", %s "items": [{"id": "1", "title": "One"}]}'


@pytest.mark.parametrize(
    ("header", "found"),
    [
        (f'<{HUB}>; rel="hub", <{URL}>; rel="self"', (HUB, URL)),
        (f"<{HUB}>;rel=hub,<{URL}>;rel=self", (HUB, URL)),
        (f'<{HUB}>; title="a, b; rel=self"; rel="preload hub", </feed>; REL=Self', (HUB, URL)),
        (f"<{HUB}>; rel=hub, <https://other.example/>; rel=hub", (HUB, "")),
        ("<javascript:alert(1)>; rel=hub, <file:///etc/passwd>; rel=self", ("", "")),
        ("</style.css>; rel=preload", ("", "")),
        (f"{HUB}; rel=hub", ("", "")),
        ("<" * 8000 + "; rel=hub" + ";" * 100_000, ("", "")),
    ],
)
def test_the_headers_are_read(header: str, found: tuple[str, str]) -> None:
    assert in_header(header, URL) == found


def test_an_answer_brings_what_its_headers_name() -> None:
    fetched = interpret(FeedRequest(1, URL), Answer(200, URL, {}, b"x", link=f"<{HUB}>; rel=hub, <{URL}>; rel=self"))
    assert (fetched.hub_url, fetched.topic_url) == (HUB, URL)


@pytest.mark.parametrize(
    "document",
    [
        ATOM % b'<link rel="hub" href="https://hub.example/"/><link rel="self" href="/feed"/>',
        RSS % b'<atom:link rel="hub" href="https://hub.example/"/><atom:link rel="self" href="feed"/>',
        JSON % b'"feed_url": "https://blogs.example/feed",'
        b'"hubs": [{"type": "rssCloud", "url": "https://c.example/"}, {"type": "WebSub", "url": "https://hub.example/"}],',
    ],
    ids=["atom", "rss", "json"],
)
def test_the_document_is_read(document: bytes) -> None:
    parsed = clean_feed(parse_feed(document, url=URL), url=URL)
    assert (parsed.hub_url, parsed.topic_url) == (HUB, URL)


@pytest.mark.parametrize(
    "document",
    [
        ATOM % b"",
        RSS % b'<atom:link rel="hub" href="javascript:alert(1)"/>',
        JSON % b'"hubs": "https://hub.example/",',
        JSON % b'"hubs": [{"type": "rssCloud", "url": "https://hub.example/"}, 7],',
    ],
)
def test_a_feed_without_a_hub_has_none(document: bytes) -> None:
    assert clean_feed(parse_feed(document, url=URL), url=URL).hub_url == ""
