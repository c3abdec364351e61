"""Queries turned around: the lexemes of which every match holds one."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, strategies as st

from aggregator.search.asking import VERY_WORDS, tsquery
from aggregator.search.inverting import keys, lexemes
from aggregator.search.query import parse
from aggregator.search.terms import AllOf, AnyOf, Not, Term, Word

COMMON = {"pump": 900, "engine": 30}
WORDS = ["ab", "cd", "ef", "gh"]


def keys_of(text: str) -> set[str] | None:
    term = parse(text, date(2026, 11, 22)).term
    assert term is not None
    asked = tsquery(term, VERY_WORDS)
    assert asked is not None
    found = keys(asked, lambda lexeme: COMMON.get(lexeme, 0))
    return None if found is None else set(found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("seal", {"seal"}),
        ("pump engine", {"engine"}),
        ("pump engine seal", {"seal"}),
        ("engine OR seal", {"engine", "seal"}),
        ("pump (engine OR seal)", {"engine", "seal"}),
        ('"pump seal"', {"seal"}),
        ("seal -pump", {"seal"}),
        ("-pump", None),
        ("pum*", None),
        ("pum* engine", {"engine"}),
        ("seal OR pum*", None),
        ("seal OR -pump", None),
        ("node.js", {"node.js", "nodejs", "node"}),
        ("o'brien", {"o'brien", "obrien", "brien"}),
    ],
)
def test_the_rarest_words_that_must_be_there_are_keys(text: str, expected: set[str] | None) -> None:
    assert keys_of(text) == expected


def test_quotes_and_backslashes_are_read_as_they_are_written() -> None:
    assert lexemes(r"'it''s' & !('a\\b':*A | ':b12') <-1> 'c'") == {"it's", r"a\b", ":b12", "c"}


def terms() -> st.SearchStrategy[Term]:
    def wider(inner: st.SearchStrategy[Term]) -> st.SearchStrategy[Term]:
        several = st.lists(inner, min_size=2, max_size=3).map(tuple)
        return st.one_of(several.map(AllOf), several.map(AnyOf), inner.map(Not))

    return st.recursive(st.sampled_from(WORDS).map(Word), wider, max_leaves=8)


def finds(term: Term, words: set[str]) -> bool:
    match term:
        case Not(inner):
            return not finds(inner, words)
        case AllOf(inner):
            return all(finds(each, words) for each in inner)
        case AnyOf(inner):
            return any(finds(each, words) for each in inner)
        case Word(text):
            return text in words
        case _:
            raise AssertionError(term)


@given(terms(), st.sets(st.sampled_from(WORDS)))
def test_no_match_is_without_a_key(term: Term, words: set[str]) -> None:
    found = keys(tsquery(term, VERY_WORDS) or "", WORDS.index)
    if found is not None and finds(term, words):
        assert found & words
