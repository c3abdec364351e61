"""What a search did not do as it was typed, said to the person who typed it."""

from __future__ import annotations

from typing import NamedTuple

NOTES = {
    "unknown-operator": "“{about}” is no operator here: searched as text.",
    "empty-operator": "“{about}” was left out: write its value right behind the colon, as in {about}name.",
    "unknown-value": "“{about}” was left out: the operator does not know that value.",
    "bad-date": "“{about}” was left out: write a day as 2026, 2026-11, 2026-11-22 or 7d.",
    "no-days": "“{about}” leaves no day.",
    "unknown-name": "Nothing here has that name: “{about}”.",
    "mixed": "Operators hold for the whole search, also beside OR and in parentheses: “{about}”.",
    "short-prefix": "A * needs two letters before it: “{about}” was searched as a word.",
    "unbalanced": "A quotation mark is missing: “{about}” was taken as one phrase.",
    "too-long": "The search is too long: only its beginning was used.",
    "too-many": "Too many words or operators: only the first twelve of each were used.",
    "broad-prefix": "Very many words begin like “{about}”: only the most common of them were searched.",
    "too-deep": "Too many parentheses in each other: the innermost were left out.",
}


class Note(NamedTuple):
    """What was not done as typed: a key of NOTES, and the piece of text it is about."""

    code: str
    about: str = ""

    @property
    def text(self) -> str:
        """In English; a view translates ``NOTES[code]`` and puts ``about`` into it."""
        return NOTES[self.code].format(about=self.about)
