"""The farm's feeds as documents, and how they change: ticks publish, edits rewrite, faults break.

Owns the state between two polls. Content is ``farm_content.py``, HTTP is ``farm.py``.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import formatdate
from html import escape

from benchmarks.farm_content import EPOCH, Entry, World, number_of, spread_over

FAULTS = ("errors", "gone", "redirect", "malformed", "slow", "drip", "novalidators")
MIME = {"rss": "application/rss+xml", "atom": "application/atom+xml", "json": "application/feed+json"}


@dataclass(frozen=True, slots=True)
class Document:
    """A feed as it goes over the wire, with its validators (RFC 9110 section 8.8)."""

    media_type: str
    body: bytes
    packed: bytes  # gzip
    etag: str
    modified: int  # seconds since 1970

    @property
    def last_modified(self) -> str:
        return formatdate(self.modified, usegmt=True)


class Blogs:
    """All blogs of a farm at one moment. ``control`` moves time on and sets faults."""

    def __init__(self, world: World, entries: int) -> None:
        self.world, self.entries = world, entries
        self._documents: dict[int, Document] = {}
        self.faults: dict[str, set[int]] = {fault: set() for fault in FAULTS}
        self.reset()

    def reset(self) -> None:
        """Back to the first day: nothing published since, no faults, no waiting."""
        self._documents.clear()
        self.tick = 0
        self._published: dict[int, list[int]] = {}  # blog → the tick of each entry since the first day
        self._edits: dict[tuple[int, int], int] = {}
        self.latency = 0.0  # s before every answer
        self.slow_s = 30.0  # s that a slow or dripping feed takes
        for broken in self.faults.values():
            broken.clear()

    def warm(self) -> int:
        """Builds every document now, so that no measurement pays for it; returns their bytes."""
        return sum(len(self.document(blog).body) for blog in range(self.world.blogs))

    def control(self, wish: Mapping[str, str]) -> dict[str, float]:
        """Does what ``/control`` was asked for (farm.py says what); returns what changed. ValueError: a bad number."""
        if wish.get("reset"):
            warm = len(self._documents) == self.world.blogs
            self.reset()
            if warm:
                self.warm()
        for fault in FAULTS:
            if fault in wish:
                self._break(fault, float(wish[fault]))
        self.latency = float(wish.get("latency_ms", self.latency * 1000)) / 1000
        self.slow_s = float(wish.get("slow_s", self.slow_s))
        if "changed" in wish or "edited" in wish:
            return self._pass_time(float(wish.get("changed", 0)), float(wish.get("edited", 0)))
        return {"tick": self.tick, "blogs_changed": 0, "entries_new": 0, "entries_edited": 0}

    def count(self, blog: int) -> int:
        """Entries the blog ever published; its feed holds the newest ``entries`` of them."""
        return self.entries + len(self._published.get(blog, ()))

    def entry(self, blog: int, number: int) -> Entry:
        return self.world.entry(blog, number, self._published_at(blog, number), self._edits.get((blog, number), 0))

    def document(self, blog: int) -> Document:
        found = self._documents.get(blog)
        if found is None:
            found = self._documents[blog] = self._build(blog)
        return found

    def _break(self, fault: str, share: float) -> None:
        self.faults[fault] = {
            blog for blog in range(self.world.blogs) if spread_over(share, self.world.seed, fault, blog)
        }
        if fault == "malformed":
            self._documents.clear()

    def _pass_time(self, changed: float, edited: float) -> dict[str, float]:
        self.tick += 1
        seed, touched = self.world.seed, set()
        new = rewritten = 0
        for blog in range(self.world.blogs):
            if spread_over(edited, seed, "edit", self.tick, blog):
                key = blog, self.count(blog)
                self._edits[key] = self._edits.get(key, 0) + 1
                rewritten += 1
                touched.add(blog)
            if spread_over(changed, seed, "new", self.tick, blog):
                more = 1 + number_of(seed, "more", self.tick, blog) % 2
                self._published.setdefault(blog, []).extend([self.tick] * more)
                new += more
                touched.add(blog)
        for blog in touched:  # now, so that the next poll does not pay for it
            self._documents[blog] = self._build(blog)
        return {"tick": self.tick, "blogs_changed": len(touched), "entries_new": new, "entries_edited": rewritten}

    def _published_at(self, blog: int, number: int) -> float:
        if number > self.entries:
            tick = self._published[blog][number - self.entries - 1]
            return EPOCH + 3600 * tick + number_of(self.world.seed, "second", blog, number) % 3000
        return self.world.published(blog, number, self.entries)

    def _build(self, blog: int) -> Document:
        top = self.count(blog)
        entries = [self.entry(blog, number) for number in range(top, max(0, top - self.entries), -1)]
        kind = self.world.kind(blog)
        body = {"rss": rss, "atom": atom, "json": json_feed}[kind](self.world, blog, entries).encode()
        if blog in self.faults["malformed"]:
            body = body[: len(body) * 2 // 3].replace(b"</title>", b"</titel>", 2)
        charset = "" if kind == "json" else "; charset=utf-8"
        return Document(
            media_type=MIME[kind] + charset,
            body=body,
            packed=gzip.compress(body, 5, mtime=0),
            etag=f'"{zlib.crc32(body) | blog << 32:x}"',
            modified=max(int(entry.updated) for entry in entries),
        )


def iso(moment: float) -> str:
    """RFC 3339 in UTC."""
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def rss(world: World, blog: int, entries: list[Entry]) -> str:
    """RSS 2.0 with content:encoded in CDATA, as most blog engines write it."""
    base, language = world.base(blog), world.language(blog)
    items = "".join(_rss_item(entry) for entry in entries)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<rss version="2.0"'
        ' xmlns:content="http://purl.org/rss/1.0/modules/content/" xmlns:dc="http://purl.org/dc/elements/1.1/"'
        ' xmlns:wfw="http://wellformedweb.org/CommentAPI/" xmlns:slash="http://purl.org/rss/1.0/modules/slash/"'
        ' xmlns:atom="http://www.w3.org/2005/Atom">\n'
        f"<channel><title>{escape(world.title(blog))}</title><link>{base}/blog/{blog}/</link>"
        f"<description>{escape(world.sentences[language][blog % 1000])}</description><language>{language}</language>"
        f'<atom:link href="{base}/blog/{blog}/feed" rel="self" type="application/rss+xml"/>'
        f"<lastBuildDate>{formatdate(entries[0].updated, usegmt=True)}</lastBuildDate>\n{items}</channel></rss>\n"
    )


def _rss_item(entry: Entry) -> str:
    tags = "".join(f"<category>{escape(tag)}</category>" for tag in entry.tags)
    return (
        f"<item><title>{escape(entry.title)}</title><link>{entry.url}</link>"
        f'<guid isPermaLink="false">{entry.guid}</guid>'
        f"<pubDate>{formatdate(entry.published, usegmt=True)}</pubDate><dc:creator>{escape(entry.author)}</dc:creator>"
        f"{tags}<description>{escape(entry.summary)}</description>"
        f"<content:encoded><![CDATA[{entry.html}]]></content:encoded><comments>{entry.url}#comments</comments>"
        f"<wfw:commentRss>{entry.url}/comments</wfw:commentRss><slash:comments>0</slash:comments></item>\n"
    )


def atom(world: World, blog: int, entries: list[Entry]) -> str:
    """Atom 1.0 (RFC 4287) with escaped HTML."""
    base = world.base(blog)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom"'
        f' xmlns:thr="http://purl.org/syndication/thread/1.0" xml:lang="{world.language(blog)}">'
        f"<title>{escape(world.title(blog))}</title><id>urn:farm:{world.seed}:{blog}</id>"
        f'<link href="{base}/blog/{blog}/"/>'
        f'<link rel="self" type="application/atom+xml" href="{base}/blog/{blog}/feed"/>'
        f"<updated>{iso(entries[0].updated)}</updated>\n{''.join(map(_atom_entry, entries))}</feed>\n"
    )


def _atom_entry(entry: Entry) -> str:
    tags = "".join(f'<category term="{escape(tag)}"/>' for tag in entry.tags)
    return (
        f"<entry><title>{escape(entry.title)}</title><id>{entry.guid}</id>"
        f'<link rel="alternate" type="text/html" href="{entry.url}"/>'
        f'<link rel="replies" type="application/rss+xml" href="{entry.url}/comments" thr:count="0"/>'
        f"<published>{iso(entry.published)}</published><updated>{iso(entry.updated)}</updated>"
        f"<author><name>{escape(entry.author)}</name></author>{tags}<summary>{escape(entry.summary)}</summary>"
        f'<content type="html">{escape(entry.html, quote=False)}</content></entry>\n'
    )


def json_feed(world: World, blog: int, entries: list[Entry]) -> str:
    """JSON Feed 1.1."""
    base = world.base(blog)
    items = [
        {
            "id": entry.guid,
            "url": entry.url,
            "title": entry.title,
            "content_html": entry.html,
            "summary": entry.summary,
            "date_published": iso(entry.published),
            "date_modified": iso(entry.updated),
            "authors": [{"name": entry.author}],
            "tags": entry.tags,
        }
        for entry in entries
    ]
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": world.title(blog),
        "home_page_url": f"{base}/blog/{blog}/",
        "feed_url": f"{base}/blog/{blog}/feed",
        "language": world.language(blog),
        "items": items,
    }
    return json.dumps(feed, ensure_ascii=False)


def homepage(blogs: Blogs, blog: int) -> str:
    """The blog's front page, which names its feed."""
    world, top = blogs.world, blogs.count(blog)
    title = escape(world.title(blog))
    links = "".join(
        f'<li><a href="/blog/{blog}/{number}">{number}</a></li>'
        for number in range(top, max(0, top - blogs.entries), -1)
    )
    return (
        f'<!doctype html><html lang="{world.language(blog)}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<link rel="alternate" type="{MIME[world.kind(blog)]}" title="{title}" '
        f'href="{world.base(blog)}/blog/{blog}/feed"></head><body><h1>{title}</h1><ul>{links}</ul></body></html>'
    )


def entry_page(blogs: Blogs, blog: int, number: int) -> str:
    """The entry's own page."""
    entry = blogs.entry(blog, number)
    return (
        f'<!doctype html><html lang="{entry.language}"><head><meta charset="utf-8"><title>{escape(entry.title)}</title>'
        f"</head><body><article><h1>{escape(entry.title)}</h1><p>{escape(entry.author)}</p>{entry.html}</article>"
        "</body></html>"
    )
