"""A query as the search table is asked: a tree of words and phrases as ``tsquery`` text.

A word is asked by its spellings and by its stems in every language of the hub, each as the words of the hub that have
it, so it finds a text whatever language either is taken for. Codes are asked whole, or as their parts in a row; scripts
without spaces by pairs of characters.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from aggregator.search.lexemes import quote, stems_of
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word
from bloghub.lib.words import Part, Run, is_symbol, read, runs

Scope = Literal["anywhere", "title"]


@dataclass(frozen=True, slots=True)
class Forms:
    """The languages in which words are asked by their stems, and by stem the words of the hub that have it."""

    languages: Collection[str] = ()
    words: Mapping[str, Sequence[str]] = field(default_factory=dict)


VERY_WORDS = Forms()


def tsquery(term: Term, forms: Forms, scope: Scope = "anywhere") -> str | None:
    """``term`` as ``tsquery`` text, its words in any of these forms; None when nothing of it can be looked for."""
    match term:
        case Word():
            return _ask_word(term, forms, scope)
        case Phrase(text):
            return _ask_phrase(text, scope)
        case Not(inner):
            asked = tsquery(inner, forms, scope)
            return f"!({asked})" if asked else None
        case AllOf(terms):
            return _all(tsquery(inner, forms, scope) for inner in terms)
        case AnyOf(terms):
            return _any(tsquery(inner, forms, scope) for inner in terms)


def read_all(text: str) -> list[Run]:
    return [run for written in runs(text) if (run := read(written)).parts]


def _ask_word(word: Word, forms: Forms, scope: Scope) -> str | None:
    """Every run of it, in any order; a prefix is the start of the last one."""
    known = read_all(word.text)
    asked = [_ask_run(run, forms, scope) for run in known]
    if word.prefix and known and not known[-1].dense:
        last = known[-1]
        asked[-1] = _any([_lexeme((last.whole or last.parts[0].asked)[0], scope, prefix=True), asked[-1]])
    return _all(asked)


def _ask_run(run: Run, forms: Forms, scope: Scope) -> str | None:
    if run.dense:
        pairs = [part.asked[0] for part in run.parts]
        return _all(_lexeme(pair, scope) for pair in pairs[:-1]) or _lexeme(pairs[0], scope, prefix=True)
    wholes = [_lexeme(whole, scope) for whole in run.whole]
    if is_symbol(run):
        return _any(wholes)
    words = [words_of(part, forms) for part in run.parts]
    weight = "A" if scope == "title" else ""
    row = _in_a_row([(_any(_lexeme(word, "anywhere", weight=weight) for word in each), 1) for each in words])
    if scope == "title":  # 1.2.0 is not in a title that says 2.0.1
        titled = [_any(_lexeme(word, scope) for word in each) for each in words]
        return _any([*wholes, _all([*titled, row] if len(words) > 1 else titled)])
    return _any([*wholes, row])


def words_of(part: Part, forms: Forms) -> list[str]:
    """The lexemes by which a word is found: its spellings, ``~stem`` for words that have it for a stem and show it no
    longer, the stem for those that are it, and the words that are known to have it."""
    found = stems_of(part, forms.languages)
    known = (word for stem in found for word in forms.words.get(stem, ()))
    return list(dict.fromkeys([*part.asked, *(f"~{stem}" for stem in found), *found, *known]))


def _ask_phrase(text: str, scope: Scope) -> str | None:
    """Its exact words in their order; in a title by their weight, so that the places there are seen."""
    known = read_all(text)
    if len(known) == 1 and known[0].whole:
        return _ask_run(known[0], VERY_WORDS, scope)
    words = in_a_phrase(known)
    weight = "A" if scope == "title" else ""
    row = _in_a_row([(_lexeme(each.word, "anywhere", each.prefix, weight), each.width) for each in words])
    if scope == "anywhere":
        return row
    return _all([*(_lexeme(each.word, scope, each.prefix) for each in words), row])


class Step(NamedTuple):
    """A word of a phrase, whether more may follow it, and how many places on the next word stands."""

    word: str
    prefix: bool = False
    width: int = 1


def in_a_phrase(known: Sequence[Run]) -> list[Step]:
    """Runs as the words of a phrase; all pairs of characters but the last, which may have another neighbour."""
    found: list[Step] = []
    for run in known:
        words = [part.asked[0] for part in run.parts]
        if is_symbol(run):
            found.append(Step(run.whole[0]))
        elif not run.dense:
            found += map(Step, words)
        elif len(words) == 1:
            found.append(Step(words[0], prefix=run is known[-1]))
        else:
            found += [*map(Step, words[:-2]), Step(words[-2], width=2)]
    return found


def _lexeme(word: str, scope: Scope, prefix: bool = False, weight: str = "") -> str:
    marks = "*" * prefix + weight
    return quote(f"={word}" if scope == "title" else word) + (f":{marks}" if marks else "")


def _in_a_row(steps: Sequence[tuple[str | None, int]]) -> str | None:
    """Steps of a phrase, each with the places to the next one."""
    row, gap = "", 0
    for step, width in steps:
        row = f"{row} <{gap}> {step}" if row else f"{step}"
        gap = width
    return f"({row})" if " <" in row else row or None


def _all(asked: Iterable[str | None]) -> str | None:
    return _joined(" & ", asked)


def _any(asked: Iterable[str | None]) -> str | None:
    return _joined(" | ", asked)


def _joined(sign: str, asked: Iterable[str | None]) -> str | None:
    known = list(dict.fromkeys(filter(None, asked)))
    return f"({sign.join(known)})" if len(known) > 1 else known[0] if known else None
