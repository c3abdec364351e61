"""OPML read and written: what real programs write is understood, what an attacker writes is refused at once."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.opml import MAX_BYTES, MAX_DEPTH, OpmlError, Outline, read_opml, write_opml

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FEED = '<outline text="A" xmlUrl="https://blogs.example/a"/>'


def opml(body: str, head: str = "") -> bytes:
    return f'<?xml version="1.0"?>{head}<opml version="2.0"><head/><body>{body}</body></opml>'.encode()


def urls(document: bytes) -> list[str]:
    return [outline.url for outline in read_opml(document, most=100)]


def test_feeds_in_folders_come_in_their_order_with_title_and_line() -> None:
    body = f'{FEED}\n<outline text="Folder"><outline text="t" title="B &amp; C" XMLURL="http://b.example/"/></outline>'
    assert read_opml(opml(body), most=10) == [
        Outline("https://blogs.example/a", "A", "", 1),
        Outline("http://b.example/", "B & C", "", 2),
    ]


def test_a_feed_without_its_address_is_named_by_its_homepage_or_by_nothing() -> None:
    body = '<outline type="rss" htmlUrl="http://home.example/" text="H"/><outline type="RSS" text="nothing"/>'
    assert urls(opml(body)) == ["http://home.example/", ""]


def test_links_and_other_lists_are_no_feeds() -> None:
    body = '<outline type="link" url="http://a.example/"/><outline type="include" url="http://b.example/x.opml"/>'
    assert urls(opml(body)) == []


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "iso-8859-1", "windows-1252"])
def test_it_is_read_in_the_encoding_it_claims(encoding: str) -> None:
    body = f'<?xml version="1.0" encoding="{encoding}"?><opml><body><outline text="Ääni" xmlUrl="http://a/"/></body></opml>'
    assert read_opml(body.encode(encoding), most=10)[0].title == "Ääni"


@pytest.mark.parametrize(
    ("document", "words"),
    [
        (opml(FEED, '<!DOCTYPE opml [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'), "entities"),
        (opml(FEED, '<!DOCTYPE opml [<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;]>'), "entities"),
        (opml('<outline text="x">' * 10_000), f"more than {MAX_DEPTH} deep"),
        (opml(FEED * 50_000), "more than 100 feeds"),
        (b"<opml>" + b" " * 20 * 1024 * 1024, "larger than"),
        (opml('<outline text="&nbsp;"/>'), "line 1: undefined entity"),
        (b"<opml><body>\n<outline text='a' text='b'/>", "line 2"),
        (b"<rss><channel/></rss>", "no OPML"),
        (b"", "no element found"),
        (b"\xff\xfe\x00", "broken"),
    ],
    ids=["bomb", "file", "deep", "many", "large", "entity", "broken", "rss", "empty", "noise"],
)
def test_what_cannot_be_read_is_refused_with_a_reason(document: bytes, words: str) -> None:
    with pytest.raises(OpmlError, match=words):
        read_opml(document, most=100)


def test_an_external_document_type_is_not_fetched_and_does_no_harm() -> None:
    assert urls(opml(FEED, '<!DOCTYPE opml SYSTEM "http://127.0.0.1:1/opml.dtd">')) == ["https://blogs.example/a"]


def test_what_is_written_is_read_as_it_was() -> None:
    nasty = Outline(
        "https://blogs.example/?a=1&b=<2>", '"Quo\'ted" <b>\x00\x0b & \ud7ff\uffff', "https://blogs.example/"
    )
    document = write_opml("Blogs & <more>", [nasty], NOON)
    [read] = read_opml(document, most=10)
    assert (read.url, read.homepage_url) == (nasty.url, nasty.homepage_url)
    assert read.title == '"Quo\'ted" <b> & \ud7ff'
    assert len(document) < MAX_BYTES


def test_half_a_character_is_no_reason_to_fail() -> None:
    document = (
        b'<?xml version="1.0" encoding="utf-7"?><opml><outline xmlUrl="http://a.example/" text="x+2AA-y"/></opml>'
    )
    [outline] = read_opml(document, most=10)
    assert (outline.url, outline.title) == ("http://a.example/", "x?y")
