"""Bytes of a feed to a ``RawFeed``: every format that feedparser reads, and JSON Feed.

The only importer of feedparser. Owns what an element of a feed means; what comes out is still hostile (``clean.py``).
"""

from __future__ import annotations

import calendar
import re
from dataclasses import replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from io import BytesIO
from typing import Any
from xml.parsers import expat

import feedparser
from feedparser.api import StrictFeedParser

from aggregator.polling.expat import QuickReader
from aggregator.polling.hubs import HUB, SELF
from aggregator.polling.jsonfeed import html_from_plain, parse_json_feed
from aggregator.polling.limits import MAX_ENTRIES, MAX_TAGS, ParseError, not_a_feed
from aggregator.polling.prologue import Document, mend_references, open_document
from aggregator.polling.skipping import read_skip
from aggregator.polling.types import IncomingEnclosure, RawEntry, RawFeed, Trouble
from bloghub.lib.html import html_from_text

_FEED_ROOTS = frozenset({"rss", "rdf", "feed", "channel"})
_OTHER_ROOTS = {
    "html": ("web_page", "The address answers with a web page, not a feed."),
    "head": ("web_page", "The address answers with a web page, not a feed."),
    "body": ("web_page", "The address answers with a web page, not a feed."),
    "opml": ("opml", "The address answers with a list of feeds (OPML), not a feed."),
    "urlset": ("sitemap", "The address answers with a sitemap, not a feed."),
    "sitemapindex": ("sitemap", "The address answers with a sitemap, not a feed."),
    "svg": ("image", "The address answers with an image, not a feed."),
}
# feedparser's own ``get`` is three calls deep, for names of old versions; the names used here are those it stores.
_get = dict.get
_SEVERAL = 2
_MINUTES = {"hourly": 60, "daily": 1440, "weekly": 10080, "monthly": 43200, "yearly": 525600}
_MARKUP = re.compile(r"</?[A-Za-z][^<>]*>|&(?:#\d{1,7}|#x[0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});")
_PLAYABLE = ("audio/", "video/", "image/", "application/")
_FEED_AUTHOR_SPEAKS = ("atom", "jsonfeed")  # RFC 4287 4.2.1: an entry without author has the feed's


class _Reader(QuickReader, StrictFeedParser):  # type: ignore[misc]  # feedparser has no types
    """feedparser's own rules, driven by expat without SAX in between."""

    def __init__(self) -> None:
        super().__init__("", None, "utf-8")
        self.resolve_relative_uris = False
        self.sanitize_html = False
        self.skipped: dict[str, list[str]] = {"hour": [], "day": []}

    def _end_hour(self) -> None:
        self._end_skipped("hour")

    def _end_day(self) -> None:
        self._end_skipped("day")

    def _end_skipped(self, unit: str) -> None:
        """feedparser would keep the last ``hour`` and ``day`` alone, wherever it stands."""
        inside = [element[0] for element in self.elementstack[-2:]] == [f"skip{unit}s", unit]
        text = self.pop(unit)
        if inside and text and not self.inentry:
            self.skipped[unit].append(text)


def parse_feed(body: bytes, *, url: str, content_type: str = "") -> RawFeed:
    """The feed in ``body``, its ``MAX_ENTRIES`` newest entries in the order newest first where dates are known.

    Nothing is resolved or cleaned here, so that a guid stays as the publisher wrote it when ``url`` (where the body
    came from) changes. Raises ParseError with a reason for the blog's owner when the document is no feed.
    """
    document = open_document(body, content_type)
    if not document.root and document.text[:1] in "{[":
        feed = parse_json_feed(document.text, limit=MAX_ENTRIES)
        return replace(feed, notes=document.notes)
    if document.root in _OTHER_ROOTS:
        raise ParseError(not_a_feed(*_OTHER_ROOTS[document.root]))
    result, notes = _read(document)
    if not result["entries"] and (result["broken"] or document.root not in _FEED_ROOTS):
        raise ParseError(_no_entries(document.root, result["broken"]))
    return _raw_feed(result, (*document.notes, *notes))


def _no_entries(root: str, broken: bool) -> Trouble:
    if not root:
        return not_a_feed("not_xml", "The address answers with something that is not a feed.")
    if broken and root in _FEED_ROOTS:
        return not_a_feed("broken_xml", "The feed is broken: it is not valid XML and holds no complete entry.")
    return not_a_feed("not_a_feed", f"The address answers with XML that is not a feed (its first element is <{root}>).")


def _read(document: Document) -> tuple[dict[str, Any], tuple[str, ...]]:
    """feedparser's result for ``document``, and what had to be forgiven: broken references first, then all the rest."""
    try:
        reader = _Reader()
        reader.read(document.text)
        return _result(reader, document), ()
    except expat.ExpatError:
        reader = _Reader()
    try:
        reader.read(mend_references(document.text, {}))
    except expat.ExpatError as error:
        if _ends_early(error):
            note = "The document ends in the middle of an entry; the complete entries before it were read."
            return _result(reader, document, broken=True), (note,)
    else:
        return _result(reader, document), ("Some characters (&) are not written as XML asks.",)
    loose = feedparser.parse(
        BytesIO(document.text.encode()),  # never text: feedparser takes a string for an address or a file name
        response_headers={"content-type": "application/xml; charset=utf-8"},
        sanitize_html=False,
        resolve_relative_uris=False,
    )
    loose["broken"] = True
    return loose, ("The document is not valid XML; it was read as well as possible.",)


def _result(reader: Any, document: Document, *, broken: bool = False) -> dict[str, Any]:
    """What ``feedparser.parse`` would give; of a document that ends early without the entry it breaks off in."""
    entries = reader.entries[:-1] if broken and reader.inentry else reader.entries
    version = "rss091n" if document.netscape else reader.version
    return {
        "feed": reader.feeddata,
        "entries": entries,
        "version": version,
        "broken": broken,
        "skipped": reader.skipped,
    }


_ENDINGS = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
    }
)


def _ends_early(error: expat.ExpatError) -> bool:
    """Whether the document simply stops (a broken connection, a full disk at the publisher's)."""
    return error.code in _ENDINGS


def _raw_feed(result: dict[str, Any], notes: tuple[str, ...]) -> RawFeed:
    feed, version = result["feed"], result["version"] or "unknown"
    speaks = version.startswith(_FEED_AUTHOR_SPEAKS)
    author = _authors(feed)[0] if speaks else ""
    hub_url, topic_url = _hub(feed)
    skipped = _get(result, "skipped", {})  # a document that is no XML is read without
    skip = read_skip(_get(skipped, "hour", ()), _get(skipped, "day", ()))
    entries = sorted((_entry(entry, author) for entry in result["entries"]), key=_newest_first)
    return RawFeed(
        format=version,
        title=_as_html(_get(feed, "title", ""), _get(feed, "title_detail")),
        description=_as_html(_get(feed, "subtitle") or _get(feed, "summary"), _get(feed, "subtitle_detail")),
        homepage_url=_string(_get(feed, "link")),
        language=_string(_get(feed, "language")),
        author_name=_authors(feed)[0],
        hub_url=hub_url,
        topic_url=topic_url,
        ttl=_ttl(feed),
        skip_hours=skip.hours,
        skip_days=skip.days,
        entries=tuple(entries[:MAX_ENTRIES]),
        entries_dropped=max(0, len(entries) - MAX_ENTRIES),
        notes=notes,
    )


def _hub(feed: Any) -> tuple[str, str]:
    """The addresses as they stand there; links of an entry are not among them."""
    links = [
        (_string(_get(link, "rel")).lower().split(), _string(_get(link, "href"))) for link in _get(feed, "links", ())
    ]
    hub, topic = (next((href for rel, href in links if name in rel), "") for name in (HUB, SELF))
    return hub, topic


def _newest_first(entry: RawEntry) -> float:
    moment = entry.published_at or entry.updated_at
    return -moment.timestamp() if moment else 0.0


def _entry(entry: Any, feed_author: str) -> RawEntry:
    content, detail = _content(entry)
    title_detail = _get(entry, "title_detail") or {}
    author_name, author_email = _authors(entry)
    summary = _summary(entry)
    return RawEntry(
        guid=_string(_get(entry, "id")),
        permalink=_string(_get(entry, "feedburner_origlink") or _get(entry, "link")),
        title=_string(_get(entry, "title")),
        title_type="text" if _get(title_detail, "type") == "text/plain" else "html",
        author_name=author_name or feed_author,
        author_email=author_email,
        content=content,
        summary="" if summary == content else summary,
        base=_string(_get(detail, "base")) or _string(_get(title_detail, "base")),
        language=_string(_get(detail, "language") or _get(title_detail, "language")),
        published_at=_moment(entry, "published_parsed") or _moment(entry, "created_parsed"),
        updated_at=_moment(entry, "updated_parsed"),
        tags=tuple(_string(_get(tag, "label") or _get(tag, "term")) for tag in _get(entry, "tags", ())[: MAX_TAGS * 2]),
        enclosures=_enclosures(entry),
    )


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _as_html(value: object, detail: Any) -> str:
    text = _string(value)
    return html_from_plain(text) if _get(detail or {}, "type") == "text/plain" else text


def _content(entry: Any) -> tuple[str, Any]:
    """The richest readable content of an entry: markup before plain text, then the longest."""
    best, best_rank, detail = "", (False, 0), _get(entry, "summary_detail") or {}
    for one in _get(entry, "content", ()):
        kind, value = _get(one, "type") or "text/html", _string(_get(one, "value"))
        if not kind.startswith("text/") and not kind.endswith(("xml", "html")):
            continue  # a picture or a document in base64
        rank = (kind != "text/plain", len(value))
        if value and rank > best_rank:
            best, best_rank, detail = _content_html(kind, value), rank, one
    return best, detail


def _content_html(kind: str, value: str) -> str:
    """HTML of content whose type may lie: escaped markup marked as plain text is common in RSS and Atom 0.3."""
    if kind == "text/plain" and not _MARKUP.search(value):
        return html_from_text(value)
    return html_from_text(value) if kind == "text/plain" and "</" not in value else value


def _summary(entry: Any) -> str:
    detail = _get(entry, "summary_detail") or {}
    return _content_html(_get(detail, "type") or "text/html", _string(_get(entry, "summary")))


def _authors(holder: Any) -> tuple[str, str]:
    """Names joined by commas, and the first address of mail.

    A single author is taken as it was written, address and all: feedparser cuts addresses whose last label is longer
    than four letters; ``clean.author_of`` takes them apart.
    """
    people = [person for person in _get(holder, "authors") or () if person]
    detail = _get(holder, "author_detail") or {}
    written = _string(_get(holder, "author"))
    emails = [_string(_get(person, "email")) for person in [*people, detail]]
    if "@" in written and len(people) < _SEVERAL:
        return written, ""
    names = dict.fromkeys(_string(_get(person, "name")) for person in people) or {_string(_get(detail, "name")): None}
    return ", ".join(filter(None, names)), next(filter(None, emails), "")


def _moment(entry: Any, key: str) -> datetime | None:
    """UTC, as feedparser has worked it out; the epoch and what lies before it is a publisher's "no date"."""
    parsed = _get(entry, key)
    if not parsed:
        return _lenient_moment(_string(_get(entry, key.removesuffix("_parsed"))))
    try:
        seconds = calendar.timegm(parsed)
        return datetime.fromtimestamp(seconds, UTC) if seconds > 0 else None
    except (ValueError, OverflowError, OSError):
        return None


def _lenient_moment(text: str) -> datetime | None:
    """Dates that feedparser gives up on: RFC 5322 without a zone (taken as UTC)."""
    try:
        moment = parsedate_to_datetime(text[:100])
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC) if moment.timestamp() > 0 else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None


def _ttl(feed: Any) -> int | None:
    """Minutes between polls as RSS ``ttl`` or the syndication module (``sy:updatePeriod``) ask for."""
    ttl = _whole(_get(feed, "ttl"))
    if ttl is not None and ttl > 0:
        return ttl
    period = _MINUTES.get(_string(_get(feed, "sy_updateperiod")).strip().lower())
    times = _whole(_get(feed, "sy_updatefrequency"))
    if period is None and times:
        period = _MINUTES["daily"]  # what the module means when it is not said
    return max(1, period // max(1, times or 1)) if period else None


def _whole(value: object) -> int | None:
    text = _string(value).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None  # noqa: PLR2004 - fits a bigint


def _enclosures(entry: Any) -> tuple[IncomingEnclosure, ...]:
    found = [link for link in _get(entry, "links", ()) if _get(link, "rel") == "enclosure"]
    found += [item for item in _get(entry, "media_content", ()) if _playable(item)]
    duration = _seconds(_string(_get(entry, "itunes_duration"))) if len(found) == 1 else None
    return tuple(
        IncomingEnclosure(
            url=_string(_get(item, "href") or _get(item, "url")),
            media_type=_string(_get(item, "type")),
            length=_whole(_get(item, "length") or _get(item, "filesize")),
            title=_string(_get(item, "title")),
            duration=_seconds(_string(_get(item, "duration"))) or duration,
        )
        for item in found
    )


def _playable(item: Any) -> bool:
    kind = _string(_get(item, "type")) or _string(_get(item, "medium")) + "/"
    return kind.startswith(_PLAYABLE)


def _seconds(text: str) -> int | None:
    """``1:02:03``, ``62:03`` or ``3723`` (the iTunes and Media RSS forms) in seconds."""
    parts = text.strip().split(":")
    if not all(part.isascii() and part.isdigit() and len(part) < 7 for part in parts) or len(parts) > 3:  # noqa: PLR2004
        return None
    seconds = 0
    for part in parts:
        seconds = seconds * 60 + int(part)
    return seconds
