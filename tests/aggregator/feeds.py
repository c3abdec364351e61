"""Small feeds written on the spot."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

NOW = datetime(2026, 11, 20, 9, tzinfo=UTC)


def rss(*titles: str, blog: str = "A small blog", body: str = "<p>Hello.</p>") -> bytes:
    """An RSS 2.0 feed with one post a title, newest first, a day apart; its title's first word is the guid."""
    items = "".join(
        f"<item><title>{escape(title)}</title><guid isPermaLink='false'>{escape(title.split()[0])}</guid>"
        f"<link>https://blogs.example/{escape(title.split()[0])}</link><description>{escape(body)}</description>"
        f"<pubDate>{format_datetime(NOW - timedelta(days=number))}</pubDate></item>"
        for number, title in enumerate(titles)
    )
    return (
        f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{escape(blog)}</title>"
        f"<link>https://blogs.example/</link><description>d</description>{items}</channel></rss>"
    ).encode()
