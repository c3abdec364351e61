"""Atom 1.0 and 0.3."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Callable
from datetime import UTC, datetime

from demo.company import DatedPost, Post
from demo.feeds.document import Document
from demo.feeds.writing import ATOM, ATOM03, DC, XHTML, XML, add, encode, write


def _atom(document: Document, content: Callable[[ET.Element, Post], None], base: str = "") -> bytes:
    root = ET.Element("feed", {"xmlns": ATOM, f"{{{XML}}}lang": document.blog.language})
    if base:
        root.set(f"{{{XML}}}base", base)
    add(root, "id", f"tag:{document.domain},2020:{document.blog.slug}")
    add(root, "title", document.blog.title)
    add(root, "subtitle", document.blog.description)
    add(root, "updated", document.updated_at.isoformat())
    add(root, "generator", document.blog.generator)
    ET.SubElement(root, "link", rel="self", type="application/atom+xml", href=document.url)
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=document.homepage)
    for dated in document.posts:
        content(_atom_entry(document, root, dated), dated.post)
    return encode(root)  # not indented: space counts in XHTML


def _atom_entry(document: Document, root: ET.Element, dated: DatedPost) -> ET.Element:
    post = dated.post
    entry = ET.SubElement(root, "entry")
    add(entry, "id", document.guid(post))
    add(entry, "title", post.title)
    add(entry, "published", dated.published_at.isoformat())
    add(entry, "updated", dated.updated_at.isoformat())
    author = ET.SubElement(entry, "author")
    add(author, "name", post.author.display_name)
    add(author, "email", document.email(post.author))
    ET.SubElement(entry, "link", rel="alternate", type="text/html", href=document.link(post))
    for tag in post.tags:
        ET.SubElement(entry, "category", term=tag)
    if post.summary:
        add(entry, "summary", post.summary)
    return entry


def atom10_xhtml(document: Document) -> bytes:
    """Atom 1.0 whose content is markup, not escaped text (RFC 4287, 3.1.1.3)."""

    def content(entry: ET.Element, post: Post) -> None:
        element = ET.SubElement(entry, "content", type="xhtml")
        body = ET.fromstring(f"<div>{post.html(document.address)}</div>")  # noqa: S314 - our own file
        body.set("xmlns", XHTML)
        element.append(body)

    return _atom(document, content)


def atom10_html(document: Document) -> bytes:
    """Atom 1.0 with escaped content whose links are relative to ``xml:base``."""

    def content(entry: ET.Element, post: Post) -> None:
        add(entry, "content", post.html(""), type="html")

    return _atom(document, content, base=document.homepage)


def atom03(document: Document) -> bytes:
    """Atom 0.3, which had ``modified`` and ``issued``, and content with a mode."""
    root = ET.Element("feed", {"xmlns": ATOM03, "version": "0.3", f"{{{XML}}}lang": document.blog.language})
    add(root, "title", document.blog.title)
    add(root, "tagline", document.blog.description)
    add(root, "modified", _zulu(document.updated_at))
    ET.SubElement(root, "link", rel="alternate", type="text/html", href=document.homepage)
    for dated in document.posts:
        post = dated.post
        entry = ET.SubElement(root, "entry")
        add(entry, "id", document.guid(post))
        add(entry, "title", post.title)
        add(entry, "issued", dated.published_at.isoformat())
        add(entry, "modified", _zulu(dated.updated_at))
        add(ET.SubElement(entry, "author"), "name", post.author.display_name)
        ET.SubElement(entry, "link", rel="alternate", type="text/html", href=document.link(post))
        for tag in post.tags:
            add(entry, f"{{{DC}}}subject", tag)
        add(entry, "content", post.html(document.address), {"type": "text/html", "mode": "escaped"})
    return write(root)


def _zulu(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
