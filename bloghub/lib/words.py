"""Words of any language, as search knows them: where each stands in a text, and the plain form two spellings share.

A text is read as runs: what stands between white space and punctuation. A run is a word, a code such as ``node.js``,
which is found whole and in its parts, or characters of a script without spaces, which are read in pairs. Owns folding
and reading; stems live in ``bloghub.lib.stems``, and what is stored and asked in ``aggregator.search``.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import zip_longest
from operator import add
from typing import NamedTuple

LONGEST = 64  # characters of a word; the rest of a longer one is left out, in documents and in queries alike
_READ = 1_024  # characters of a word that are looked at; accents may be piled up on it
_LONGEST_RUN = 16_384  # characters; no writing has more in a row, and what comes after them is left out
_CACHED_RUN = 24  # characters; longer runs seldom come twice
_CACHED_RUNS = 4_096  # of about 500 bytes, dense ones of 5 KB

# Scripts written without spaces, and Korean, whose endings grow onto its words: Thai, Lao, Burmese, Khmer, kana,
# bopomofo, Hangul, Han. Their digits are not among them.
_DENSE = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ece\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\uaa60-\uaa7f\u1780-\u17d3\u17d7\u17dd"
    "\u3005-\u3007\u3021-\u3029\u3041-\u309a\u309d-\u309f\u30a1-\u30fa\u30fc-\u312f\u31a0-\u31bf\u31f0-\u31ff\uff66-\uff9f"
    "\u1100-\u11ff\u3131-\u318e\ua960-\ua97f\uac00-\ud7ff\uffa0-\uffdc\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U00020000-\U0003ffff"
)
_DENSE_MARK = re.compile("[\u3099\u309a\uff9e\uff9f\ufe00-\ufe0f\U000e0100-\U000e01ef]")
_JOINERS = "\xad\u200c\u200d\u2060"  # stand inside words and are no part of them
_APOSTROPHES = "'\u2019\u02bc\uff07"
_LINKS = "-\u2010\u2011_./@&+\u00b7"  # between two parts of a code


def _is_mark(char: str) -> bool:
    return unicodedata.category(char)[0] == "M"


def _letters() -> str:
    """Letters, digits and marks of all scripts but the dense ones, as ranges of a character class."""
    ranges: list[list[int]] = []
    for char in re.sub(f"[{_DENSE}]+", "", "".join(map(chr, range(0x10000)))):
        if not (char.isalnum() or _is_mark(char)):
            continue
        code = ord(char)
        if ranges and ranges[-1][1] == code - 1:
            ranges[-1][1] = code
        else:
            ranges.append([code, code])
    basic = "".join(f"\\u{first:04x}-\\u{last:04x}" for first, last in ranges)
    return basic + "\U00010000-\U0001bfff\U0001d400-\U0001d7ff\U0001e000-\U0001efff"


_W = f"[{_letters()}_{_JOINERS}]"
_WORD = rf"[{_W[1:-1]}.]{_W}*+(?:[{_LINKS}{_APOSTROPHES}]{_W}++)*+(?:\+\+|\#(?!\w))?"
_PLAIN_RUN = re.compile(_WORD)
_RUN = re.compile(rf"{_WORD}|[{_DENSE}][{_DENSE}{_DENSE_MARK.pattern[1:-1]}]*+")
_DENSE_BYTES = bytes((0xE0, 0xE1, *range(0xE3, 0xF1)))  # one begins each dense character in UTF-8: to look is cheap
_FIRST_IS_DENSE = re.compile(f"[{_DENSE}]")
_SINGLE_CHARACTERS = re.compile(
    "[\u3041-\u3096\u30a1-\u30fa\u30fc\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7a3]+"
)  # none joins another
_CLUSTER = re.compile(
    f"[\u1100-\u115f\ua960-\ua97f]+[\u1160-\u11a7\ud7b0-\ud7c6]*[\u11a8-\u11ff\ud7cb-\ud7fb]*|.(?:{_DENSE_MARK.pattern}"
    "|[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u102b-\u103e\u1056-\u1059\u17b4-\u17d3\u17dd])*",
    re.DOTALL,
)
_PART = re.compile(f"[^{_LINKS}]+")
_DOTTED = re.compile(r"\.[a-z]")  # .net
_HUMP = re.compile("(?<=[a-zß-öø-ÿ])(?=[A-ZÀ-ÖØ-Þ])|(?<=[A-ZÀ-ÖØ-Þ])(?=[A-ZÀ-ÖØ-Þ][a-zß-öø-ÿ]{2})")
_CONTRACTED = frozenset({"t", "ll", "re", "ve", "m", "d"})  # what English leaves of a verb is no word
_ELIDED = re.compile("[ldjmnstc]|(?:jus|lors|puis|quoi)?qu|un|[dns]?[ea]ll|dall|sull|quell|quest|gl|anch|com")
_WORTH_FINDING = 3  # letters beside an apostrophe


class Part(NamedTuple):
    """One word of a run, or one pair of characters.

    ``asked`` are its folded spellings, the exact one first; ``found`` are further words by which a reader may look for
    it; ``lowered`` are the spellings in lower case with their accents, as stemmers want them. ``start`` and ``end``
    count characters of the run.
    """

    asked: tuple[str, ...]
    found: tuple[str, ...]
    lowered: tuple[str, ...]
    start: int
    end: int


class Run(NamedTuple):
    """A word (one part), a code (``whole``: its spellings as one word, at the place of its first part), or ``dense``
    text: a part for each pair of characters and one for the last alone."""

    whole: tuple[str, ...]
    parts: tuple[Part, ...]
    dense: bool


class Token(NamedTuple):
    """Folded words that stand at one place: ``position`` counts words from 0, ``start`` and ``end`` characters."""

    lexemes: tuple[str, ...]
    position: int
    start: int
    end: int


def runs(text: str) -> list[str]:
    """The runs of ``text``, as they are written there."""
    return _pattern(text).findall(text)


def spans(text: str) -> Iterator[re.Match[str]]:
    """The runs of ``text`` with their places."""
    return _pattern(text).finditer(text)


def _pattern(text: str) -> re.Pattern[str]:
    if text.isascii():
        return _PLAIN_RUN
    data = text.encode("utf-8", "replace")
    return _PLAIN_RUN if len(data.translate(None, _DENSE_BYTES)) == len(data) else _RUN


def read(run: str) -> Run:
    """What a run says. A run of which nothing is left when folded has no parts."""
    return _cached(run) if len(run) <= _CACHED_RUN else _read(run)


def tokens(text: str) -> Iterator[Token]:
    """Every word of ``text`` at its place; a whole code comes before its parts, with the position of the first."""
    position = 0
    for found in spans(text):
        run, at = read(found[0]), found.start()
        if run.whole:
            yield Token(run.whole, position, at, found.end())
        for part in run.parts:
            yield Token(part.asked + part.found, position, at + part.start, at + part.end)
            position += 1


# --- folding ---------------------------------------------------------------------------------------------------------

_SINGLE = {
    **{"ß": "ss", "ẞ": "ss", "æ": "ae", "œ": "oe", "ø": "o", "đ": "d", "ð": "d", "þ": "th", "ł": "l", "ı": "i"},
    **{"ħ": "h", "ŋ": "n", "ς": "σ", "ё": "е", "أ": "ا", "إ": "ا", "آ": "ا", "ٱ": "ا", "ى": "ي", "ی": "ي"},
    **{"ئ": "ي", "ؤ": "و", "ة": "ه", "ک": "ك"},
    **dict.fromkeys("\u0640" + _JOINERS, ""),
    **dict.fromkeys(_APOSTROPHES, "'"),
    **dict.fromkeys("\u2010\u2011", "-"),
}
_KEPT = frozenset("'-_./@&+#")
_BARED = re.compile("[A-Za-z\u00c0-\u052f\u0590-\u06ff\u1e00-\u1fff]")  # whose marks are left out: Latin to Arabic


class _Folding(dict[int, str]):
    """The table for ``str.translate``, one character at a time, worked out when first met."""

    def __missing__(self, code: int) -> str:
        self[code] = folded = self._fold(chr(code))
        return folded

    @staticmethod
    def _fold(char: str) -> str:
        if char in _SINGLE:
            return _SINGLE[char]
        if char.isdecimal():
            return str(unicodedata.decimal(char))
        if char == "й" or not _BARED.match(char):
            return char if char.isalnum() or char in _KEPT or _stays(char) else ""
        bare = "".join(c for c in unicodedata.normalize("NFD", char) if not _is_mark(c))
        return _SINGLE.get(bare, bare)


def _stays(char: str) -> bool:
    """Marks are vowels in Indic scripts and in those of Southeast Asia; elsewhere they are accents."""
    return _is_mark(char) and ("\u0900" <= char <= "\u1aaf" or "\ua800" <= char <= "\uabff")


_FOLDING = _Folding()


def fold(text: str) -> str:
    """``text`` without case, accents, marks and differences of width; characters that no word has are left out, white
    space stays one space."""
    return " ".join(folded for word in text.split() if (folded := _fold_word(word)))


def _fold_word(word: str) -> str:
    if word.isascii():
        return word.lower() if word.isalnum() else word.lower().translate(_FOLDING)
    return unicodedata.normalize("NFKC", word).lower().translate(_FOLDING)


# --- reading ---------------------------------------------------------------------------------------------------------


def _read(run: str) -> Run:
    run = run[:_LONGEST_RUN]
    if run.isascii() and run.isalnum() and (run.islower() or run[1:].islower()):  # nearly always
        word = run.lower()[:LONGEST]
        return Run((), (Part((word,), (), (word,), 0, len(run)),), dense=False)
    if is_dense(run):
        return Run((), tuple(_pairs(run)), dense=True)
    parts = tuple(part for found in _PART.finditer(run) if (part := _part(found)))
    return Run(_wholes(run, parts), parts, dense=False)


_cached = lru_cache(_CACHED_RUNS)(_read)


def is_dense(run: str) -> bool:
    """Whether a run is read in pairs of characters."""
    return _FIRST_IS_DENSE.match(run) is not None


def pairs(run: str) -> list[str]:
    """The folded pairs of a dense run, and its last character: what ``read`` asks for its parts, without their places.

    Documents hold thousands of them and need no more.
    """
    run = run[:_LONGEST_RUN]
    if _SINGLE_CHARACTERS.fullmatch(run) and unicodedata.is_normalized("NFKC", run):
        return [*map(add, run, run[1:]), run[-1]]
    return [part.asked[0] for part in _pairs(run)]


def _pairs(run: str) -> Iterator[Part]:
    """Each character with the next one, and the last alone; an accent belongs to its character."""
    clusters = [(folded, found.span()) for found in _CLUSTER.finditer(run) if (folded := _fold_word(found[0])[:8])]
    for (first, (start, end)), after in zip_longest(clusters, clusters[1:]):
        pair = first + after[0] if after else first
        yield Part((pair,), (), (), start, after[1][1] if after else end)


def _part(found: re.Match[str]) -> Part | None:
    written = found[0]
    lowered = [unicodedata.normalize("NFKC", written[:_READ]).lower().translate(_PLAIN_APOSTROPHE).strip("'")]
    if "'" in lowered[0]:
        lowered += _without_apostrophe(lowered[0])
    asked = tuple(dict.fromkeys(word for low in lowered if (word := low.translate(_FOLDING)[:LONGEST].strip("'#+"))))
    if not asked:
        return None
    humps = _HUMP.split(written[:LONGEST])
    pieces = [word for hump in humps if len(word := _fold_word(hump)) > 1] if len(humps) > 1 else []
    return Part(asked, tuple(dict.fromkeys(pieces)), tuple(low[:LONGEST] for low in lowered), *found.span())


_PLAIN_APOSTROPHE = dict.fromkeys(map(ord, _APOSTROPHES), "'") | dict.fromkeys(map(ord, _JOINERS))


def _without_apostrophe(word: str) -> list[str]:
    """``l'eau`` is eau, ``Bob's`` bob, ``don't`` dont and ``O'Brien`` obrien and brien; ``we'll`` is nothing else."""
    head, _, tail = word.partition("'")
    if _ELIDED.fullmatch(head) and tail not in _CONTRACTED:
        return [tail]
    if tail in _CONTRACTED:
        return [head + tail] if tail == "t" else []
    return [word.replace("'", ""), *(piece for piece in (head, tail) if len(piece) >= _WORTH_FINDING)]


def _wholes(run: str, parts: tuple[Part, ...]) -> tuple[str, ...]:
    """A code as one word, also without what links its parts; nothing for plain words and for long addresses."""
    if len(run) > LONGEST or not parts:
        return ()
    whole = _fold_word(run).strip("_'-")
    if not _DOTTED.match(whole):
        whole = whole.lstrip(".")
    if whole in parts[0].asked:
        return ()
    joined = "".join(part.asked[0] for part in parts)
    linked = len(parts) in {2, 3} and not joined.isdecimal()
    return (whole, joined) if linked and joined != whole else (whole,)


def is_symbol(run: Run) -> bool:
    """Whether its signs make it another word than its letters are: ``c++``, ``c#``, ``.net``."""
    return bool(run.whole) and len(run.parts) == 1
