"""The surface of the query language: cleaning what is typed, cutting it into tokens, trimming words.

Knows no meaning: what an operator or a minus does is for `query` to say.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

MAX_TYPED = 4_000  # characters that are read at all; every canonical text is shorter
MAX_DEPTH = 20  # parentheses in parentheses

_UNSEEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x9f\xad\u061c\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
    "\ud800-\udfff\U000e0000-\U000e0fff]"
)
_QUOTES = '"„“”‟«»‹›「」『』〝〞〟＂'
_FIRST = ",;:!?¡¿…、。，；：！？'‘’‚*#@" + "-−–"  # a full stop is not: .NET
_LAST = ",;:!?…、。，；：！？'‘’‚."
_TOKEN = re.compile(
    rf"""
    (?P<minus> [-−–](?![-−–\s]) | NOT\s+ )?
    (?: (?P<open> [(（] ) | (?P<close> [)）] ) | (?P<or> \|+ )
      | (?: (?P<name> [^\W\d_]{{2,}} ) [:：] (?![:：/\\]) )?
        (?: [{_QUOTES}] (?P<phrase> [^{_QUOTES}]* ) (?: [{_QUOTES}] | (?P<endless> \Z ) )
          | (?P<word> [^\s()（）|{_QUOTES}]+ ) ["“”＂]?   # a quote right behind a word opens nothing: 19" monitor
        )
    )
    """,
    re.VERBOSE,
)
_QUOTE = re.compile(f"[{_QUOTES}]")
_NAMED = re.compile(r"([^\W\d_]{2,})[:：]")

Token = re.Match[str]


def clean(text: str) -> str:
    """Without controls, marks of direction and half characters; cut to what is read."""
    return _UNSEEN.sub("", text[:MAX_TYPED])


def tokens(text: str) -> Iterator[Token]:
    """Words, phrases, parentheses and bars of clean text; an AND, being meant anyway, is left out."""
    return (token for token in _TOKEN.finditer(text) if token[0] != "AND")


def within_depth(typed: Iterable[Token]) -> Iterator[Token | None]:
    """The tokens without stray closing parentheses; None stands for what lies deeper than anybody nests."""
    depth = 0
    for token in typed:
        if token["close"]:
            depth -= 1
            if depth < 0:
                depth = 0
                continue
        if depth > MAX_DEPTH or (depth == MAX_DEPTH and (token["open"] or token["close"])):
            yield None
        else:
            yield token
        depth += bool(token["open"])


def is_or(token: Token) -> bool:
    """A bar, or the word OR by itself."""
    return bool(token["or"]) or token[0] == "OR"


def name_before(text: str) -> str:
    """The name of ``name:…``; empty if the text does not begin like an operator."""
    found = _NAMED.match(text)
    return found[1] if found else ""


def trimmed(word: str) -> tuple[str, bool]:
    """The word without the punctuation around it, and whether a star made it a prefix."""
    starred = word.rstrip(_LAST).endswith("*")
    return word.lstrip(_FIRST).rstrip(_LAST + "*-−–"), starred


def trimmed_value(value: str) -> str:
    """A value typed without quotes, without the comma or full stop behind it."""
    return value.strip(_LAST)


def in_one_line(text: str) -> str:
    """With one space for every stretch of white space."""
    return " ".join(text.split())


def without_quotes(text: str) -> str:
    """Clean, in one line, and without the marks that would end it when it is written between quotes."""
    return in_one_line(_QUOTE.sub(" ", clean(text)))


def letters(text: str) -> int:
    """How many letters, digits and pictures (an emoji is a word, a dash is none) it has."""
    return sum(unicodedata.category(char) in _TELLING for char in text)


_TELLING = frozenset({"Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No", "So"})
