"""RSS 2.0 and its elders 0.91, 0.92 and 1.0."""

from __future__ import annotations

import html
import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC
from email.utils import format_datetime

from demo import sound
from demo.company import DatedPost, Post
from demo.feeds.document import Document
from demo.feeds.writing import ATOM, CONTENT, DC, ITUNES, RDF, RSS10, add, write


def _rss(document: Document, version: str) -> tuple[ET.Element, ET.Element]:
    root = ET.Element("rss", {"version": version})
    channel = ET.SubElement(root, "channel")
    add(channel, "title", document.blog.title)
    add(channel, "link", document.homepage)
    add(channel, "description", document.blog.description)
    add(channel, "language", document.blog.language)
    add(channel, "lastBuildDate", format_datetime(document.updated_at.astimezone(UTC)))
    return root, channel


def _rss20_channel(document: Document) -> tuple[ET.Element, ET.Element]:
    root, channel = _rss(document, "2.0")
    add(channel, "generator", document.blog.generator)
    add(channel, "ttl", "5")
    attributes = {"href": document.url, "rel": "self", "type": "application/rss+xml"}
    ET.SubElement(channel, f"{{{ATOM}}}link", attributes)
    return root, channel


def _rss20_item(document: Document, channel: ET.Element, dated: DatedPost) -> ET.Element:
    post = dated.post
    item = ET.SubElement(channel, "item")
    add(item, "title", post.title)
    add(item, "link", document.link(post))
    add(item, "guid", document.guid(post), isPermaLink="false")
    add(item, "pubDate", format_datetime(dated.published_at))
    for tag in post.tags:
        add(item, "category", tag)
    return item


def _creator(item: ET.Element, post: Post) -> None:
    """The author's name by Dublin Core, since RSS's own ``author`` wants an address of mail."""
    add(item, f"{{{DC}}}creator", post.author.display_name)


def rss20(document: Document) -> bytes:
    """RSS 2.0 with a summary in ``description`` and the whole post in ``content:encoded``."""
    root, channel = _rss20_channel(document)
    for dated in document.posts:
        item = _rss20_item(document, channel, dated)
        _creator(item, dated.post)
        if dated.post.summary:
            add(item, "description", html.escape(dated.post.summary, quote=False))
        add(item, f"{{{CONTENT}}}encoded", dated.post.html(document.address))
    return write(root)


def rss20_description(document: Document) -> bytes:
    """RSS 2.0 with the whole post in ``description``."""
    root, channel = _rss20_channel(document)
    for dated in document.posts:
        item = _rss20_item(document, channel, dated)
        _creator(item, dated.post)
        add(item, "description", dated.post.html(document.address))
    return write(root)


def rss20_audio(document: Document) -> bytes:
    """RSS 2.0 as a podcast publishes it: an enclosure for each recording, and show notes."""
    root, channel = _rss20_channel(document)
    add(channel, f"{{{ITUNES}}}author", document.posts[0].post.author.display_name if document.posts else "")
    for dated in document.posts:
        post = dated.post
        item = _rss20_item(document, channel, dated)
        _creator(item, post)
        add(item, "description", post.html(document.address))
        if post.audio:
            attributes = {"url": document.address + post.audio_path, "type": "audio/wav"}
            ET.SubElement(item, "enclosure", attributes, length=str(sound.BYTES))
            add(item, f"{{{ITUNES}}}duration", str(sound.SECONDS))
    return write(root)


def _rss09x(document: Document, version: str, description: Callable[[Post], str]) -> bytes:
    # Neither 0.91 nor 0.92 has a guid; pubDate of an item came later, and most engines added it all the same.
    root, channel = _rss(document, version)
    add(channel, "managingEditor", document.email(document.posts[0].post.author) if document.posts else "")
    for dated in document.posts:
        item = ET.SubElement(channel, "item")
        add(item, "title", dated.post.title)
        add(item, "link", document.link(dated.post))
        add(item, "description", description(dated.post))
        add(item, "pubDate", format_datetime(dated.published_at))
        for tag in dated.post.tags if version == "0.92" else ():
            add(item, "category", tag)
    return write(root)


def rss091(document: Document) -> bytes:
    """RSS 0.91 with the whole post."""
    return _rss09x(document, "0.91", lambda post: post.html(document.address))


def rss092(document: Document) -> bytes:
    """RSS 0.92, summaries only: who wants to read on has to visit the blog."""
    return _rss09x(document, "0.92", lambda post: html.escape(post.summary, quote=False))


def rdf10(document: Document) -> bytes:
    """RSS 1.0: RDF, with the Dublin Core and content modules."""
    root = ET.Element(f"{{{RDF}}}RDF", xmlns=RSS10)
    channel = ET.SubElement(root, "channel", {f"{{{RDF}}}about": document.url})
    add(channel, "title", document.blog.title)
    add(channel, "link", document.homepage)
    add(channel, "description", document.blog.description)
    add(channel, f"{{{DC}}}language", document.blog.language)
    add(channel, f"{{{DC}}}date", document.updated_at.isoformat())
    order = ET.SubElement(ET.SubElement(channel, "items"), f"{{{RDF}}}Seq")
    for dated in document.posts:
        ET.SubElement(order, f"{{{RDF}}}li", {f"{{{RDF}}}resource": document.link(dated.post)})
        _rdf10_item(document, root, dated)
    return write(root)


def _rdf10_item(document: Document, root: ET.Element, dated: DatedPost) -> None:
    post, link = dated.post, document.link(dated.post)
    # rdf:about is the item's identity: not its address here, since that one changes with the demo's port.
    item = ET.SubElement(root, "item", {f"{{{RDF}}}about": document.guid(post)})
    add(item, "title", post.title)
    add(item, "link", link)
    add(item, "description", post.summary)
    add(item, f"{{{CONTENT}}}encoded", post.html(document.address))
    for tag in post.tags:
        add(item, f"{{{DC}}}subject", tag)
    add(item, f"{{{DC}}}creator", post.author.display_name)
    add(item, f"{{{DC}}}date", dated.published_at.isoformat())
