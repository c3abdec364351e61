"""OPML: lists of feeds, as readers and planets exchange them. Reading and writing (OPML 1.0, 1.1 and 2.0).

Pure. Reads hostile documents within bounds, and follows no address that a document names: what becomes of the outlines
is aggregator/importing's. Folders are read through and forgotten; the hub has none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from xml.parsers import expat
from xml.sax.saxutils import quoteattr

from aggregator.polling.prologue import decode

MAX_BYTES = 5 * 1024 * 1024  # ten thousand blogs need two
MAX_DEPTH = 100  # elements; real lists have folders in folders, not in hundreds
_FEED_TYPES = frozenset({"rss", "atom"})
_DECLARATION = re.compile(r"\A\s*<\?xml[^>]{0,200}\?>", re.IGNORECASE)  # what it says of the encoding is over
_NOT_IN_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


class OpmlError(ValueError):
    """The document cannot be read; says why, in a sentence with a line number where there is one."""


@dataclass(frozen=True, slots=True)
class Outline:
    """One feed of a list. ``url`` is empty when the outline says that it is a feed, but not where."""

    url: str
    title: str = ""
    homepage_url: str = ""
    line: int = 0


def read_opml(document: bytes, *, most: int) -> list[Outline]:
    """The feeds of a list in their order, however deep its folders; OpmlError when there are more than ``most``.

    Names of attributes count in any case, as the programs that write them differ. An outline with an address of a feed
    is one, and so is one that calls itself ``rss`` and has but a homepage.
    """
    if len(document) > MAX_BYTES:
        raise OpmlError(f"The list is larger than {MAX_BYTES // 1024**2} MB.")
    text, _notes = decode(document, "")
    reader = _Reader(most)
    reader.read(_DECLARATION.sub("", text, count=1))
    return reader.outlines


class _Reader:
    """One pass of expat over the document."""

    def __init__(self, most: int) -> None:
        self.outlines: list[Outline] = []
        self._most, self._depth = most, 0

    def read(self, text: str) -> None:
        self._parser = parser = expat.ParserCreate("utf-8")
        parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        parser.EntityDeclHandler = self._refuse_entity
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        try:
            parser.Parse(text.encode(errors="replace"), True)  # UTF-7 can hold halves of characters
        except expat.ExpatError as error:
            words = expat.ErrorString(error.code)
            raise OpmlError(f"The list is broken at line {error.lineno}: {words}.") from None

    def _refuse_entity(self, *_declaration: object) -> None:
        raise OpmlError(f"The list declares entities (line {self._parser.CurrentLineNumber}); BlogHub reads none.")

    def _start(self, name: str, attributes: Mapping[str, str]) -> None:
        self._depth += 1
        if self._depth == 1 and name.lower() != "opml":
            raise OpmlError(f"This is no OPML: the document begins with <{name[:40]}>.")
        if self._depth > MAX_DEPTH:
            line = self._parser.CurrentLineNumber
            raise OpmlError(f"The list is nested more than {MAX_DEPTH} deep (line {line}).")
        if name.lower() == "outline":
            self._add({key.lower(): value.strip() for key, value in reversed(list(attributes.items()))})

    def _add(self, attributes: Mapping[str, str]) -> None:
        is_feed = attributes.get("type", "").lower() in _FEED_TYPES
        url, homepage_url = attributes.get("xmlurl", ""), attributes.get("htmlurl", "")
        if not url and not is_feed:
            return
        if len(self.outlines) == self._most:
            raise OpmlError(f"The list holds more than {self._most:,} feeds. Please part it.")
        title = attributes.get("title") or attributes.get("text", "")
        line = self._parser.CurrentLineNumber
        self.outlines.append(Outline(url or homepage_url, title, homepage_url, line))

    def _end(self, name: str) -> None:
        self._depth -= 1


def write_opml(title: str, outlines: Iterable[Outline], made_at: datetime) -> bytes:
    """OPML 2.0, one outline a feed, as every reader imports it."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>',
        '<opml version="2.0">',
        f"  <head><title>{_text(title)}</title><dateCreated>{format_datetime(made_at)}</dateCreated></head>",
        "  <body>",
        *(f"    {_element(outline)}" for outline in outlines),
        "  </body>",
        "</opml>",
    ]
    return "\n".join([*lines, ""]).encode()


def _element(outline: Outline) -> str:
    values = {"type": "rss", "text": outline.title, "title": outline.title, "xmlUrl": outline.url}
    if outline.homepage_url:
        values["htmlUrl"] = outline.homepage_url
    return f"<outline {' '.join(f'{name}={_quoted(value)}' for name, value in values.items())}/>"


def _quoted(value: str) -> str:
    return quoteattr(_NOT_IN_XML.sub("", value))


def _text(value: str) -> str:
    return _NOT_IN_XML.sub("", value).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
