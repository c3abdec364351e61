"""The tree of a query: words and phrases, held together by and, or and not; and the text it is written as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """A word as typed, not folded."""

    text: str
    prefix: bool = False


@dataclass(frozen=True, slots=True)
class Phrase:
    """Exactly these words in this order; never holds a quotation mark."""

    text: str


@dataclass(frozen=True, slots=True)
class Not:
    """What must be absent; never holds another Not."""

    term: Term


@dataclass(frozen=True, slots=True)
class AllOf:
    """Two terms or more, none of them an AllOf."""

    terms: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Two terms or more, none of them an AnyOf."""

    terms: tuple[Term, ...]


Term = Word | Phrase | Not | AllOf | AnyOf


def wanted(term: Term | None) -> Iterator[Word | Phrase]:
    """The words and phrases that a result may hold: those to mark in it, or to correct."""
    if isinstance(term, Word | Phrase):
        yield term
    elif isinstance(term, AllOf | AnyOf):
        for each in term.terms:
            yield from wanted(each)


def written(term: Term) -> str:
    """The text that parses to this."""
    match term:
        case Word(text, prefix):
            return f"{text}*" if prefix else text
        case Phrase(text):
            return f'"{text}"'
        case Not(inner):
            return f"-{_grouped(inner, (AllOf, AnyOf))}"
        case AllOf(terms):
            return " ".join(written(each) for each in terms)
        case AnyOf(terms):
            return " OR ".join(_grouped(each, (AllOf,)) for each in terms)


def _grouped(term: Term, kinds: tuple[type, ...]) -> str:
    text = written(term)
    return f"({text})" if isinstance(term, kinds) else text


def all_of(terms: Iterable[Term | None]) -> Term | None:
    """These together, in the simplest form; None of nothing."""
    found = _flat(terms, AllOf)
    return AllOf(found) if len(found) > 1 else next(iter(found), None)


def any_of(terms: Iterable[Term | None]) -> Term | None:
    """One or another of these, in the simplest form; None of nothing."""
    found = _flat(terms, AnyOf)
    return AnyOf(found) if len(found) > 1 else next(iter(found), None)


def _flat(terms: Iterable[Term | None], kind: type[AllOf] | type[AnyOf]) -> tuple[Term, ...]:
    found: dict[Term, None] = {}
    for term in terms:
        if isinstance(term, kind):
            found.update(dict.fromkeys(term.terms))
        elif term is not None:
            found[term] = None
    return tuple(found)


def negated(term: Term | None) -> Term | None:
    """Without this; twice is with it."""
    if term is None:
        return None
    return term.term if isinstance(term, Not) else Not(term)
