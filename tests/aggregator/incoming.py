"""Incoming posts, documents and findings made by hand, for tests of what follows the parser."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from aggregator.models import Feed
from aggregator.polling.schedule import FeedFacts, after_success
from aggregator.polling.store import Finding, Stored, Validators, store
from aggregator.polling.types import IncomingPost, ParsedFeed

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


def incoming(guid: str, **columns: Any) -> IncomingPost:
    """A post as the gate leaves it; its hash follows its words."""
    values: dict[str, Any] = {
        "guid": guid,
        "permalink": f"https://blogs.example/{guid}",
        "title": f"Title of {guid}",
        "author_name": "",
        "author_email": "",
        "content_html": f"<p>{guid}</p>",
        "excerpt": guid,
        "language": "en",
        "word_count": 1,
        "published_at": NOW - timedelta(days=1),
        "updated_at": None,
        "tags": (),
        "enclosures": (),
    } | columns
    values.setdefault("content_hash", f"{hash(tuple(values.items())) & (2**64 - 1):032x}")
    return IncomingPost(**values)


def claim(*feeds: Feed) -> uuid.UUID:
    """Leases exactly these feeds."""
    return Feed.objects.filter(pk__in=[feed.pk for feed in feeds]).claim(NOW, limit=len(feeds)).token


def finding(feed: Feed, *posts: IncomingPost) -> Finding:
    """A good answer with these posts."""
    parsed = ParsedFeed(format="atom10", title="A feed", posts=posts)
    return Finding(feed.pk, after_success(FeedFacts(), NOW, chance=0.5), Validators('"1"', "", "hash"), parsed)


def store_posts(feed: Feed, *posts: IncomingPost) -> Stored:
    """One poll of one feed that brings these posts."""
    [stored] = store([finding(feed, *posts)], claim(feed), NOW)
    return stored
