"""A query turned around: lexemes of which every row that it finds holds at least one.

Read from ``tsquery`` text, as ``asking.py`` and ``names.py`` write it, so that keys mean what is asked whatever becomes
of it. The rarest are taken: a row is then asked for few queries beside those that find it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

Keys = frozenset[str]
Rarity = Callable[[str], int]  # how many rows hold a lexeme, roughly

_TOKEN = re.compile(
    r"\s*(?:'(?P<lexeme>(?:[^'\\]|''|\\.)*)'(?::(?P<marks>[*A-D]+))?|(?P<sign>[()!&|])|<(?P<gap>[-0-9]+)>)"
)
_QUOTED = re.compile(r"''|\\(.)")


def keys(asked: str, rarity: Rarity) -> Keys | None:
    """The rarest set of lexemes of which one is in every row that ``asked`` finds; None when there is no such set,
    because the query wants no word, or only the beginning of one."""
    return _Reader(asked, rarity).either()


def lexemes(asked: str) -> set[str]:
    """All that ``asked`` names."""
    return {_plain(token["lexeme"]) for token in _TOKEN.finditer(asked) if token["lexeme"] is not None}


def _plain(quoted: str) -> str:
    return _QUOTED.sub(lambda sign: sign[1] or "'", quoted)


@dataclass(slots=True)
class _Reader:
    """either = all | all …;  all = each & each …, or each <n> each …;  each = !each, (either) or a lexeme."""

    text: str
    rarity: Rarity
    at: int = 0

    def either(self) -> Keys | None:
        """Any of these: the keys of all of them, if each has some."""
        found = [self._all()]
        while self._follows("|"):
            found.append(self._all())
        known = [each for each in found if each is not None]
        return frozenset[str]().union(*known) if len(known) == len(found) else None

    def _all(self) -> Keys | None:
        """All of these: the keys of the rarest."""
        found = [self._each()]
        while self._follows("&") or self._follows("<"):
            found.append(self._each())
        known = (each for each in found if each is not None)
        return min(known, key=lambda each: sum(map(self.rarity, each)), default=None)

    def _each(self) -> Keys | None:
        token = self._next()
        if token["sign"] == "!":
            self._each()
            return None
        if token["sign"] == "(":
            found = self.either()
            self._next()
            return found
        prefix = "*" in (token["marks"] or "")
        return None if prefix else frozenset({_plain(token["lexeme"])})

    def _follows(self, sign: str) -> bool:
        token = _TOKEN.match(self.text, self.at)
        if token is None or sign not in (token["sign"], "<" if token["gap"] else None):
            return False
        self.at = token.end()
        return True

    def _next(self) -> re.Match[str]:
        token = _TOKEN.match(self.text, self.at)
        if token is None:
            raise ValueError(f"no tsquery: {self.text!r}")
        self.at = token.end()
        return token
