"""Real feeds: every entry is read, and the quick way of reading gives what feedparser alone gives."""

import csv
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import feedparser
import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.limits import ParseError
from aggregator.polling.parse import _raw_feed, parse_feed
from aggregator.polling.prologue import open_document
from aggregator.polling.reconcile import reconcile
from bloghub.lib.language import detect_language, primary_subtag
from bloghub.lib.text import words_of_clean_html
from tests.corpus import CORPUS, needs_corpus

FORMATS = {"jsonfeed-1": "jsonfeed1", "jsonfeed-1.1": "jsonfeed11"}
TWICE_THE_SAME = {"sneer.org-92d90f.rss": 1}  # one entry stands in it twice, alike in every field
HOME = "http://127.0.0.1/feed"


@cache
def index(kind: str) -> list[dict[str, str]]:
    with (CORPUS / "index.tsv").open(encoding="utf-8") as lines:
        return [row for row in csv.DictReader(lines, delimiter="\t") if row["kind"] == kind]


def plain_feedparser(body: bytes) -> Any:
    document = open_document(body, "")
    result = feedparser.parse(
        BytesIO(document.text.encode()),
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    return _raw_feed({**result, "version": "rss091n" if document.netscape else result.get("version")}, ())


@needs_corpus
def test_every_real_feed_yields_all_its_entries() -> None:
    wrong: list[tuple[object, ...]] = []
    for row in index("feed"):
        path = CORPUS / row["file"]
        raw = parse_feed(path.read_bytes(), url=HOME)
        posts = clean_feed(raw, url=HOME).posts
        expected = int(row["entries"])
        if (len(raw.entries), len(posts)) != (expected, expected - TWICE_THE_SAME.get(path.name, 0)):
            wrong.append((path.name, expected, len(raw.entries), len(posts)))
        if raw.format != FORMATS.get(row["format"], row["format"]):
            wrong.append((path.name, row["format"], raw.format))
        names = {create.post.guid for create in reconcile([], posts, datetime.now(UTC)).create}
        if len(names) != len(posts) or not all(names):  # three of these feeds give one guid to several articles
            wrong.append((path.name, "names"))
    assert not wrong


@needs_corpus
def test_the_quick_way_gives_what_feedparser_gives() -> None:
    for row in index("feed"):
        body = (CORPUS / row["file"]).read_bytes()
        if row["format"].startswith("json"):
            continue
        quick = parse_feed(body, url=HOME)
        if not quick.notes:  # what had to be mended is read better than feedparser alone would
            # feedparser alone does not read when nobody is to come
            assert replace(quick, skip_hours=0, skip_days=0) == plain_feedparser(body), row["file"]


@needs_corpus
def test_the_quick_way_agrees_on_the_conformance_vectors() -> None:
    compared = 0
    for path in sorted((CORPUS / "conformance" / "feedparser").glob("*formed/**/*.xml")):
        try:
            quick = parse_feed(path.read_bytes(), url=HOME)
        except ParseError:
            continue
        if not quick.notes and quick.entries and "base" not in path.parts:
            compared += 1
            assert quick == plain_feedparser(path.read_bytes()), path
    assert compared > 500


@needs_corpus
def test_versions_of_one_feed_keep_the_names_of_their_posts() -> None:
    for folder in sorted((CORPUS / "timeline").iterdir()):
        if not folder.is_dir():
            continue
        known: dict[str, str] = {}
        for path in sorted(folder.iterdir()):
            for post in clean_feed(parse_feed(path.read_bytes(), url=HOME), url=HOME).posts:
                if post.permalink:
                    assert known.setdefault(post.guid, post.permalink) == post.permalink, (path, post.guid)


@needs_corpus
def test_the_language_of_long_texts_is_recognised() -> None:
    right, wrong = 0, []
    for row in index("feed"):
        feed = clean_feed(parse_feed((CORPUS / row["file"]).read_bytes(), url=HOME), url=HOME)
        if primary_subtag(feed.language) != row["language"]:
            continue  # declared and guessed by somebody else alike: believable
        for post in feed.posts:
            text = " ".join(words_of_clean_html(post.content_html)[0])
            if len(text) > 200:
                found = detect_language(text)
                right += found == feed.language
                if found != feed.language:
                    wrong.append((row["file"], feed.language, found, text[:80]))
    assert right > 500
    assert right / (right + len(wrong)) >= 0.95, wrong


@needs_corpus
@pytest.mark.parametrize("name", sorted(p.name for p in (CORPUS / "autodiscovery" / "pages").glob("*.html"))[:12])
def test_a_web_page_is_no_feed(name: str) -> None:
    with pytest.raises(ParseError) as refused:
        parse_feed(Path(CORPUS / "autodiscovery" / "pages" / name).read_bytes(), url=HOME)
    assert refused.value.trouble.reason == "The address answers with a web page, not a feed."
