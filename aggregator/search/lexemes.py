"""What the search table stores of a text: lexemes, written as ``tsvector`` text. How they are asked: ``asking.py``.

    running     a folded word, with its places and a weight: A title, B tags, C body, D a comment and people's names
    =running    the same for words of the title, without places: found without a look at the row
    ~mang       a stem that the folded word no longer shows (mangées), at the same places; other stems are not stored
    :b12        a facet: what the row is, not what it says

A word is asked in all its forms instead (vocabulary.py): stems of every word were a fifth of a row, and a third of
what it took to write it. Words never begin with ``~``, ``=`` or ``:``. PostgreSQL's limits: 16,383 places, 256 for a
lexeme, 1 MB a row.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import chain, islice
from typing import NamedTuple

from bloghub.lib.stems import stems
from bloghub.lib.words import Part, fold, is_dense, pairs, read, runs

PLACED_RUNS = 2_000  # of a text; what comes later is found, but not as a phrase and not by nearness
LEXEMES = 12_000  # of a row; places count as such
GAP = 10  # places between title, tags and text, so that no phrase reaches over
_LEARNT = 16_384  # runs a language, about 5 MB
_KEPT = 8  # parts of a run that may come again
_PAIR = "\x00"  # no run begins so


@dataclass(frozen=True, slots=True)
class Document:
    """A post, or a comment, which has no more than ``comment`` and ``names``. All of it is plain text; ``names`` are
    its author's, ``language`` a BCP 47 primary subtag or empty."""

    title: str = ""
    tags: Sequence[str] = ()
    body: str = ""
    names: Sequence[str] = ()
    language: str = ""
    comment: str = ""

    def sections(self) -> list[tuple[str, str]]:
        """Every text with its weight."""
        tags, names = ((tag, "B") for tag in self.tags), ((name, "D") for name in self.names)
        return [(self.title, "A"), *tags, (self.body, "C"), (self.comment, "D"), *names]


# --- facets ----------------------------------------------------------------------------------------------------------

CODE_FACET = ":code"


def blog_facet(blog_id: int) -> str:
    return f":b{blog_id}"


def author_facet(person_id: int) -> str:
    return f":a{person_id}"


def tag_facet(tag_id: int) -> str:
    return f":t{tag_id}"


def language_facet(language: str) -> str:
    return f":l{language}"


def kind_facet(kind: str) -> str:
    return f":k{kind}"


def year_facet(moment: datetime) -> str:
    return f":y{moment.astimezone(UTC):%Y}"


def month_facet(moment: datetime) -> str:
    return f":m{moment.astimezone(UTC):%Y%m}"


# --- what is stored --------------------------------------------------------------------------------------------------


class Learnt(NamedTuple):
    """What a run is stored as: quoted lexemes at its first place, those further on; the places it takes."""

    first: tuple[str, ...]
    later: tuple[tuple[str, list[int]], ...]
    width: int

    def all(self) -> Iterator[str]:
        yield from self.first
        yield from (lexeme for lexeme, _at in self.later)


class Lexicon(dict[str, Learnt]):
    """Every run of a language that was met, as it is stored, or with all its stems. Starts anew when it is full, which
    costs less than to know what is seldom used."""

    def __init__(self, language: str, *, stemmed: bool) -> None:
        super().__init__()
        self.language, self._words = language, stemmed_words if stemmed else stored_words

    def __missing__(self, written: str) -> Learnt:
        if written[0] == _PAIR:
            return self._keep(written, Learnt((quote(written[1:]),), (), 1))
        run = read(written)
        found = [*run.whole], *(self._words(part, self.language) for part in run.parts)
        first = dict.fromkeys(map(quote, [*found[0], *(found[1] if run.parts else ())]))
        later: dict[str, list[int]] = {}
        for at, lexemes in enumerate(found[2:], 1):
            for lexeme in lexemes:
                later.setdefault(quote(lexeme), []).append(at)
        return self._keep(written, Learnt(tuple(first), tuple(later.items()), len(run.parts)))

    def _keep(self, written: str, learnt: Learnt) -> Learnt:
        if learnt.width <= _KEPT:
            if len(self) >= _LEARNT:
                self.clear()
            self[written] = learnt
        return learnt


_lexicons: dict[tuple[str, bool], Lexicon] = {}


def lexicon_of(language: str, *, stemmed: bool = False) -> Lexicon:
    """What is known of the runs of a language; threads may share it."""
    known = _lexicons.get((language, stemmed))
    return known if known is not None else _lexicons.setdefault((language, stemmed), Lexicon(language, stemmed=stemmed))


def stems_of(part: Part, languages: Collection[str]) -> list[str]:
    """The stems of a word's spellings in any of ``languages``."""
    found = (stem for word in part.lowered for language in languages for stem in stems(word, language))
    return list(dict.fromkeys(found))


def stored_words(part: Part, language: str) -> list[str]:
    """A word's spellings, what else it is found by, and ``~stem`` for every stem that these no longer show."""
    accented = [word for word in part.lowered if not word.isascii()]
    hidden = {stem for word in accented for stem in stems(word, language)}
    hidden = hidden and hidden - {stem for word in accented for stem in stems(fold(word), language)}
    return [*part.asked, *part.found, *(f"~{stem}" for stem in sorted(hidden) if stem not in part.asked)]


def stemmed_words(part: Part, language: str) -> list[str]:
    """A word's spellings, what else it is found by, and ``~stem`` for every stem that is another word."""
    return [*part.asked, *part.found, *(f"~{stem}" for stem in stems_of(part, (language,)) if stem not in part.asked)]


_STORED = re.compile(r"'(=?)((?:[^'\\]|''|\\.)+)'(:\S+)?")
_stems = lru_cache(_LEARNT)(stems)


def with_stems(words: str, language: str) -> str:
    """``tsvector`` text as PostgreSQL gives it, with ``~stem`` at the places of every word that has another stem."""
    stemmed = [
        f"'{title}~{stem}'{places}"
        for title, word, places in _STORED.findall(words)
        for stem in (_stems(word, language) if word.isalpha() else ())
        if stem != word
    ]
    return " ".join([words, *stemmed])


def vector(document: Document) -> str:
    """``document`` as ``tsvector`` text. Words are written as they come, each time they come: PostgreSQL puts them in
    order anyway, and keeps no more than 256 places of each."""
    lexicon = lexicon_of(document.language)
    placed, unplaced = list[str](), list[str]()
    place = 1
    for text, weight in document.sections():
        units = _units(text)
        place = _write(placed, units[:PLACED_RUNS], lexicon, place, weight) + GAP
        unplaced += chain.from_iterable(lexicon[unit].all() for unit in dict.fromkeys(units[PLACED_RUNS:]))
    titled = chain.from_iterable(lexicon[unit].all() for unit in _units(document.title))
    unplaced = [*(f"'={lexeme[1:]}" for lexeme in titled), *unplaced]
    return " ".join([*placed, *islice(dict.fromkeys(unplaced), max(0, LEXEMES - len(placed)))])


def _units(text: str) -> list[str]:
    """The runs of a text, with the pairs of characters in place of dense ones, each behind _PAIR."""
    found = runs(text)
    if text.isascii() or not any(map(is_dense, found)):
        return found
    units = list[str]()
    for run in found:
        if is_dense(run):
            units += [_PAIR + pair for pair in pairs(run)]
        else:
            units.append(run)
    return units


def _write(placed: list[str], units: list[str], lexicon: Lexicon, place: int, weight: str) -> int:
    """Adds ``units`` from ``place`` on, ``'run':7A``; returns the place after them."""
    for unit in units:
        first, later, width = lexicon[unit]
        for lexeme in first:
            placed.append(f"{lexeme}:{place}{weight}")
        for lexeme, further in later:
            placed += [f"{lexeme}:{place + more}{weight}" for more in further]
        place += width
    return place


def words_in(document: Document) -> set[str]:
    """The plain folded words of ``document``, for the table of words that the hub knows: no numbers, no pairs."""
    written = {run for text, _weight in document.sections() for run in runs(text)}
    parts = (part for run in map(read, written) if not run.dense for part in run.parts)
    return {part.asked[0] for part in parts if part.asked[0].isalpha()}


def quote(lexeme: str) -> str:
    """``lexeme`` as ``tsvector`` and ``tsquery`` text have it."""
    if "'" in lexeme or "\\" in lexeme:
        lexeme = lexeme.replace("\\", "\\\\").replace("'", "''")
    return f"'{lexeme}'"
