"""Identity of posts, and what titles, names, tags and enclosures of strangers become."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from aggregator.polling.clean import author_of, clean_feed, tags_of
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import IncomingEnclosure, IncomingPost, ParsedFeed, RawEntry, RawFeed
from tests.corpus import CORPUS, needs_corpus
from tests.lib.test_html import Judge

URL = "https://blog.example/feed"
DAY = datetime(2026, 11, 20, tzinfo=UTC)


def clean(*entries: RawEntry, **feed: Any) -> ParsedFeed:
    return clean_feed(RawFeed("rss20", entries=entries, **feed), url=URL)


def post(**fields: Any) -> IncomingPost:
    return clean(RawEntry(**fields)).posts[0]


def guids(*entries: RawEntry) -> list[str]:
    return [one.guid for one in clean(*entries).posts]


def test_a_post_is_known_by_guid_then_permalink_then_title_and_date() -> None:
    assert post(guid="g", permalink="/x").guid == "g"
    assert post(permalink="/x").guid == "https://blog.example/x"
    nameless = post(title="t", published_at=DAY).guid
    assert nameless == post(title="t", published_at=DAY, content="edited").guid
    assert nameless != post(title="t", published_at=DAY.replace(day=21)).guid


def test_a_long_guid_is_stored_as_its_hash() -> None:
    assert post(guid="x" * 501).guid.startswith("sha256:")
    assert post(guid="x" * 500).guid == "x" * 500


def test_a_guid_is_the_publishers_whatever_else_the_document_holds() -> None:
    assert guids(RawEntry(guid="g", permalink="/1"), RawEntry(guid="g", permalink="/2")) == ["g", "g"]
    assert guids(RawEntry(guid="g", title="new"), RawEntry(guid="g", title="old")) == ["g", "g"]


def test_the_same_entry_twice_is_kept_once_and_told() -> None:
    feed = clean(RawEntry(guid="g", title="t", content="new"), RawEntry(guid="g", title="t", content="old"))
    assert [one.excerpt for one in feed.posts] == ["new"]
    assert "1 entries stand in the feed twice; the newest of each was kept." in feed.notes


@pytest.mark.parametrize(
    ("permalink", "expected"),
    [
        ("/x", "https://home.example/x"),
        ("javascript:alert(1)", ""),
        ("https://other.example/", "https://other.example/"),
    ],
)
def test_permalinks_are_absolute_web_addresses(permalink: str, expected: str) -> None:
    feed = clean(RawEntry(guid="g", permalink=permalink), homepage_url="https://home.example/")
    assert feed.posts[0].permalink == expected


def test_relative_addresses_never_lead_to_another_host_than_the_blog() -> None:
    html = post(permalink="https://redirector.example/r/1", content='<a href="/about">x</a>').content_html
    assert 'href="https://blog.example/about"' in html


@pytest.mark.parametrize(
    ("title", "kind", "shown"),
    [
        ("AT&amp;T", "html", "AT&T"),
        ("AT&amp;T", "text", "AT&amp;T"),
        ("<b>x</b> &lt;i&gt;", "html", "x <i>"),
        ("<b>x</b>", "text", "<b>x</b>"),
        ("a\u202eb\u2066c", "text", "abc"),
        ("x" * 5000, "text", "x" * 999 + "…"),
    ],
)
def test_titles_are_text(title: str, kind: str, shown: str) -> None:
    assert post(guid="g", title=title, title_type=kind).title == shown


@pytest.mark.parametrize(
    ("written", "name", "email"),
    [
        ("Ada Adler", "Ada Adler", ""),
        ("ada@blog.example (Ada Adler)", "Ada Adler", "ada@blog.example"),
        ("Ada Adler <ada@blog.example>", "Ada Adler", "ada@blog.example"),
        ("ada@blog.example", "ada", "ada@blog.example"),
        ("Ada &amp; Ben", "Ada & Ben", ""),
        ("<script>x</script>", "<script>x</script>", ""),
        ("", "", ""),
    ],
)
def test_authors_are_a_name_and_an_address(written: str, name: str, email: str) -> None:
    assert author_of(written, "") == (name, email)


def test_tags_are_text_and_stand_once() -> None:
    assert tags_of(("Steam", " steam ", "", "R&amp;D", "ca\u0301fe", "cáfe", "\u202ex")) == (
        "Steam",
        "R&D",
        "cáfe",
        "x",
    )
    assert len(tags_of(tuple(f"t{n}" for n in range(99)))) == 50


def test_enclosures_have_web_addresses_and_sane_numbers() -> None:
    given = ("a.mp3", "a.mp3", "javascript:1", "https://x.example/b.ogg")
    files = tuple(IncomingEnclosure(url, "Audio/MPEG", -1) for url in given)
    kept = post(guid="g", enclosures=files).enclosures
    assert [one.url for one in kept] == ["https://blog.example/a.mp3", "https://x.example/b.ogg"]
    assert (kept[0].media_type, kept[0].length) == ("audio/mpeg", None)


def test_the_excerpt_is_the_summary_or_the_start_of_the_text() -> None:
    assert (
        post(content="<p>long</p>", summary="<i>A real summary of the post</i>").excerpt == "A real summary of the post"
    )
    assert post(content="<p>long text</p>", summary="Read more").excerpt == "long text"


@pytest.mark.parametrize(
    "content",
    [
        "<h1>Why we sail</h1><p>It is cheap.</p>",
        "<div><img src='/a.png'><h2>Prologue</h2></div><h3>Wind</h3><p>It is cheap.</p>",
        "<p><strong>Why we  sail</strong></p><p></p><p>It is cheap.</p>",
        "<table><tr><td>Author</td><td>Ann</td></tr></table>It is cheap.",
        "<p>It is cheap<sup><a href='#fn1'>1</a></sup>.</p>",
        "<table><tr><td>It is cheap.</td></tr></table>",
    ],
)
def test_an_excerpt_from_the_content_starts_with_its_text(content: str) -> None:
    assert post(title="Why we sail", content=content).excerpt == "It is cheap."


def test_an_excerpt_keeps_a_start_that_only_resembles_the_title() -> None:
    assert post(title="Why we sail", content="<p>Why we sail is plain.</p>").excerpt == "Why we sail is plain."
    assert post(title="Why we sail", content="<h1>Why we sail</h1>").excerpt == "Why we sail"


def test_the_language_is_the_entrys_the_feeds_or_guessed() -> None:
    text = "<p>Tämä on uusi kirjoitus, jossa kerrotaan miten se eteni ja mitä siitä opittiin.</p>"
    assert clean(RawEntry(content=text, language="sv-SE"), language="en").posts[0].language == "sv"
    assert clean(RawEntry(content=text), language="en-US").posts[0].language == "en"
    assert clean(RawEntry(content=text)).posts[0].language == "fi"


def test_the_hash_follows_what_a_reader_sees() -> None:
    entry: dict[str, Any] = {"guid": "g", "title": "t", "content": "c", "updated_at": DAY}
    one = post(**entry).content_hash
    assert len(one) == 32
    assert post(**entry | {"updated_at": None, "guid": "h"}).content_hash == one
    file = IncomingEnclosure("https://x.example/a.mp3")
    seen = {"title": "u", "content": "d", "tags": ("x",), "published_at": DAY, "permalink": "/x", "enclosures": (file,)}
    for name, value in (
        seen | {"language": "fi", "author_name": "A", "summary": "A summary that says something"}
    ).items():
        assert post(**entry | {name: value}).content_hash != one, name


def test_a_huge_post_is_cut_and_told() -> None:
    feed = clean(RawEntry(guid="g", content="<p>word</p>" * 40_000))
    assert len(feed.posts[0].content_html) <= 256 * 1024
    assert "longer than 256 KiB" in feed.notes[0]


@needs_corpus
@pytest.mark.parametrize("name", ["bleach", "dompurify", "h5sc", "htmlpurifier", "owasp", "rsnake"])
def test_attacks_in_every_field_become_text_or_nothing(name: str) -> None:
    for vector in json.loads((CORPUS / "xss" / f"{name}.json").read_text("utf-8"))["vectors"]:
        bad = vector["payload"]
        entry = RawEntry(bad, bad, bad, "html", bad, bad, bad, bad, bad, bad, tags=(bad,))
        feed = clean(replace(entry, enclosures=(IncomingEnclosure(bad),)), title=bad, homepage_url=bad)
        for one in feed.posts:
            assert not Judge(one.content_html).faults, vector["id"]
            links = [one.permalink, feed.homepage_url, *(each.url for each in one.enclosures)]
            assert all(url == "" or url.startswith(("http://", "https://")) for url in links), vector["id"]
            assert not {"\u202e", "\0", "\n"} & set(one.title + one.author_name + "".join(one.tags))


@needs_corpus
@pytest.mark.parametrize("name", ["carrier.rss", "carrier.atom", "carrier.json"])
def test_feeds_full_of_attacks_are_read_whole(name: str) -> None:
    posts = clean_feed(parse_feed((CORPUS / "xss" / name).read_bytes(), url=URL), url=URL).posts
    assert len(posts) > 50
    for one in posts:
        assert not Judge(one.content_html).faults
