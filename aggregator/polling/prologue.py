"""From the bytes of an answer to text that an XML or JSON parser may see: encoding, forbidden characters, DTD.

Owns every decision that is taken before parsing. A document type is never handed on: no external entity can be asked
for and no declared one can grow; the few harmless declarations (``<!ENTITY copy "&#169;">``) are put in by hand.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from html.entities import html5

from aggregator.polling.limits import ParseError, not_a_feed

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# "<?" or "<x" without a byte order mark (XML 1.0 appendix F)
_PATTERNS = (
    (b"<\0\0\0", "utf-32-le"),
    (b"\0\0\0<", "utf-32-be"),
    (b"<\0", "utf-16-le"),
    (b"\0<", "utf-16-be"),
    (b"\x4c\x6f\xa7\x94", "cp037"),
)
# What publishers write against what they mean (WHATWG Encoding section 4.2)
_MEANT = {
    "iso8859-1": "cp1252",
    "ascii": "cp1252",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "euc_kr": "cp949",
    "shift_jis": "cp932",
    "iso8859-9": "cp1254",
    "big5": "big5hkscs",
}
_WIDE = frozenset({"utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"})
_STATEFUL = re.compile(r"iso2022|hz|utf-7", re.I)
_NOT_TEXT = frozenset({"base64", "hex", "rot13", "quopri", "uu", "zlib", "bz2", "idna", "punycode", "unicode-escape"})
_HEADER_CHARSET = re.compile(r"charset\s*=\s*[\"']?([^\s;\"']+)", re.I)
_XML_CHARSET = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:-]{1,40})[\"']")
_FORBIDDEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_C0 = bytes(byte for byte in range(0x20) if byte not in b"\t\n\r")
_FORBIDDEN_REFERENCE = re.compile(r"&#(?:0*(?:[0-8]|1[124-9]|2[0-9]|3[01])|x0*(?:[0-8bcef]|1[0-9a-f]));", re.I)
_MOSTLY_GOOD = 4  # good non-ASCII characters for one broken: still UTF-8, with a few wounds

_MISC = r"(?:\s|<\?.*?\?>|<!--.*?-->)*+"  # possessive: nothing here may be tried twice
_DOCTYPE = re.compile(_MISC + r"<!DOCTYPE\b([^\[>]*)(?:\[(.*?)\]\s*)?>", re.DOTALL | re.I)
_ENTITY = re.compile(r"<!ENTITY\s+(%\s+)?([\w.:-]+)\s+(?:\"([^\"]*)\"|'([^']*)'|[^>]*)\s*>")
_SAFE_VALUE = re.compile(r"[^&%<]{0,32}|&#x?[0-9A-Fa-f]{1,7};")
_REFERENCE_IN_VALUE = re.compile(r"[&%][A-Za-z]")
_ROOT = re.compile(_MISC + r"<([A-Za-z_][\w.-]*:)?([A-Za-z_][\w.-]*)", re.DOTALL)
_REFERENCE = re.compile(
    r"<!\[CDATA\[.*?\]\]>|&(?:(#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z][A-Za-z0-9]{0,31});)?", re.DOTALL
)
_XML_ENTITIES = frozenset({"lt", "gt", "amp", "quot", "apos"})
_MAX_LEAD = 4096  # characters of junk before the document that are forgiven


@dataclass(frozen=True, slots=True)
class Document:
    """Text ready to parse: no declaration, no document type, no character that XML forbids.

    ``root`` is the lower-case name of the first element without prefix, empty for JSON. ``netscape`` is the one fact a
    document type tells about a feed: RSS 0.91 by Netscape rather than by Userland.
    """

    text: str
    root: str
    notes: tuple[str, ...] = ()
    netscape: bool = False


def open_document(body: bytes, content_type: str) -> Document:
    """Decode ``body`` and take its prologue off; raises ParseError when there is nothing to parse."""
    text, notes = decode(body, content_type)
    text = text.lstrip("\ufeff \t\r\n")
    if not text:
        raise ParseError(not_a_feed("empty", "The address answers with an empty page."))
    if text[0] in "{[":
        return Document(text, "", notes)
    start = text.find("<?xml", 0, _MAX_LEAD)
    start = text.find("<") if start < 0 else start
    if start < 0 or start > _MAX_LEAD:
        raise ParseError(not_a_feed("not_xml", "The address answers with plain text, not a feed."))
    if start:
        notes = (*notes, "There is text before the start of the document; it was skipped.")
    return _without_prologue(text[start:], notes)


def _without_prologue(text: str, notes: tuple[str, ...]) -> Document:
    netscape = False
    if text.startswith("<?xml") and 0 < (end := text.find("?>")) < _MAX_LEAD:
        text = text[end + 2 :]
    doctype = _DOCTYPE.match(text)
    if doctype:
        netscape = "netscape" in doctype[1].lower()
        entities = safe_entities(doctype[2] or "")
        text = text[doctype.end() :]
        if entities:
            text = mend_references(text, entities)
    root = _ROOT.match(text)
    return Document(text, root[2].lower() if root else "", notes, netscape)


def decode(body: bytes, content_type: str) -> tuple[str, tuple[str, ...]]:
    """The text of ``body`` and notes about what was wrong with it; never fails.

    Order: byte order mark, patterns of wide encodings, valid UTF-8 (hardly anything else is valid by accident), the
    HTTP charset, the XML declaration (RFC 7303 section 3.2), wounded UTF-8, windows-1252.
    """
    declared = _declared(body, content_type)
    suspect = len(body.translate(None, _C0)) < len(body) or b"\xef\xbf" in body  # a quick look; wide text is suspect
    for encoding in _sniffed(body, declared):
        text, hurt = _decoded(body, encoding)
        if text is not None:
            text = _allowed(text) if suspect else _without_forbidden_references(text)
            notes = ("Some characters are broken: the text is not in the encoding it claims.",) if hurt else ()
            return text, notes
    return _allowed(body.decode("cp1252", "replace")), ("The encoding of the document is unknown; it was guessed.",)


def _declared(body: bytes, content_type: str) -> list[str]:
    names = _HEADER_CHARSET.findall(content_type) + [name.decode() for name in _XML_CHARSET.findall(body[:512])]
    known = []
    for name in names:
        try:
            codec = codecs.lookup(name).name
        except LookupError:
            continue
        if codec not in _NOT_TEXT:
            known.append(_MEANT.get(codec, codec))
    return known


def _sniffed(body: bytes, declared: list[str]) -> list[str]:
    marked = [name for mark, name in _BOMS if body.startswith(mark)]
    if marked:
        return [marked[0] + "!"]
    wide = [name for mark, name in _PATTERNS if body.startswith(mark)]
    if wide:
        return [wide[0] + "!"]
    stateful = [name for name in declared if _STATEFUL.search(name)]
    narrow = [name for name in declared if name not in _WIDE and name != "utf-8"]
    return [*stateful, "utf-8", *narrow, "utf-8?"]


def _decoded(body: bytes, encoding: str) -> tuple[str | None, bool]:
    """``encoding`` strictly; with ``!`` whatever it takes; with ``?`` only when little is broken."""
    try:
        return body.decode(encoding.rstrip("!?")), False
    except UnicodeDecodeError:
        if encoding[-1] not in "!?":
            return None, False
    text = body.decode(encoding[:-1], "replace")
    broken = text.count("\ufffd")
    good = sum(1 for char in text if char > "\x7f") - broken
    return (text, True) if encoding[-1] == "!" or broken * _MOSTLY_GOOD <= good or broken == 1 else (None, True)


def _allowed(text: str) -> str:
    """``text`` without characters and references that XML 1.0 forbids (and PostgreSQL: NUL)."""
    if _FORBIDDEN.search(text):
        text = _FORBIDDEN.sub("", text)
    return _without_forbidden_references(text)


def _without_forbidden_references(text: str) -> str:
    return _FORBIDDEN_REFERENCE.sub("", text) if "&#" in text else text


def safe_entities(subset: str) -> dict[str, str]:
    """The harmless entity declarations of a document type; raises ParseError on those made to explode.

    External ones stand for nothing, long ones stay undeclared.
    """
    entities = {}
    for parameter, name, double, single in _ENTITY.findall(subset):
        value = double or single
        if _REFERENCE_IN_VALUE.search(value) and not parameter:
            reason = "The feed declares XML entities made of other entities; such documents are not read."
            raise ParseError(not_a_feed("entity_bomb", reason))
        if not parameter and _SAFE_VALUE.fullmatch(value):
            entities[name] = value
    return entities


def mend_references(text: str, entities: dict[str, str]) -> str:
    """``text`` with every ``&`` outside CDATA made good: known names replaced, unknown ones and bare ``&`` escaped."""

    def mended(found: re.Match[str]) -> str:
        name = found[1]
        if found[0][0] == "<" or (name and (name[0] == "#" or name in _XML_ENTITIES)):
            return found[0]
        if name in entities:
            return entities[name]
        char = html5.get(f"{name};", "")
        return "".join(f"&#{ord(c)};" for c in char) or "&amp;" + found[0][1:]

    return _REFERENCE.sub(mended, text)
