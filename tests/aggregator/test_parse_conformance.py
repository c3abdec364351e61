"""feedparser's own conformance vectors hold for the fields that are stored, however the reader is driven."""

import ast
import calendar
import re
from collections.abc import Callable
from datetime import UTC, datetime
from functools import cache
from html import unescape
from pathlib import Path

import pytest

from aggregator.polling.clean import author_of
from aggregator.polling.limits import ParseError
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import RawEntry, RawFeed
from bloghub.lib.html import text_from_html
from bloghub.lib.urls import absolute_url
from tests.corpus import CORPUS, needs_corpus

VECTORS = CORPUS / "conformance" / "feedparser"
# Deliberately otherwise. Nothing is resolved or sanitised by the parser, these folders test exactly that.
# Deliberately otherwise. Nothing is resolved or sanitised by the parser, two folders test exactly that.
OTHERWISE = {
    "sanitize",
    "base",
    "entry_category_term.xml",  # the label is shown rather than the term
    "entry_content_base64.xml", "entry_content_base64_2.xml",  # application/octet-stream is no post
    "lang.xml", "rang.xml",  # HTML 5 moved these two characters
    "160.xml", "8216.xml", "8217.xml", "8220.xml", "9830.xml", "attr_amp.xml",  # cut off before any entry
}  # fmt: skip
SIMPLE = re.compile(
    r"(?:not bozo and )?(feed|entries\[0\])((?:\['?\w+'?\]|\.\w+)+) == (u?'[^']*'|u?\"[^\"]*\"|\([\d, ]+\))"
)
EXPECT = re.compile(rb"^Expect:\s*(.+?)\s*$", re.MULTILINE)
HEADER = re.compile(rb"^Header:\s*Content-type:\s*(.+?)\s*$", re.MULTILINE | re.IGNORECASE)
ENTRY: dict[str, Callable[[RawEntry], object]] = {
    "title": lambda entry: entry.title,
    "id": lambda entry: entry.guid,
    "guid": lambda entry: entry.guid,
    "link": lambda entry: entry.permalink,
    "published_parsed": lambda entry: entry.published_at,
    "updated_parsed": lambda entry: entry.updated_at,
    "date_parsed": lambda entry: entry.updated_at,
    "summary": lambda entry: entry.summary or entry.content,
    "description": lambda entry: entry.summary or entry.content,
    "content 0 value": lambda entry: entry.content,
    "author_detail name": lambda entry: author_of(entry.author_name, entry.author_email)[0],
    "author_detail email": lambda entry: author_of(entry.author_name, entry.author_email)[1],
    "tags 0 term": lambda entry: entry.tags[0],
    "category": lambda entry: entry.tags[0],
    "enclosures 0 href": lambda entry: entry.enclosures[0].url,
    "enclosures 0 url": lambda entry: entry.enclosures[0].url,
    "enclosures 0 type": lambda entry: entry.enclosures[0].media_type,
}
FEED: dict[str, Callable[[RawFeed], object]] = {
    "title": lambda feed: feed.title,
    "subtitle": lambda feed: feed.description,
    "description": lambda feed: feed.description,
    "tagline": lambda feed: feed.description,
    "link": lambda feed: feed.homepage_url,
    "language": lambda feed: feed.language,
    "author_detail name": lambda feed: author_of(feed.author_name, "")[0],
}


@cache
def simple_vectors() -> list[tuple[Path, str, object]]:
    """Path, the field that the vector names, and the value that it expects."""
    found = []
    for path in sorted(VECTORS.glob("*/**/*.xml")):
        expect = EXPECT.search(path.read_bytes())
        simple = SIMPLE.fullmatch(expect[1].decode("utf-8", "replace")) if expect else None
        if not simple or OTHERWISE & set(path.parts):
            continue
        field = " ".join(re.findall(r"\w+", simple[2]))
        if field in (FEED if simple[1] == "feed" else ENTRY):
            found.append((path, f"{simple[1]} {field}", ast.literal_eval(simple[3])))
    return found


def read(path: Path) -> RawFeed | ParseError:
    body = path.read_bytes()
    header = HEADER.search(body)
    try:
        return parse_feed(body, url="http://127.0.0.1/f", content_type=header[1].decode() if header else "")
    except ParseError as error:
        return error


def same(got: object, expected: object) -> bool:
    if isinstance(expected, tuple):
        moment = datetime.fromtimestamp(calendar.timegm(expected), UTC)
        return got == (moment if moment.timestamp() > 0 else None)
    if expected in (got, unescape(str(got))) or text_from_html(str(got)) == text_from_html(str(expected)):
        return True
    # relative addresses stay as written until clean.py resolves them against the feed
    return bool(got) and str(expected).startswith("http") and absolute_url(str(got), str(expected)) == expected


def value_of(path: Path, field: str) -> object:
    feed = read(path)
    if isinstance(feed, ParseError):
        return f"refused: {feed}"
    holder, _, name = field.partition(" ")
    return FEED[name](feed) if holder == "feed" else ENTRY[name](feed.entries[0])


@needs_corpus
def test_simple_expectations_hold() -> None:
    vectors = simple_vectors()
    got = [(path.name, field, value_of(path, field), expected) for path, field, expected in vectors]
    wrong = [one for one in got if not same(one[2], one[3])]
    assert len(vectors) > 265
    assert not wrong, f"{len(wrong)} of {len(vectors)}"


@needs_corpus
@pytest.mark.parametrize(
    "folder", ["feedparser", "feedvalidator", "gofeed", "venus", "rome-modules", "feed-rs", "picofeed", "rome"]
)
def test_every_vector_is_read_or_refused_with_a_reason(folder: str) -> None:
    for path in sorted((CORPUS / "conformance" / folder).rglob("*.*")):
        if path.is_file():
            found = read(path)
            assert isinstance(found, RawFeed) or found.trouble.reason.endswith("."), path
