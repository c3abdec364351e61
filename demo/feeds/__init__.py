"""Builds the demo's feeds: one function per format, each from the same posts.

Owns the formats and nothing else: which posts are out, and how they are sent, is decided in serve.py. The
dialects are chosen to be as unlike each other as the blog engines of a real company (see FORMATS at the end).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from demo.feeds import atom, jsonfeed, rss
from demo.feeds.document import Document

__all__ = ["FORMATS", "Document", "FeedFormat", "build"]


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format: its media type, the function that writes it, and the word the hub's parser has for it."""

    media_type: str
    build: Callable[[Document], bytes]
    version: str


def build(document: Document) -> bytes:
    """The feed of ``document.blog`` in its own format, encoded in UTF-8."""
    return FORMATS[document.blog.format].build(document)


FORMATS = {
    "rss20": FeedFormat("application/rss+xml; charset=utf-8", rss.rss20, "rss20"),
    "rss20-description": FeedFormat("application/xml; charset=utf-8", rss.rss20_description, "rss20"),
    "rss20-audio": FeedFormat("application/rss+xml; charset=utf-8", rss.rss20_audio, "rss20"),
    "rss091": FeedFormat("text/xml; charset=utf-8", rss.rss091, "rss091u"),
    "rss092": FeedFormat("text/xml; charset=utf-8", rss.rss092, "rss092"),
    "rdf10": FeedFormat("application/rdf+xml; charset=utf-8", rss.rdf10, "rss10"),
    "atom10-xhtml": FeedFormat("application/atom+xml; charset=utf-8", atom.atom10_xhtml, "atom10"),
    "atom10-html": FeedFormat("application/atom+xml; charset=utf-8", atom.atom10_html, "atom10"),
    "atom03": FeedFormat("application/xml; charset=utf-8", atom.atom03, "atom03"),
    "jsonfeed11": FeedFormat("application/feed+json; charset=utf-8", jsonfeed.jsonfeed11, "jsonfeed11"),
}
