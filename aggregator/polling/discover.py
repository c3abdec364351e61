"""Finding the feeds of a homepage: its ``<link rel=alternate>`` elements, then likely links, then well-known paths.

Pure: reads a page that was fetched already and gives addresses to try; fetching and judging them is the caller's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import unescape

from aggregator.polling.prologue import decode
from bloghub.lib.text import plain_line
from bloghub.lib.urls import absolute_url, normalise_url

MAX_PAGE = 1024 * 1024  # characters looked at
MAX_LINKS = 20
_TYPES = {
    "application/rss+xml": "rss",
    "application/atom+xml": "atom",
    "application/feed+json": "jsonfeed",
    "application/x.atom+xml": "atom",
    "application/x-atom+xml": "atom",
    "application/rdf+xml": "rdf",
    "application/x-rss+xml": "rss",
    "text/rss+xml": "rss",
    "text/atom+xml": "atom",
    "application/json": "json",
    "application/xml": "xml",
    "text/xml": "xml",
}
_UNSURE = frozenset({"json", "xml"})  # types that something else may have too
_COMMENTS = re.compile(r"comment|kommentar|commentaire|comentario|kommentti|/replies\b", re.I)
_LIKELY = re.compile(r"(?:^|[/.=?&_-])(?:feeds?|rss2?|atom|rdf|index\.xml|feed\.json)(?:$|[/.=?&_-])", re.I)
_NOT_A_FEED = re.compile(r"\.(?:png|gif|jpe?g|svg|css|js|ico|pdf|zip)(?:$|[?#])|/wp-json/|oembed", re.I)
_JSON_FEED = re.compile(r"feed|rss", re.I)
# Values hold no "<" here: that keeps the search linear, and no address of a feed has one.
_VALUE = r"""(?:"(?P<double>[^"<]{0,2000})"|'(?P<single>[^'<]{0,2000})'|(?P<bare>[^\s"'<>]{1,2000}))"""
_ATTRIBUTE = re.compile(rf"(?P<name>[a-zA-Z][\w:-]{{0,60}})(?:\s*=\s*{_VALUE})?")
_NEXT = re.compile(
    r"""(?P<skip><!--|<script\b)|<(?P<tag>link|base|a)(?P<attributes>[\s/](?:[^"'<>]|"[^"<]{0,2000}"|'[^'<]{0,2000}')*+)>""",
    re.I,
)
_WELL_KNOWN = (
    "feed", "feed/", "rss", "rss.xml", "atom.xml", "feed.xml", "index.xml", "feed.json", "rss/", "atom", "index.rdf",
    "feeds/posts/default", "feed/atom/", "feed.atom", "feed.rss", "blog/feed", "blog/rss.xml", "blog/index.xml",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FeedLink:
    """A feed that a page names. ``media_type`` is a word of the page, empty when it is only likely to be a feed."""

    url: str
    title: str = ""
    media_type: str = ""


def find_feed_links(html: bytes | str, *, url: str) -> tuple[FeedLink, ...]:
    """The feeds named by the page at ``url``, best first: posts before comments, in the order of the page else.

    Follows the rules of feed autodiscovery as browsers had them (rel is a list of words without case, ``base`` counts,
    the type may have parameters). Links in the text of the page count only when it declares no feed.
    """
    text = decode(html, "")[0] if isinstance(html, bytes) else html
    page = _Page(url)
    for tag, attributes in _tags(text[:MAX_PAGE]):
        page.meet(tag, attributes)
    links = page.declared or page.likely
    unique: dict[str, FeedLink] = {}
    for link in links:
        unique.setdefault(normalise_url(link.url), link)
    order = sorted(unique.values(), key=lambda link: bool(_COMMENTS.search(f"{link.url} {link.title}")))
    return tuple(order[:MAX_LINKS])


def well_known_paths(url: str) -> tuple[str, ...]:
    """Addresses to try when a page names no feed: below its own directory first, then at the root of its host."""
    here = absolute_url("./", url)
    top = absolute_url("/", url)
    deeper = absolute_url(url.partition("?")[0].partition("#")[0].rstrip("/") + "/")
    starts = dict.fromkeys(start for start in (deeper, here, top) if start)
    return tuple(dict.fromkeys(start + path for start in starts for path in _WELL_KNOWN))


def _tags(text: str) -> Iterator[tuple[str, dict[str, str]]]:
    """The link, a and base elements of a page. Takes time in proportion to its length whatever is in it.

    (``html.parser`` needs minutes for half a megabyte of ``<a<a<a``.)
    """
    at = 0
    while found := _NEXT.search(text, at):
        at = found.end()
        if not found["tag"]:
            end = text.find("-->" if found["skip"] == "<!--" else "</script", at)
            at = end if end >= 0 else len(text)
            continue
        attributes: dict[str, str] = {}
        for one in _ATTRIBUTE.finditer(found["attributes"]):
            value = one["double"] or one["single"] or one["bare"] or ""
            attributes.setdefault(one["name"].lower(), unescape(value))  # the first of two equal ones counts
        yield found["tag"].lower(), attributes


class _Page:
    """Collects feed links; a page may be broken in any way."""

    def __init__(self, url: str) -> None:
        self._base = url
        self._has_base = False
        self.declared: list[FeedLink] = []
        self.likely: list[FeedLink] = []

    def meet(self, tag: str, found: dict[str, str]) -> None:
        if tag == "base" and not self._has_base and found.get("href"):
            self._has_base = True
            self._base = absolute_url(found["href"], self._base) or self._base
        elif tag == "link":
            self._link(found)
        elif tag == "a":
            self._anchor(found)

    def _link(self, found: dict[str, str]) -> None:
        media_type = found.get("type", "").partition(";")[0].strip().lower()
        kind = _TYPES.get(media_type, "")
        rel = found.get("rel", "").lower().split()
        href = found.get("href", "").strip()
        if not ({"alternate", "feed"} & set(rel)) or "stylesheet" in rel or not href:
            return
        if not kind and "feed" not in rel:
            return
        if kind in _UNSURE and (_NOT_A_FEED.search(href) or (kind == "json" and not _JSON_FEED.search(href))):
            return
        self._add(self.declared, href, found.get("title", ""), media_type)

    def _anchor(self, found: dict[str, str]) -> None:
        href = found.get("href", "").strip()
        if _LIKELY.search(href) and not _NOT_A_FEED.search(href):
            self._add(self.likely, href, found.get("title", ""), "")

    def _add(self, links: list[FeedLink], href: str, title: str, media_type: str) -> None:
        address = absolute_url(re.sub(r"^feed:(?://)?(?=https?:)|^feed:(?=//)", "", href, flags=re.I), self._base)
        if address and len(links) < MAX_LINKS * 5:
            links.append(FeedLink(address, plain_line(title, 200), media_type))
