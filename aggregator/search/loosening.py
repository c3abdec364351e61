"""Queries that ask for less, for one that found nothing. Pure but for how rare its words are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from aggregator.search.query import Query, write
from aggregator.search.spelling import documents
from aggregator.search.terms import AllOf, AnyOf, Phrase, Term, Word, all_of, any_of, wanted, written

_TRIES = 4


def looser(query: Query) -> Iterator[tuple[Query, tuple[str, ...]]]:
    """Other queries, the nearest first, each with what it leaves out, as typed: quotation marks, then the rarest words
    one by one, then the filters."""
    term, left_out = query.term, []
    phrases = [leaf for leaf in wanted(term) if isinstance(leaf, Phrase)]
    if phrases:
        term = _without_quotes(term)
        left_out += ["“”"]
        yield _with(query, term), tuple(left_out)
    for leaf in _rarest(term):
        term = _less(term, leaf)
        left_out.append(written(leaf))
        yield _with(query, term), tuple(left_out)
    if query.filters and query.term:
        yield Query(write(query.term), query.term, ()), tuple(each.text for each in query.filters)


def _with(query: Query, term: Term | None) -> Query:
    return replace(query, text=write(term, query.filters), term=term)


def _without_quotes(term: Term | None) -> Term | None:
    match term:
        case Phrase(text):
            return all_of(Word(word) for word in text.split())
        case AllOf(terms):
            return all_of(map(_without_quotes, terms))
        case AnyOf(terms):
            return any_of(map(_without_quotes, terms))
        case _:
            return term


def _rarest(term: Term | None) -> list[Word | Phrase]:
    """The words that may be left out: all but the most common one."""
    if not isinstance(term, AllOf):
        return []
    leaves = [leaf for leaf in term.terms if isinstance(leaf, Word | Phrase)]
    known = documents([leaf.text for leaf in leaves])
    return sorted(leaves, key=lambda leaf: known[leaf.text])[: min(_TRIES, len(leaves) - 1)]


def _less(term: Term | None, leaf: Word | Phrase) -> Term | None:
    return all_of(each for each in term.terms if each != leaf) if isinstance(term, AllOf) else term
