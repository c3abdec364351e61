"""JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1) to a ``RawFeed``.

Lenient where blogs are sloppy (numbers as ids, a missing version), strict about what is no feed at all.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from aggregator.polling.limits import ParseError, not_a_feed
from aggregator.polling.types import IncomingEnclosure, RawEntry, RawFeed
from bloghub.lib.html import html_from_text

_WEBSUB = frozenset({"websub", "pubsubhubbub"})  # its name, and the one it had before
_VERSION = "https://jsonfeed.org/version/"


def parse_json_feed(text: str, *, limit: int) -> RawFeed:
    """``text`` as a feed of at most ``limit`` entries; raises ParseError when it is not a JSON feed."""
    document = _load(text)
    items = document.get("items")
    version = _text(document.get("version"))
    if not isinstance(items, list) or not (_VERSION in version or "title" in document or "home_page_url" in document):
        raise ParseError(not_a_feed("not_json_feed", "The address answers with JSON that is not a JSON Feed."))
    author = _author(document)
    entries = [_entry(item, author) for item in items if isinstance(item, dict)]
    entries.sort(key=_newest_first)
    return RawFeed(
        format="jsonfeed11" if version.endswith("1.1") else "jsonfeed1",
        title=html_from_plain(_text(document.get("title"))),
        description=html_from_plain(_text(document.get("description"))),
        homepage_url=_text(document.get("home_page_url")),
        language=_text(document.get("language")),
        author_name=author,
        hub_url=_hub(document),
        topic_url=_text(document.get("feed_url")),
        entries=tuple(entries[:limit]),
        entries_dropped=max(0, len(entries) - limit),
    )


def html_from_plain(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;")


def _newest_first(entry: RawEntry) -> float:
    moment = entry.published_at or entry.updated_at
    return -moment.timestamp() if moment else 0.0


def _load(text: str) -> dict[str, Any]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        document = _load_leading(text)
    if not isinstance(document, dict):
        raise ParseError(not_a_feed("not_json", "The address answers with JSON that is not a JSON Feed."))
    return document


def _load_leading(text: str) -> object:
    """A whole document with rubbish after it is still read: some servers append statistics."""
    try:
        return json.JSONDecoder().raw_decode(text.lstrip())[0]
    except (ValueError, RecursionError):
        reason = "The feed is broken: it is not valid JSON."
        raise ParseError(not_a_feed("broken_json", reason)) from None


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    return str(value) if isinstance(value, int | float) and not isinstance(value, bool) else ""


def _entry(item: dict[str, Any], feed_author: str) -> RawEntry:
    url = _text(item.get("url"))
    plain = _text(item.get("content_text"))
    return RawEntry(
        guid=_text(item.get("id")),
        permalink=url or _text(item.get("external_url")),
        title=_text(item.get("title")),
        title_type="text",
        author_name=_author(item) or feed_author,
        content=_text(item.get("content_html")) or html_from_text(plain),
        summary=html_from_text(_text(item.get("summary"))),
        language=_text(item.get("language")),
        published_at=_moment(item.get("date_published")),
        updated_at=_moment(item.get("date_modified")),
        tags=tuple(_text(tag) for tag in _list(item.get("tags"))),
        enclosures=tuple(_attachment(one) for one in _list(item.get("attachments")) if isinstance(one, dict)),
    )


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _author(holder: dict[str, Any]) -> str:
    """1.1 has ``authors``, 1.0 ``author``; a bare string is common though the specification has objects only."""
    authors = _list(holder.get("authors")) or [holder.get("author")]
    names = [_text(one.get("name")) if isinstance(one, dict) else _text(one) for one in authors]
    return ", ".join(name for name in names if name)


def _hub(document: dict[str, Any]) -> str:
    """Of the endpoints of 1.0 and 1.1, ``type`` says which is WebSub; others (rssCloud) speak otherwise."""
    hubs = [hub for hub in _list(document.get("hubs")) if isinstance(hub, dict)]
    return next((_text(hub.get("url")) for hub in hubs if _text(hub.get("type")).lower() in _WEBSUB), "")


def _attachment(item: dict[str, Any]) -> IncomingEnclosure:
    return IncomingEnclosure(
        url=_text(item.get("url")),
        media_type=_text(item.get("mime_type")),
        length=_whole(item.get("size_in_bytes")),
        title=_text(item.get("title")),
        duration=_whole(item.get("duration_in_seconds")),
    )


def _whole(value: object) -> int | None:
    try:
        return int(float(_text(value)))
    except (ValueError, OverflowError):
        return None


def _moment(value: object) -> datetime | None:
    """RFC 3339; without a zone taken as UTC."""
    try:
        moment = datetime.fromisoformat(_text(value).strip())
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
