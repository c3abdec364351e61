"""Plain text: from clean HTML, cut to size, counted, made harmless to show, and named in addresses.

Owns what a title, a name and an excerpt may contain. Language and direction live in ``bloghub.lib.language``.
"""

from __future__ import annotations

import re
import unicodedata
from html import unescape

WORDS_PER_MINUTE = 220
CJK_CHARACTERS_PER_WORD = 2
MAX_COMBINING = 4  # marks on one letter; Hebrew with accents needs three, "Zalgo" text has dozens
EXCERPT_LENGTH = 300
SLUG_LENGTH = 60
_MARGIN = 16  # characters before a cut whose form may still depend on what follows them

_BLOCK_TAG = re.compile(
    r"</?(?:p|div|h[1-6]|li|ul|ol|dl|dt|dd|pre|blockquote|figure|figcaption|table|tr|section|address|details|summary|caption"
    r"|thead|tbody|tfoot|audio|video|br|hr)\b[^>]*>"
)
_CELL_TAG = re.compile(r"</t[dh]>")
_TAG = re.compile(r"<[^>]*>")
_FIRST_BLOCK = re.compile(
    r"(?:\s|</?(?:div|section|figure|img|hr|br)\b[^>]*>)*+<(h[1-6]|table|p)\b[^>]*>(.*?)</\1>", re.DOTALL
)
_NOTE_MARK = re.compile(r'<sup\b[^>]*>\[?<a [^>]*href="#[^"]*"[^>]*>[^<]*</a>\]?</sup>')
_RUBY_READING = re.compile(r"<r[tp]>.*?</r[tp]>", re.DOTALL)
_CJK = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_IN_CJK = bytes(range(0xE3, 0xF1))  # their first bytes in UTF-8: whether one is there costs a tenth of the search
_WORD = re.compile(r"\w+(?:['\u2019-]\w+)*")

# Never shown: controls, bidi embeddings, overrides and isolates, invisible operators, soft hyphen, tags, noncharacters.
_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f\xad\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufdd0-\ufdef"
    "\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e0fff]"
)
# Joiners carry meaning between letters of Persian, Indic scripts and in emoji, nowhere else.
_STRAY_JOINER = re.compile(
    "(?<![\u0600-\u1cff\u2190-\U0001ffff])[\u200c\u200d]+|[\u200c\u200d]+(?![\u0600-\u1cff\u2190-\U0001ffff])"
)
_LINE_END = re.compile("\r\n?|[\x0b\x0c\x85\u2028\u2029]")
_SURROGATE = re.compile("[\ud800-\udfff]")


def _marks() -> str:
    """The combining marks of the basic plane as a character class."""
    found = (chr(code) for code in range(0x300, 0xFE30) if unicodedata.category(chr(code)) in {"Mn", "Me"})
    return f"[{''.join(found)}]"


_MARKS = _marks()
_PILED = re.compile(f"({_MARKS}{{{MAX_COMBINING}}}){_MARKS}+")
# Everything that the four patterns above look for: most lines have none of it, and one look is enough.
_DELICATE = re.compile(f"[{_UNSEEN.pattern[1:-1]}\u200c\u200d\ud800-\udfff{_MARKS[1:-1]}]")


def words_of_clean_html(html: str) -> tuple[list[str], int]:
    """The text of HTML that has passed the gate, split at white space, entities decoded; and how many words these are.

    Chinese and Japanese, which have no spaces, count a word for two characters. Works on the serialised form (every
    ``<`` and ``>`` of text and attributes is escaped there), so no second parse.
    """
    if "<rt>" in html:
        html = _RUBY_READING.sub("", html)
    html = _BLOCK_TAG.sub(" ", html)
    if "</t" in html:
        html = _CELL_TAG.sub(" ", html)
    text = unescape(_TAG.sub("", html))
    words = text.split()
    dense = _count_cjk(text)
    if not dense:
        return words, len(words)
    return words, len(_WORD.findall(_CJK.sub(" ", text))) + dense // CJK_CHARACTERS_PER_WORD


def without_preamble(html: str, title: str) -> str:
    """HTML that has passed the gate from where its text starts: no headings, tables or repetition of ``title`` before
    it, and no marks of footnotes in it; all of it when there would be nothing left.
    """
    start = 0
    while found := _FIRST_BLOCK.match(html, start):
        if found[1] == "p" and " ".join(words_of_clean_html(found[2])[0]) not in {"", title}:
            break
        start = found.end()
    rest = html[start:] if start else html
    if "<sup" in rest:
        rest = _NOTE_MARK.sub("", rest)
    return rest if _TAG.sub("", rest).strip() else html


def _count_cjk(text: str) -> int:
    if text.isascii():
        return 0
    data = text.encode("utf-8", "replace")
    return len(_CJK.findall(text)) if len(data.translate(None, _IN_CJK)) < len(data) else 0


def plain_line(text: str, limit: int) -> str:
    """``text`` as one harmless line of at most ``limit`` characters, in NFC: for titles, names, tags.

    Characters that would turn the direction of what follows, hide, or pile up over other rows are removed.
    """
    if len(text) > limit * 8:
        text = text[: limit * 8]  # a megabyte of title is not worth normalising
    if text.isascii():
        if text.isprintable():
            return _cut(" ".join(text.split()), limit)
        return _cut(" ".join(_UNSEEN.sub("", text).split()), limit)
    if _DELICATE.search(text):
        text = _STRAY_JOINER.sub("", _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text)))
        text = _PILED.sub(r"\1", unicodedata.normalize("NFC", text))
    else:
        text = unicodedata.normalize("NFC", text)  # no letter falls apart into more marks than are allowed
    return _cut(" ".join(text.split()), limit)


def plain_text(text: str) -> str:
    """``text`` of any number of lines made harmless to show, in NFC, with ``\\n`` at the ends of its lines: what turns
    the direction of others, hides, or piles up over other lines is removed. Its length is its writer's affair."""
    text = _LINE_END.sub("\n", text)
    if text.isascii():
        return _UNSEEN.sub("", text)
    if _DELICATE.search(text):
        text = _STRAY_JOINER.sub("", _SURROGATE.sub("\ufffd", _UNSEEN.sub("", text)))
        return _PILED.sub(r"\1", unicodedata.normalize("NFC", text))
    return unicodedata.normalize("NFC", text)


def _cut(text: str, limit: int) -> str:
    return text if len(text) <= limit else text[: limit - 1].rstrip() + "…"


def excerpt_of(text: str, limit: int = EXCERPT_LENGTH) -> str:
    """The start of ``text`` on one line, at most ``limit`` characters, ended at a word with an ellipsis."""
    line = plain_line(text[: limit * 2], limit * 2)
    if len(line) < limit + _MARGIN and len(text) > limit * 2:  # much of it is white space or invisible
        line = plain_line(text[: limit * 4], limit * 4)
    if len(line) <= limit:
        return line
    head = line[: limit - 1]
    space = head.rfind(" ")
    if space > limit // 2:  # scripts without spaces are cut where they stand
        head = head[:space]
    return head.rstrip(" ,;:.-–—") + "…"


def reading_minutes(words: int) -> int:
    """How long a person needs for ``words``, in whole minutes, at least one."""
    return max(1, round(words / WORDS_PER_MINUTE))


def slugify(title: str) -> str:
    """A part of an address for ``title``: Latin folded to ASCII, other scripts kept, ``post`` when nothing is left."""
    title = title[: SLUG_LENGTH * 4].lower()
    if title.isascii():  # nearly always: one pass instead of a look at every character
        slug = re.sub("[^a-z0-9]+", "-", title).strip("-")
    else:
        folded = "".join(_fold(char) for char in unicodedata.normalize("NFC", title))
        slug = re.sub("-+", "-", folded).strip("-")
    if len(slug) > SLUG_LENGTH:
        head, _, tail = slug[: SLUG_LENGTH + 1].rpartition("-")
        slug = head if head and len(tail) < SLUG_LENGTH // 2 else slug[:SLUG_LENGTH]
    return slug.strip("-") or "post"


_LATIN = {
    "ß": "ss",
    "æ": "ae",
    "œ": "oe",
    "ø": "o",
    "đ": "d",
    "ð": "d",
    "þ": "th",
    "ł": "l",
    "ı": "i",
    "ħ": "h",
    "ŋ": "ng",
}


def _fold(char: str) -> str:
    if char < "\x80":
        return char if char.isalnum() else "-"
    if char in _LATIN:
        return _LATIN[char]
    base = unicodedata.normalize("NFKD", char)
    if base[0] < "\x80":  # a Latin letter with marks
        return "".join(c for c in base if c < "\x80" and c.isalnum()) or "-"
    category = unicodedata.category(char)
    return char if category[0] in "LN" or category in {"Mn", "Mc"} else "-"
