"""Reading lists of blogs: OPML, a Planet's ``config.ini``, CSV, or plain lines. Pure; bounded in size and rows.

One row for every entry that means to be a blog, also for a bad one: what is wrong with it, a look at it will say.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import StringIO

from aggregator.opml import MAX_BYTES, OpmlError, read_opml

MAX_ROWS = 10_000
MAX_LINE = 4096  # characters; beyond that it is no list of addresses
FORMATS = ("opml", "planet", "csv", "lines")

_SECTION = re.compile(r"\[([^\n]{1,4000})\]\s*")
_OPTION = re.compile(r"\s*([A-Za-z_][\w-]{0,40})\s*[=:](?!//)(.*)")
_ADDRESS = frozenset({"address", "url", "feed", "feed_url", "feedurl", "xmlurl", "rss", "blog", "homepage", "website"})
_TITLE = frozenset({"title", "name"})
_OWNER = frozenset({"owner", "owners", "mail", "email", "username", "user", "person"})
_WEB = re.compile(r"(?:feed:)?(?:https?|feed)://", re.IGNORECASE)


class ListError(ValueError):
    """This is no list that could be imported; says why, in a sentence."""


@dataclass(frozen=True, slots=True)
class Row:
    """One blog of a list: where (``line`` counts from 1), its address as written, and what the list says of it."""

    line: int
    address: str
    title: str = ""
    owner: str = ""


def read_list(document: bytes, kind: str = "") -> list[Row]:
    """The rows of a list in one of ``FORMATS``, found out when it is not given. Raises ListError."""
    if len(document) > MAX_BYTES:
        raise ListError(f"The list is larger than {MAX_BYTES // 1024**2} MB.")
    if kind == "opml" or (not kind and _looks_like_xml(document)):
        return _read_opml(document)
    text = _text(document)
    reader = {"planet": _planet, "csv": _csv, "lines": _lines}[kind or _kind(text)]
    rows: list[Row] = []
    for row in reader(text):
        if len(rows) == MAX_ROWS:
            raise ListError(f"The list holds more than {MAX_ROWS:,} blogs. Please part it.")
        rows.append(row)
    return rows


def _looks_like_xml(document: bytes) -> bool:
    start = document[:200].translate(None, b"\0").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
    return start.startswith(b"<")


def _read_opml(document: bytes) -> list[Row]:
    try:
        outlines = read_opml(document, most=MAX_ROWS)
    except OpmlError as error:
        raise ListError(str(error)) from None
    return [Row(outline.line, outline.url, outline.title) for outline in outlines]


def _text(document: bytes) -> str:
    try:
        text = document.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ListError("This is not a text file in UTF-8.") from None
    if "\0" in text:
        raise ListError("This is not a list of addresses.")
    return text


def _kind(text: str) -> str:
    """By its first line that says something; a Planet's options may stand before its first section."""
    lines = [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith(("#", ";"))]
    first = lines[0] if lines else ""
    if (_OPTION.fullmatch(first) and any(map(_SECTION.fullmatch, lines))) or _SECTION.fullmatch(first):
        return "planet"
    return "csv" if _ADDRESS & _named(first).keys() else "lines"


# --- lines -------------------------------------------------------------------------------------------------------


def _lines(text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        address = line.strip()
        if not address or address.startswith("#"):
            continue
        if len(address) > MAX_LINE:
            raise ListError("This is not a list of addresses.")
        yield Row(number, address)


# --- CSV ---------------------------------------------------------------------------------------------------------


def _csv(text: str) -> Iterator[Row]:
    """The first line names the columns; without names they are address, title, owner."""
    head = next((line for line in text.splitlines() if line.strip()), "")
    places = _named(head)
    column = {
        meaning: min((place for name, place in places.items() if name in names), default=-1)
        for meaning, names in (("address", _ADDRESS), ("title", _TITLE), ("owner", _OWNER))
    }
    is_named = column["address"] >= 0
    if not is_named:
        column = {"address": 0, "title": 1, "owner": 2}
    rows = csv.reader(StringIO(text), delimiter=_delimiter(head))
    try:
        for number, cells in enumerate(row for row in rows if any(map(str.strip, row))):
            if number or not is_named:
                yield Row(rows.line_num, *(_cell(cells, column[name]) for name in ("address", "title", "owner")))
    except csv.Error as error:
        raise ListError(f"The list is broken at line {rows.line_num}: {error}.") from None


def _cell(cells: list[str], place: int) -> str:
    found = cells[place].strip() if 0 <= place < len(cells) else ""
    if len(found) > MAX_LINE:
        raise ListError("This is not a list of addresses.")
    return found


def _delimiter(line: str) -> str:
    return max(",;\t", key=line.count)


def _named(line: str) -> dict[str, int]:
    """The columns that a line names, and their places."""
    cells = [cell.strip(" \"'\ufeff").lower().replace(" ", "_") for cell in line[:MAX_LINE].split(_delimiter(line))]
    return {name: place for place, name in reversed(list(enumerate(cells)))}


# --- Planet ------------------------------------------------------------------------------------------------------


def _planet(text: str) -> Iterator[Row]:
    """Sections called by an address (Planet, Venus), or that say ``feed`` (Pluto); all others configure the planet."""
    for line, section, options in _sections(text):
        address = options.get("feed") or options.get("url") or section
        if _WEB.match(address):
            yield Row(line, address, options.get("name") or options.get("title", ""))


def _sections(text: str) -> Iterator[tuple[int, str, dict[str, str]]]:
    """Line, name and options of each; a line that is neither option nor section goes unread, as planets had it."""
    begun, section, options = 0, "", dict[str, str]()
    for number, line in enumerate(text.splitlines(), 1):
        if len(line) > MAX_LINE:
            raise ListError(f"Line {number} is too long for a Planet's configuration.")
        if found := _SECTION.fullmatch(line.strip()):
            if begun:
                yield begun, section, options
            begun, section, options = number, found[1].strip(), {}
        elif not line.lstrip().startswith(("#", ";")) and (option := _OPTION.fullmatch(line)):
            options.setdefault(option[1].lower(), option[2].strip())
    if begun:
        yield begun, section, options
