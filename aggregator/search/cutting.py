"""A passage of a text: the stretch that says most of what was asked, cut between words, as HTML with marks.

What stands where in the text, passages.py has found out. Everything that comes out of here is escaped.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from html import escape
from typing import NamedTuple

from bloghub.lib.text import plain_text

LENGTH = 240  # characters of a passage
_BEFORE = 60  # of them before the first mark, where there are so many
ROOM = LENGTH - _BEFORE  # for the terms that make one passage better than another
_TO_A_SPACE = 24  # how far a cut may move to fall between words


class Hit(NamedTuple):
    """Where something that was asked for stands, in characters; ``term`` says which."""

    start: int
    end: int
    term: int
    part: bool = False  # of a phrase that stands nowhere as a whole


def window(text: str, hits: list[Hit]) -> tuple[int, int]:
    """The first stretch that holds the most terms, cut between words."""
    if len(text) <= LENGTH or not hits:
        return 0, _cut_after(text, LENGTH, 0)
    most, best = 0, hits[0]
    last = hits[0].end
    for number, hit in enumerate(hits):
        inside = list(within(hits, number, hit.start + ROOM))
        if (terms := len({each.term for each in inside})) > most:
            most, best, last = terms, hit, max(each.end for each in inside)
    start = _cut_before(text, best.start - min(_BEFORE, max(0, LENGTH - (last - best.start))), best.start)
    return start, _cut_after(text, start + LENGTH, min(last, start + LENGTH))


def within(hits: list[Hit], number: int, end: int) -> Iterator[Hit]:
    """A hit and those after it that end before a place."""
    yield hits[number]
    for hit in hits[number + 1 : number + LENGTH]:
        if hit.end > end:
            return
        yield hit


def _cut_before(text: str, at: int, latest: int) -> int:
    """The start of a word at ``at`` or soon after."""
    if at <= _TO_A_SPACE:
        return 0
    space = text.find(" ", at - 1, min(at + _TO_A_SPACE, latest))
    return space + 1 if space >= 0 else _off_marks(text, at)


def _cut_after(text: str, at: int, earliest: int) -> int:
    """The end of a word at ``at`` or shortly before."""
    if at >= len(text):
        return len(text)
    space = text.rfind(" ", max(at - _TO_A_SPACE, earliest), at + 1)
    return space if space >= 0 else _off_marks(text, at)


def _off_marks(text: str, at: int) -> int:
    """Back to the character that an accent or a joiner at ``at`` belongs to."""
    while at > 0 and (unicodedata.category(text[at])[0] == "M" or "\u200d" in text[at - 1 : at + 1]):
        at -= 1
    return at


def render(text: str, start: int, end: int, hits: list[Hit]) -> str:
    """``text`` from ``start`` to ``end``, escaped, with its hits marked; those that touch are one mark."""
    shown, at = [], start
    for first, last in _merged(hits):
        first, last = max(first, start), min(last, end)  # noqa: PLW2901
        if first < last:
            shown += [_safe(text[at:first]), f"<mark>{_safe(text[first:last])}</mark>"]
            at = last
    return "".join([*shown, _safe(text[at:end])])


def _merged(hits: list[Hit]) -> Iterator[tuple[int, int]]:
    start = end = -1
    for hit in hits:
        if hit.start > end:
            if end > start:
                yield start, end
            start, end = hit.start, hit.end
        end = max(end, hit.end)
    if end > start:
        yield start, end


def _safe(text: str) -> str:
    return escape(plain_text(text))
