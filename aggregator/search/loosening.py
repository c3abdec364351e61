"""Queries that ask for less, for one that found nothing. Pure but for how rare its words are."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.search.query import Query, write
from aggregator.search.spelling import documents
from aggregator.search.terms import AllOf, AnyOf, Phrase, Term, Word, all_of, any_of, wanted, written

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

_TRIES = 4  # words that are left out one at a time


def looser(query: Query, reader: Reader) -> Iterator[tuple[Query, tuple[str, ...]]]:
    """Other queries, the nearest first, each with what it leaves out, as typed: quotation marks, then one word, then
    all words but the most common one, then the filters."""
    term = query.term
    left_out: tuple[str, ...] = ()
    if any(isinstance(leaf, Phrase) for leaf in wanted(term)):
        term, left_out = _without_quotes(term), ("“ ”",)
        yield _with(query, term), left_out
    rarest = _rarest(term, reader)
    lesser: list[tuple[Term, ...]] = [(leaf,) for leaf in rarest[:_TRIES]]
    if len(rarest) > 2:  # noqa: PLR2004 - of two, one has been left out
        lesser.append(tuple(rarest[:-1]))
    for leaves in lesser:
        yield _with(query, _less(term, leaves)), (*left_out, *map(written, leaves))
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


def _rarest(term: Term | None, reader: Reader) -> list[Word | Phrase]:
    """The words of which each narrows the search, the rarest first."""
    if not isinstance(term, AllOf):
        return []
    leaves = [leaf for leaf in term.terms if isinstance(leaf, Word | Phrase)]
    known = documents([leaf.text for leaf in leaves], reader)
    return sorted(leaves, key=lambda leaf: known[leaf.text]) if len(leaves) > 1 else []


def _less(term: Term | None, leaves: Collection[Term]) -> Term | None:
    return all_of(each for each in term.terms if each not in leaves) if isinstance(term, AllOf) else term
