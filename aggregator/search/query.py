"""The query language: what people type as a tree of words with filters beside it, and back to text.

A space means and; OR binds nearer than a space (``ship OR vessel engine`` asks for engine with either), as the large
search engines have it. Operators hold for the whole search wherever they stand. Any text is a query: what cannot be
understood is searched as text or left out, and a note says so. Nothing here knows what is stored, or Django.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from aggregator.search import dates
from aggregator.search.notes import NOTES, Note
from aggregator.search.operators import MAX_FILTERS, OPERATORS, PUNCTUATION, Filter, Operator, filter_of
from aggregator.search.reading import MAX_LETTERS, MAX_TERMS, Reader
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word, all_of, any_of, negated, wanted, written

__all__ = [
    "MAX_FILTERS",
    "MAX_LETTERS",
    "MAX_TERMS",
    "NOTES",
    "OPERATORS",
    "PUNCTUATION",
    "AllOf",
    "AnyOf",
    "Filter",
    "Not",
    "Note",
    "Operator",
    "Phrase",
    "Query",
    "Term",
    "Word",
    "all_of",
    "any_of",
    "interval",
    "negated",
    "parse",
    "wanted",
    "write",
]

_MAX_NOTES = 8


@dataclass(frozen=True, slots=True)
class Query:
    """``filters`` of one name: any of them; of different names: all of them; negated: none of them.

    But every before, after and has must hold. ``text`` is canonical: typing it again gives an equal query; notes are
    not compared.
    """

    text: str
    term: Term | None
    filters: tuple[Filter, ...]
    notes: tuple[Note, ...] = field(default=(), compare=False)

    def __bool__(self) -> bool:
        return self.term is not None or bool(self.filters)

    def without(self, *gone: Filter) -> str:
        """The canonical text with these filters taken off: a chip's link."""
        return write(self.term, (each for each in self.filters if each not in gone))

    def including(self, *more: Filter) -> str:
        """The canonical text with these filters too, in place of their opposites: a facet's link.

        A day takes the place of the one before, so ``including(Filter("after", "2026"), Filter("before", "2027"))``
        is the year 2026. Beyond the limit the oldest filters go; one that means nothing is not taken.
        """
        kept = list(self.filters)
        for new in filter(None, (filter_of(*each) for each in more)):
            kept = [each for each in kept if not _replaces(new, each)] + [new]
        return write(self.term, kept[-MAX_FILTERS:])


def parse(text: str, today: date) -> Query:
    """The query that is meant by the text. Never raises, whatever the text."""
    reader = Reader(text)
    term = reader.read()
    filters = tuple(reader.filters)
    query = Query(write(term, filters), term, filters)
    start, end = interval(query, today)
    if start and end and start >= end:
        days = " ".join(each.text for each in filters if each.name in ("before", "after"))
        reader.notes[Note("no-days", days)] = None
    return Query(query.text, term, filters, tuple(reader.notes)[:_MAX_NOTES])


def interval(query: Query, today: date) -> tuple[date | None, date | None]:
    """The days asked for, of whoever asks: from the first one on, until before the second; None where it is open.

    ``after:2025`` begins on 1 January 2025 and ``before:2025`` ends there, as in mail programs: both together are
    never the same day, and ``after:2025 before:2026`` is the year. Of several the narrowest counts.
    """
    days = {
        name: [dates.first_day(each.value, today) for each in query.filters if each.name == name]
        for name in ("after", "before")
    }
    return max(days["after"], default=None), min(days["before"], default=None)


def write(term: Term | None, filters: Iterable[Filter] = ()) -> str:
    """The text that parses to this: words first, filters behind."""
    words = [] if term is None else [written(term)]
    return " ".join([*words, *(each.text for each in filters)])


def _replaces(new: Filter, old: Filter) -> bool:
    if new.name in ("before", "after"):
        return new.name == old.name
    return new[:2] == old[:2]
