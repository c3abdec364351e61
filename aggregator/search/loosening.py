"""Queries that ask for less, for one that found nothing. Pure but for how rare its words are."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from aggregator.search.query import Query, write
from aggregator.search.spelling import documents
from aggregator.search.terms import AllOf, AnyOf, Phrase, Term, Word, all_of, any_of, wanted, written

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

_ALONE = 4  # words, or filters, that are left out one at a time


def looser(query: Query, reader: Reader) -> Iterator[tuple[Query, tuple[str, ...]]]:
    """Other queries, the nearest first, each with what it leaves out, as typed: quotation marks, then words, then
    filters. A dozen at most."""
    term = query.term
    left_out: tuple[str, ...] = ()
    if any(isinstance(leaf, Phrase) for leaf in wanted(term)):
        term, left_out = _without_quotes(term), ("“ ”",)
        yield _with(query, term), left_out
    for leaves in _fewer(term, reader):
        yield _with(query, _less(term, leaves)), (*left_out, *map(written, leaves))
    if query.term and len(query.filters) > 1:
        for each in query.filters[:_ALONE]:
            kept = tuple(other for other in query.filters if other != each)
            yield Query(write(query.term, kept), query.term, kept), (each.text,)
    if query.term and query.filters:
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


def _fewer(term: Term | None, reader: Reader) -> Iterator[Sequence[Term]]:
    """Words to leave out: all that nobody has written; each of the rarest; then more and more of these, until one is
    left."""
    rarest = _rarest(term, reader)
    leaves = [leaf for leaf, _number in rarest]
    unknown = [leaf for leaf, number in rarest if not number]
    if 1 < len(unknown) < len(leaves):
        yield unknown
    yield from ([leaf] for leaf in leaves[:_ALONE])
    count = len(leaves)
    sizes = {2, count // 2, count - 3, count - 2, count - 1}
    yield from (leaves[:size] for size in sorted(sizes) if 1 < size < count)


def _rarest(term: Term | None, reader: Reader) -> list[tuple[Word | Phrase, int]]:
    """The words of which each narrows the search, the rarest first, each with how many rows have it."""
    if not isinstance(term, AllOf):
        return []
    leaves = [leaf for leaf in term.terms if isinstance(leaf, Word | Phrase)]
    known = documents([leaf.text for leaf in leaves], reader)
    found = sorted(((leaf, known[leaf.text]) for leaf in leaves), key=lambda each: each[1])
    return found if len(found) > 1 else []


def _less(term: Term | None, leaves: Collection[Term]) -> Term | None:
    return all_of(each for each in term.terms if each not in leaves) if isinstance(term, AllOf) else term
