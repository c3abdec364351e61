"""Documents that are no feeds, broken feeds, and feeds over the caps."""

import json
from pathlib import Path
from typing import Any

import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.limits import MAX_ENTRIES, ParseError
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import ParsedFeed

DATA = Path(__file__).parent.parent / "data" / "feeds"
HOME = "https://blog.example/feed"
RSS = "<rss version='2.0'><channel><title>T</title>{}</channel></rss>"
ITEM = "<item><title>{0}</title><guid>{0}</guid></item>"


def poll(body: bytes | str, content_type: str = "") -> ParsedFeed:
    raw = body if isinstance(body, bytes) else body.encode()
    return clean_feed(parse_feed(raw, url=HOME, content_type=content_type), url=HOME)


def shown(thing: Any, expected: dict[str, Any]) -> dict[str, Any]:
    """The attributes of ``thing`` that ``expected`` names, as JSON has them."""
    found = {name: getattr(thing, name) for name in expected}
    for name in {"published_at", "updated_at"} & found.keys():
        found[name] = found[name] and found[name].isoformat()
    if "enclosures" in found:
        found["enclosures"] = [one.url for one in found["enclosures"]]
    return {name: list(value) if isinstance(value, tuple) else value for name, value in found.items()}


@pytest.mark.parametrize("path", sorted(DATA.glob("*.expected")), ids=lambda path: path.stem)
def test_a_recorded_feed_gives_the_posts_beside_it(path: Path) -> None:
    expected = json.loads(path.read_text("utf-8"))
    (document,) = (other for other in DATA.glob(path.stem + ".*") if other != path)
    feed = poll(document.read_bytes())
    posts = expected.pop("posts")
    assert shown(feed, expected) == expected
    assert [shown(post, want) for post, want in zip(feed.posts, posts, strict=True)] == posts


@pytest.mark.parametrize(
    ("body", "code", "reason"),
    [
        (b"", "empty", "The address answers with an empty page."),
        (b" \n", "empty", "The address answers with an empty page."),
        (b"<!DOCTYPE html><title>Log in</title>", "not_a_feed", "XML that is not a feed"),
        (b"<!doctype html><html><body>x", "web_page", "The address answers with a web page, not a feed."),
        (b"<?xml version='1.0'?><!-- x --><HTML>", "web_page", "a web page"),
        (b"just words", "not_xml", "plain text"),
        (b'{"error": "no"}', "not_json_feed", "not a JSON Feed"),
        (b'{"items": [', "broken_json", "not valid JSON"),
        (b"[" * 100_000, "broken_json", "not valid JSON"),
        (b"<opml version='1.0'><body/></opml>", "opml", "a list of feeds"),
        (b"<note><to>you</to></note>", "not_a_feed", "its first element is <note>"),
        (b"<rss version='2.0'><channel><item><title>half", "broken_xml", "not valid XML"),
        (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_xml", "something that is not a feed"),
    ],
)
def test_what_is_no_feed_is_refused_with_a_reason(body: bytes, code: str, reason: str) -> None:
    with pytest.raises(ParseError) as refused:
        poll(body)
    trouble = refused.value.trouble
    assert (trouble.kind, trouble.code) == ("not_a_feed", code)
    assert reason in trouble.reason


def test_an_empty_feed_is_a_feed() -> None:
    assert poll(RSS.format("")).posts == ()


def test_a_document_that_ends_early_keeps_its_complete_entries() -> None:
    whole = RSS.format("".join(ITEM.format(n) for n in "abc"))
    feed = poll(whole[: whole.index("<guid>c")])
    assert [post.guid for post in feed.posts] == ["a", "b"]
    assert "ends in the middle" in feed.notes[0]


def test_the_newest_entries_are_kept_and_the_rest_is_told() -> None:
    items = "".join(
        f"<item><guid>{n}</guid><pubDate>{n % 28 + 1} Jan {2000 + n // 28} 10:00 GMT</pubDate></item>"
        for n in range(600)
    )
    feed = poll(RSS.format(items))
    assert len(feed.posts) == MAX_ENTRIES
    assert feed.posts[0].guid == "599"
    assert "The feed holds 600 entries; the 500 newest were read." in feed.notes


@pytest.mark.parametrize(
    ("content_type", "declared", "encoding"),
    [
        ("application/xml", "utf-8", "utf-8"),
        ("application/xml", "iso-8859-1", "cp1252"),
        ("application/rss+xml; charset=windows-1252", "utf-8", "cp1252"),
        ("text/xml", "shift_jis", "cp932"),
        ("text/xml", "utf-16", "utf-16"),
        ("text/html; charset=iso-8859-1", "utf-8", "utf-8"),
        ("", "gb2312", "gb18030"),
        ("text/xml; charset=no-such-thing", "utf-8", "utf-8"),
        ("", "base64", "utf-8"),
    ],
)
def test_letters_survive_whatever_the_encoding_is_called(content_type: str, declared: str, encoding: str) -> None:
    title = "日本語" if encoding in {"cp932", "gb18030"} else "Käsityö €"
    text = f"<?xml version='1.0' encoding='{declared}'?>" + RSS.format(ITEM.format(title))
    assert poll(text.encode(encoding), content_type).posts[0].title == title


def test_one_broken_byte_does_not_spoil_the_rest() -> None:
    body = RSS.format(ITEM.format("hyvää yötä äiti ja isä")).encode().replace(b"<title>T", b"<title>\xff")
    assert poll(body).posts[0].title == "hyvää yötä äiti ja isä"


def test_characters_that_no_database_takes_are_gone() -> None:
    feed = poll(RSS.format(ITEM.format("a&#0;b\x00c\x1bd&#x1F;")))
    assert feed.posts[0].title == "abcd"


def test_entities_that_explode_are_refused() -> None:
    bomb = "<!DOCTYPE r [<!ENTITY a 'lol'>" + "".join(
        f"<!ENTITY {b} '{f'&{a};' * 10}'>" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    with pytest.raises(ParseError) as refused:
        poll(bomb + "]>" + RSS.format(ITEM.format("&i;")))
    assert refused.value.trouble.code == "entity_bomb"


def test_an_external_entity_stands_for_nothing() -> None:
    document = "<!DOCTYPE rss [<!ENTITY x SYSTEM 'file:///etc/passwd'>]>" + RSS.format(ITEM.format("a&x;b"))
    assert poll(document).posts[0].title == "ab"


def test_a_feed_named_like_a_file_is_not_opened() -> None:
    with pytest.raises(ParseError):
        poll(b"/etc/passwd")
