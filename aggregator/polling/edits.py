"""Edits: whether what a feed says anew about a post is worth writing. Pure.

Some engines put a time, a counter or the day's quotation into every copy of a post, so that it changes at every fetch.
Such small changes are written as any other, up to a number of them; from then on the stored text stays until the post
has really changed. A real edit comes through at any time, and starts the count anew.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from bloghub.lib.words import is_dense, pairs, runs

SMALL_EDITS = (
    24  # in a row; an author who corrects typing errors does not get there, a counter does within a day or two
)
FEW_WORDS = 3  # that may come and go: "3 days ago", "yesterday", a name
CHANGED_SHARE = 0.03  # of a longer text's words: a related article, the line that says who read it


@dataclass(frozen=True, slots=True)
class Told:
    """What a reader reads of a post, as plain text."""

    title: str
    text: str


def is_real(before: Told, after: Told) -> bool:
    """Whether the title is another, or more words are than a machine changes by itself. Numbers do not count: they are
    what clocks and counters change."""
    if before.title != after.title:
        return True
    old, new = _words(before.text), _words(after.text)
    changed = max((old - new).total(), (new - old).total())
    return changed > max(FEW_WORDS, CHANGED_SHARE * max(old.total(), new.total()))


def edits_after(edits: int, *, real: bool) -> int | None:
    """The number of small edits in a row after this one; None when it is not to be written."""
    if real:
        return 0
    return edits + 1 if edits < SMALL_EDITS else None


def _words(text: str) -> Counter[str]:
    """Chinese and Japanese, which have no spaces, in pairs of characters."""
    words: Counter[str] = Counter()
    for run in runs(text):
        words.update(pairs(run) if is_dense(run) else (run,))
    for word in [word for word in words if any(map(str.isdigit, word))]:
        del words[word]
    return words
