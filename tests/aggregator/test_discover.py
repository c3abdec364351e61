"""Which feeds a page names, and where to look when it names none."""

import re
from html import unescape

import pytest

from aggregator.polling.discover import FeedLink, find_feed_links, well_known_paths
from tests.corpus import CORPUS, needs_corpus

PAGE = "https://blog.example/team/"


def urls(html: str | bytes, url: str = PAGE) -> list[str]:
    return [link.url for link in find_feed_links(html, url=url)]


def link(attributes: str) -> str:
    return f"<html><head><link {attributes}></head><body>"


@pytest.mark.parametrize(
    ("attributes", "expected"),
    [
        ('rel="alternate" type="application/rss+xml" href="/feed"', "https://blog.example/feed"),
        ('REL="Alternate" TYPE="APPLICATION/ATOM+XML" HREF=atom.xml', "https://blog.example/team/atom.xml"),
        (
            "rel='alternate' type='application/feed+json; charset=utf-8' href='//cdn.example/f.json'",
            "https://cdn.example/f.json",
        ),
        ('rel="home alternate" type="application/rss+xml" href="feed://blog.example/f"', "https://blog.example/f"),
        ('rel="alternate" type="application/rss+xml" href="feed:https://blog.example/f"', "https://blog.example/f"),
        ('rel="alternate" type="application/json" href="/feed.json"', "https://blog.example/feed.json"),
        ('rel="alternate" type="application/rss+xml" href="/f?a=1&amp;b=2"', "https://blog.example/f?a=1&b=2"),
    ],
)
def test_a_declared_feed_is_found(attributes: str, expected: str) -> None:
    assert urls(link(attributes)) == [expected]


@pytest.mark.parametrize(
    "attributes",
    [
        'rel="alternate" type="text/html" href="/en"',
        'rel="stylesheet" type="application/rss+xml" href="/x"',
        'rel="alternate" type="application/json" href="/wp-json/wp/v2/posts/1"',
        'rel="alternate" type="application/rss+xml" href="javascript:alert(1)"',
        'rel="alternate" type="application/rss+xml" href=""',
        'rel="alternate" hreflang="fi" href="/fi"',
    ],
)
def test_other_links_are_no_feeds(attributes: str) -> None:
    assert urls(link(attributes)) == []


def test_posts_come_before_comments_and_nothing_twice() -> None:
    html = (
        link('rel=alternate type=application/rss+xml title="Blog &raquo; Comments" href=/comments/feed')
        + link('rel=alternate type=application/rss+xml title="Blog" href=/feed')
        + link("rel=alternate type=application/rss+xml href=/feed#again")
    )
    assert find_feed_links(html, url=PAGE) == (
        FeedLink("https://blog.example/feed", "Blog", "application/rss+xml"),
        FeedLink("https://blog.example/comments/feed", "Blog » Comments", "application/rss+xml"),
    )


def test_the_base_of_the_page_counts() -> None:
    html = '<base href="/deep/"><base href="/other/">' + link("rel=alternate type=application/atom+xml href=f")
    assert urls(html) == ["https://blog.example/deep/f"]


def test_links_in_the_text_count_only_when_nothing_is_declared() -> None:
    body = '<a href="/about">About</a><a href="/rss.xml">RSS</a><a href="/feed.png">x</a><a href="/feedback">y</a>'
    assert urls(body) == ["https://blog.example/rss.xml"]
    assert urls(link("rel=alternate type=application/rss+xml href=/feed") + body) == ["https://blog.example/feed"]


def test_broken_pages_are_read_as_far_as_they_go() -> None:
    assert urls(b"\xff\xfe<\x00h") == []
    assert urls(b"<head><link rel=alternate type=application/rss+xml href=/f><link rel=") == ["https://blog.example/f"]
    assert urls("<a" * 200_000) == []


def test_well_known_paths_start_where_the_page_is() -> None:
    paths = well_known_paths("https://blog.example/team?x#y")
    assert paths[0] == "https://blog.example/team/feed"
    assert "https://blog.example/feed.json" in paths
    assert "https://blog.example/atom.xml" in paths
    assert len(paths) == len(set(paths))


@needs_corpus
def test_what_the_autodiscovery_pages_declare_is_found() -> None:
    for path in sorted((CORPUS / "autodiscovery" / "pilgrim").glob("*[0-9].html")):
        page = path.read_bytes()
        found = find_feed_links(page, url="http://diveintomark.org/tests/client/autodiscovery/")
        named = re.findall(r"<link[^>]*\balternate\b[^>]*>", unescape(page.decode("latin-1")), re.I)
        feeds = [one for one in named if re.search(r"application/(?:rss|atom|x\.atom)\+xml", one, re.I)]
        feeds = [one for one in feeds if "stylesheet" not in one.lower()]
        number = path.stem.removeprefix("html4-")
        assert bool(found) == bool(feeds), path.name
        assert not feeds or any(number in one.url for one in found), path.name
