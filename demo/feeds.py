"""Builds the demo's feeds: one function per format, each from the same posts.

Owns the formats and nothing else: which posts are out, and how they are sent, is decided in serve.py. The
dialects are chosen to be as unlike each other as the blog engines of a real company (see FORMATS at the end).
"""

from __future__ import annotations

import html
import json
import xml.etree.ElementTree as ET
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime

from demo import sound
from demo.company import Blog, DatedPost, Person, Post

ATOM = "http://www.w3.org/2005/Atom"
ATOM03 = "http://purl.org/atom/ns#"
CONTENT = "http://purl.org/rss/1.0/modules/content/"
DC = "http://purl.org/dc/elements/1.1/"
ITUNES = "http://www.itunes.com/dtds/podcast-1.0.dtd"
RDF = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RSS10 = "http://purl.org/rss/1.0/"
XHTML = "http://www.w3.org/1999/xhtml"
XML = "http://www.w3.org/XML/1998/namespace"

# The prefixes people expect to see when they open a feed. A format's own namespace is written as its root's
# xmlns, since ElementTree cannot make a default namespace of it beside others.
for _prefix, _uri in {"atom": ATOM, "content": CONTENT, "dc": DC, "itunes": ITUNES, "rdf": RDF}.items():
    ET.register_namespace(_prefix, _uri)


@dataclass(frozen=True, slots=True)
class Document:
    """What a feed is built from: the blog, the company's domain, posts newest first, the server's address."""

    blog: Blog
    domain: str
    address: str
    posts: tuple[DatedPost, ...]

    @property
    def homepage(self) -> str:
        return self.address + self.blog.path

    @property
    def url(self) -> str:
        return self.address + self.blog.feed_path

    @property
    def updated_at(self) -> datetime:
        return max((item.updated_at for item in self.posts), default=datetime(2000, 1, 1, tzinfo=UTC))

    def guid(self, post: Post) -> str:
        """A tag URI (RFC 4151): it stays the same when the demo's port changes."""
        return f"tag:{self.domain},2020:{post.blog.slug}/{post.slug}"

    def link(self, post: Post) -> str:
        return self.address + post.path

    def email(self, person: Person) -> str:
        return f"{person.username}@{self.domain}"


@dataclass(frozen=True, slots=True)
class FeedFormat:
    """A format: its media type, the function that writes it, and the word the hub's parser has for it."""

    media_type: str
    build: Callable[[Document], bytes]
    version: str


def build(document: Document) -> bytes:
    """The feed of ``document.blog`` in its own format, encoded in UTF-8."""
    return FORMATS[document.blog.format].build(document)


# RSS 2.0 and its elders


def _rss(document: Document, version: str) -> tuple[ET.Element, ET.Element]:
    root = ET.Element("rss", {"version": version})
    channel = ET.SubElement(root, "channel")
    _add(channel, "title", document.blog.title)
    _add(channel, "link", document.homepage)
    _add(channel, "description", document.blog.description)
    _add(channel, "language", document.blog.language)
    _add(channel, "lastBuildDate", format_datetime(document.updated_at.astimezone(UTC)))
    return root, channel


def _rss20_channel(document: Document) -> tuple[ET.Element, ET.Element]:
    root, channel = _rss(document, "2.0")
    _add(channel, "generator", document.blog.generator)
    _add(channel, "ttl", "5")
    attributes = {"href": document.url, "rel": "self", "type": "application/rss+xml"}
    ET.SubElement(channel, f"{{{ATOM}}}link", attributes)
    return root, channel


def _rss20_item(document: Document, channel: ET.Element, dated: DatedPost) -> ET.Element:
    post = dated.post
    item = ET.SubElement(channel, "item")
    _add(item, "title", post.title)
    _add(item, "link", document.link(post))
    _add(item, "guid", document.guid(post), isPermaLink="false")
    _add(item, "pubDate", format_datetime(dated.published_at))
    for tag in post.tags:
        _add(item, "category", tag)
    return item


def _creator(item: ET.Element, post: Post) -> None:
    """The author's name by Dublin Core, since RSS's own ``author`` wants an address of mail."""
    _add(item, f"{{{DC}}}creator", post.author.display_name)


def _rss20(document: Document) -> bytes:
    """RSS 2.0 with a summary in ``description`` and the whole post in ``content:encoded``."""
    root, channel = _rss20_channel(document)
    for dated in document.posts:
        item = _rss20_item(document, channel, dated)
        _creator(item, dated.post)
        if dated.post.summary:
            _add(item, "description", html.escape(dated.post.summary, quote=False))
        _add(item, f"{{{CONTENT}}}encoded", dated.post.html(document.address))
    return _write(root)


def _rss20_description(document: Document) -> bytes:
    """RSS 2.0 with the whole post in ``description``."""
    root, channel = _rss20_channel(document)
    for dated in document.posts:
        item = _rss20_item(document, channel, dated)
        _creator(item, dated.post)
        _add(item, "description", dated.post.html(document.address))
    return _write(root)


def _rss20_audio(document: Document) -> bytes:
    """RSS 2.0 as a podcast publishes it: an enclosure for each recording, and show notes."""
    root, channel = _rss20_channel(document)
    _add(channel, f"{{{ITUNES}}}author", document.posts[0].post.author.display_name if document.posts else "")
    for dated in document.posts:
        post = dated.post
        item = _rss20_item(document, channel, dated)
        _creator(item, post)
        _add(item, "description", post.html(document.address))
        if post.audio:
            attributes = {"url": document.address + post.audio_path, "type": "audio/wav"}
            ET.SubElement(item, "enclosure", attributes, length=str(sound.BYTES))
            _add(item, f"{{{ITUNES}}}duration", str(sound.SECONDS))
    return _write(root)


def _rss09x(document: Document, version: str, description: Callable[[Post], str]) -> bytes:
    # Neither 0.91 nor 0.92 has a guid; pubDate of an item came later, and most engines added it all the same.
    root, channel = _rss(document, version)
    _add(channel, "managingEditor", document.email(document.posts[0].post.author) if document.posts else "")
    for dated in document.posts:
        item = ET.SubElement(channel, "item")
        _add(item, "title", dated.post.title)
        _add(item, "link", document.link(dated.post))
        _add(item, "description", description(dated.post))
        _add(item, "pubDate", format_datetime(dated.published_at))
        for tag in dated.post.tags if version == "0.92" else ():
            _add(item, "category", tag)
    return _write(root)


def _rss091(document: Document) -> bytes:
    return _rss09x(document, "0.91", lambda post: post.html(document.address))


def _rss092(document: Document) -> bytes:
    """Summaries only: who wants to read on has to visit the blog."""
    return _rss09x(document, "0.92", lambda post: html.escape(post.summary, quote=False))


def _rdf10(document: Document) -> bytes:
    """RSS 1.0: RDF, with the Dublin Core and content modules."""
    root = ET.Element(f"{{{RDF}}}RDF", xmlns=RSS10)
    channel = ET.SubElement(root, "channel", {f"{{{RDF}}}about": document.url})
    _add(channel, "title", document.blog.title)
    _add(channel, "link", document.homepage)
    _add(channel, "description", document.blog.description)
    _add(channel, f"{{{DC}}}language", document.blog.language)
    _add(channel, f"{{{DC}}}date", document.updated_at.isoformat())
    order = ET.SubElement(ET.SubElement(channel, "items"), f"{{{RDF}}}Seq")
    for dated in document.posts:
        ET.SubElement(order, f"{{{RDF}}}li", {f"{{{RDF}}}resource": document.link(dated.post)})
        _rdf10_item(document, root, dated)
    return _write(root)


def _rdf10_item(document: Document, root: ET.Element, dated: DatedPost) -> None:
    post, link = dated.post, document.link(dated.post)
    # rdf:about is the item's identity: not its address here, since that one changes with the demo's port.
    item = ET.SubElement(root, "item", {f"{{{RDF}}}about": document.guid(post)})
    _add(item, "title", post.title)
    _add(item, "link", link)
    _add(item, "description", post.summary)
    _add(item, f"{{{CONTENT}}}encoded", post.html(document.address))
    for tag in post.tags:
        _add(item, f"{{{DC}}}subject", tag)
    _add(item, f"{{{DC}}}creator", post.author.display_name)
    _add(item, f"{{{DC}}}date", dated.published_at.isoformat())


# Atom


def _atom(document: Document, content: Callable[[ET.Element, Post], None], base: str = "") -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM, f"{{{XML}}}lang": document.blog.language})
    if base:
        root.set(f"{{{XML}}}base", base)
    _add(root, "id", f"tag:{document.domain},2020:{document.blog.slug}")
    _add(root, "title", document.blog.title)
    _add(root, "subtitle", document.blog.description)
    _add(root, "updated", document.updated_at.isoformat())
    _add(root, "generator", document.blog.generator)
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=document.url)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=document.homepage)
    for dated in document.posts:
        content(_atom_entry(document, root, dated), dated.post)
    return _encode(root)  # not indented: space counts in XHTML


def _atom_entry(document: Document, root: ET.Element, dated: DatedPost) -> ET.Element:
    post = dated.post
    entry = ET.SubElement(root, "entry")
    _add(entry, "id", document.guid(post))
    _add(entry, "title", post.title)
    _add(entry, "published", dated.published_at.isoformat())
    _add(entry, "updated", dated.updated_at.isoformat())
    author = ET.SubElement(entry, "author")
    _add(author, "name", post.author.display_name)
    _add(author, "email", document.email(post.author))
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=document.link(post))
    for tag in post.tags:
        ET.SubElement(entry, "category", term=tag)
    if post.summary:
        _add(entry, "summary", post.summary)
    return entry


def _atom10_xhtml(document: Document) -> bytes:
    """Atom 1.0 whose content is markup, not escaped text (RFC 4287, 3.1.1.3)."""

    def content(entry: ET.Element, post: Post) -> None:
        element = ET.SubElement(entry, "content", type="xhtml")
        body = ET.fromstring(f"<div>{post.html(document.address)}</div>")  # noqa: S314 - our own file
        body.set("xmlns", XHTML)
        element.append(body)

    return _atom(document, content)


def _atom10_html(document: Document) -> bytes:
    """Atom 1.0 with escaped content whose links are relative to ``xml:base``."""

    def content(entry: ET.Element, post: Post) -> None:
        _add(entry, "content", post.html(""), type="html")

    return _atom(document, content, base=document.homepage)


def _atom03(document: Document) -> bytes:
    """Atom 0.3, which had ``modified`` and ``issued``, and content with a mode."""
    root = ET.Element("feed", {"xmlns": ATOM03, "version": "0.3", f"{{{XML}}}lang": document.blog.language})
    _add(root, "title", document.blog.title)
    _add(root, "tagline", document.blog.description)
    _add(root, "modified", _zulu(document.updated_at))
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=document.homepage)
    for dated in document.posts:
        post = dated.post
        entry = ET.SubElement(root, "entry")
        _add(entry, "id", document.guid(post))
        _add(entry, "title", post.title)
        _add(entry, "issued", dated.published_at.isoformat())
        _add(entry, "modified", _zulu(dated.updated_at))
        _add(ET.SubElement(entry, "author"), "name", post.author.display_name)
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=document.link(post))
        for tag in post.tags:
            _add(entry, f"{{{DC}}}subject", tag)
        _add(entry, "content", post.html(document.address), {"type": "text/html", "mode": "escaped"})
    return _write(root)


# JSON Feed


def _jsonfeed11(document: Document) -> bytes:
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": document.blog.title,
        "description": document.blog.description,
        "home_page_url": document.homepage,
        "feed_url": document.url,
        "language": document.blog.language,
        "items": [_jsonfeed_item(document, dated) for dated in document.posts],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _jsonfeed_item(document: Document, dated: DatedPost) -> dict[str, object]:
    post = dated.post
    item: dict[str, object] = {
        "id": document.guid(post),
        "url": document.link(post),
        "title": post.title,
        "content_html": post.html(document.address),
        "date_published": dated.published_at.isoformat(),
        "authors": [{"name": post.author.display_name}],
        "tags": list(post.tags),
    }
    if post.summary:
        item["summary"] = post.summary
    if dated.updated_at != dated.published_at:
        item["date_modified"] = dated.updated_at.isoformat()
    return item


# Writing XML


def _add(parent: ET.Element, name: str, text: str, attributes: dict[str, str] | None = None, **more: str) -> ET.Element:
    element = ET.SubElement(parent, name, attributes or {}, **more)
    element.text = text
    return element


def _write(root: ET.Element) -> bytes:
    ET.indent(root, " ")
    return _encode(root)


def _encode(root: ET.Element) -> bytes:
    encoded: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)  # typeshed says Any
    return encoded


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


FORMATS = {
    "rss20": FeedFormat("application/rss+xml; charset=utf-8", _rss20, "rss20"),
    "rss20-description": FeedFormat("application/xml; charset=utf-8", _rss20_description, "rss20"),
    "rss20-audio": FeedFormat("application/rss+xml; charset=utf-8", _rss20_audio, "rss20"),
    "rss091": FeedFormat("text/xml; charset=utf-8", _rss091, "rss091u"),
    "rss092": FeedFormat("text/xml; charset=utf-8", _rss092, "rss092"),
    "rdf10": FeedFormat("application/rdf+xml; charset=utf-8", _rdf10, "rss10"),
    "atom10-xhtml": FeedFormat("application/atom+xml; charset=utf-8", _atom10_xhtml, "atom10"),
    "atom10-html": FeedFormat("application/atom+xml; charset=utf-8", _atom10_html, "atom10"),
    "atom03": FeedFormat("application/xml; charset=utf-8", _atom03, "atom03"),
    "jsonfeed11": FeedFormat("application/feed+json; charset=utf-8", _jsonfeed11, "jsonfeed11"),
}
