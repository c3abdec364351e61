"""Why something was found: its title, and the passage of its text that says most of what was asked, with marks.

What it gives is HTML and safe: the text escaped, ``<mark>`` around what matches, in the spelling of the original. A
text is read here with the same words and stems by which PostgreSQL found it. Owns no layout.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from itertools import accumulate, compress
from typing import NamedTuple

from aggregator.search.asking import Forms, in_a_phrase, read_all, words_of
from aggregator.search.cutting import LENGTH, ROOM, Hit, render, window, within
from aggregator.search.lexemes import Learnt, lexicon_of, quote, stemmed_words
from aggregator.search.terms import Phrase, Word
from bloghub.lib.words import Part, Run, is_symbol, read, runs, spans

_LOOKED_AT = 100_000  # characters of a text
_AT_FIRST = 1_500  # of them; most texts say soon what they were found for
_MOST_HITS = 1_000


class Marked(NamedTuple):
    """Safe HTML. ``names`` are those that hold what neither title nor text does, marked; empty for the others."""

    title: str
    passage: str
    names: tuple[str, ...] = ()


class _Row(NamedTuple):
    """Words that stand in a row: for each its lexemes and its distance from the first; a row of one is a word."""

    term: int
    words: tuple[frozenset[str], ...]
    distances: tuple[int, ...]


class _Place(NamedTuple):
    """Where a word of a row stands: the row, the word's number in it, the place in words, and in characters."""

    row: int
    word: int
    at: int
    start: int
    end: int


class Marker:
    """Marks what a query asks for (the words and phrases that ``terms.wanted`` gives) in any number of texts.
    ``languages`` are those the query was asked in."""

    def __init__(self, terms: Iterable[Word | Phrase], languages: Collection[str]) -> None:
        self._rows: list[_Row] = []
        self._prefixes: dict[str, int] = {}
        for term in terms:
            self._want(term, languages)
        self._known: dict[str, _Seen] = {}
        self._terms = {row.term for row in self._rows}
        self._lexemes = frozenset(quote(lexeme) for row in self._rows for word in row.words for lexeme in word)
        self._starts = tuple(f"'{quote(prefix)[1:-1]}" for prefix in self._prefixes)

    def mark(self, title: str, body: str, language: str, names: Sequence[str] = ()) -> Marked:
        """``body`` is plain text, as ``" ".join(words_of_clean_html(html)[0])`` gives it; ``names`` are others by which
        it may have been found."""
        body = body[:_LOOKED_AT]
        titled, found = self._hits(title, language), self._first_hits(body, language)
        start, end = window(body, found)
        passage = render(body, start, end, found)
        before, after = "… " * (start > 0), " …" * (end < len(body))
        missing = self._terms - _whole([*titled, *found])
        named = tuple(self._named(name, language, missing) for name in names)
        return Marked(render(title, 0, len(title), titled), f"{before}{passage}{after}", named)

    def _named(self, name: str, language: str, missing: Collection[int]) -> str:
        found = self._hits(name, language) if missing else []
        return "" if _whole(found).isdisjoint(missing) else render(name, 0, len(name), found)

    # --- what is wanted ---

    def _want(self, term: Word | Phrase, languages: Collection[str]) -> None:
        known = read_all(term.text)
        if isinstance(term, Phrase):
            self._want_row(known)
            return
        for run in known:
            self._want_run(run, languages)
        if term.prefix and known and not known[-1].dense:
            last = known[-1]
            self._prefixes[(last.whole or last.parts[0].asked)[0]] = len(self._rows)
            self._rows.append(_Row(len(self._rows), (frozenset(),), (0,)))

    def _want_row(self, known: list[Run]) -> None:
        words, distances, at = [], [], 0
        for step in in_a_phrase(known):
            if step.prefix:
                self._prefixes[step.word] = len(self._rows)
            words.append(frozenset({step.word}))
            distances.append(at)
            at += step.width
        if words:
            self._rows.append(_Row(len(self._rows), tuple(words), tuple(distances)))
        if len(known) == 1 and known[0].whole:
            self._rows.append(_Row(len(self._rows) - 1, (frozenset(known[0].whole),), (0,)))

    def _want_run(self, run: Run, languages: Collection[str]) -> None:
        term = len(self._rows)
        if run.dense:
            self._want_row([run])
            return
        if run.whole:
            self._rows.append(_Row(term, (frozenset(run.whole),), (0,)))
        if not is_symbol(run):
            words = tuple(frozenset(words_of(part, Forms(languages))) for part in run.parts)
            self._rows.append(_Row(term, words, tuple(range(len(words)))))

    # --- where it stands ---

    def _first_hits(self, text: str, language: str) -> list[Hit]:
        """Hits of the beginning alone, where its passage could not be another one if all of ``text`` were read."""
        end = text.find(" ", _AT_FIRST)
        if end > 0:
            found = self._hits(text[:end], language)
            if self._is_all_in(found, end - LENGTH):
                return found
        return self._hits(text, language)

    def _is_all_in(self, hits: list[Hit], before: int) -> bool:
        """Whether a stretch that begins ``before`` there has all terms, every phrase as a whole."""
        known = {hit.term for hit in hits}
        if known != self._terms or any(hit.part for hit in hits):
            return False
        if len(known) == 1:
            return hits[0].start < before
        stretches = ((hit, within(hits, number, hit.start + ROOM)) for number, hit in enumerate(hits))
        return any(hit.start < before and known == {each.term for each in inside} for hit, inside in stretches)

    def _hits(self, text: str, language: str) -> list[Hit]:
        """What stands in ``text``, by its place; a phrase that stands nowhere as a whole is marked by its words."""
        if not self._rows:
            return []
        if (seen := self._known.get(language)) is None:
            seen = self._known[language] = _Seen(self, language)
        known = [seen[written] for written in runs(text)]
        matching = [matches for _width, matches in known]
        if not any(matching):
            return []
        # Thousands of words and a few that match: what is not for these alone has to be quick
        starts = accumulate((width for width, _matches in known), initial=0)
        places: list[_Place] = []
        for found, at, matches in compress(zip(spans(text), starts, matching, strict=False), matching):
            start = found.start()
            places += [_Place(row, word, at + k, start + a, start + b) for row, word, k, a, b in matches]
            if len(places) > _MOST_HITS:
                break
        return self._in_rows(places)

    def _in_rows(self, places: list[_Place]) -> list[Hit]:
        by_word: dict[tuple[int, int], dict[int, _Place]] = {}
        for place in places:
            by_word.setdefault((place.row, place.word), {})[place.at] = place
        hits: set[Hit] = set()
        whole: set[int] = set()
        for number, row in enumerate(self._rows):
            for at, first in by_word.get((number, 0), {}).items():
                others = [by_word.get((number, k), {}).get(at + d) for k, d in enumerate(row.distances)]
                if last := others[-1] if all(others) else None:
                    hits.add(Hit(first.start, last.end, row.term))
                    whole.add(row.term)
        for place in places:
            if (term := self._rows[place.row].term) not in whole:
                hits.add(Hit(place.start, place.end, term, part=True))
        return sorted(hits)

    def may_match(self, learnt: Learnt) -> bool:
        """Whether anything that is wanted is in this run. Thousands of runs are asked for one page."""
        if not self._lexemes.isdisjoint(learnt.first):
            return True
        if not self._starts and not learnt.later:
            return False
        return any(each in self._lexemes or each.startswith(self._starts) for each in learnt.all())

    def matches(self, written: str, language: str) -> tuple[_Place, ...]:
        """Which wanted words are in the run, with places relative to its start."""
        run = read(written)
        found = self._matching(frozenset(run.whole), 0, 0, len(written))
        for at, part in enumerate(run.parts):
            stood = frozenset(stemmed_words(part, language))
            found += self._matching(stood, at, part.start, _end(run, at, part, self._prefixes))
        return tuple(found)

    def _matching(self, lexemes: frozenset[str], at: int, start: int, end: int) -> list[_Place]:
        found = [
            _Place(row, k, at, start, end)
            for row, wanted in enumerate(self._rows)
            for k, word in enumerate(wanted.words)
            if not word.isdisjoint(lexemes)
        ]
        for prefix, row in self._prefixes.items():
            if any(lexeme.startswith(prefix) for lexeme in lexemes):
                found.append(_Place(row, len(self._rows[row].words) - 1, at, start, end))
        return found


def _whole(hits: Iterable[Hit]) -> set[int]:
    """The terms that are there, and not only a part of them."""
    return {hit.term for hit in hits if not hit.part}


class _Seen(dict[str, tuple[int, tuple[_Place, ...]]]):
    """What a marker has found in the runs of a language."""

    def __init__(self, marker: Marker, language: str) -> None:
        super().__init__()
        self._marker, self._language = marker, language
        self._lexicon = lexicon_of(language, stemmed=True)

    def __missing__(self, written: str) -> tuple[int, tuple[_Place, ...]]:
        learnt = self._lexicon[written]
        found = self._marker.matches(written, self._language) if self._marker.may_match(learnt) else ()
        self[written] = known = (learnt.width, found)
        return known


def _end(run: Run, at: int, part: Part, prefixes: Collection[str]) -> int:
    """Where to end a mark: of a pair that was found by its first character alone, after that."""
    if run.dense and at + 1 < len(run.parts) and part.asked[0].startswith(tuple(prefixes)):
        return run.parts[at + 1].start
    return part.end
