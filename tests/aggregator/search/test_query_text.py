"""Canonical texts: any text gives a query, the query's text gives it again, and chips and facets change it."""

from __future__ import annotations

import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings, strategies as st

from aggregator.search.query import (
    MAX_FILTERS,
    MAX_LETTERS,
    MAX_TERMS,
    OPERATORS,
    AllOf,
    AnyOf,
    Filter,
    Not,
    Phrase,
    Query,
    Term,
    Word,
    all_of,
    any_of,
    negated,
    parse,
    wanted,
    write,
)

TODAY = date(2026, 11, 22)
HARMLESS = {"unknown-operator", "no-days"}  # notes that a canonical text may have as well

anything = st.text(max_size=300) | st.text(st.characters(), max_size=40)
syntax = st.text("!&|():*<->'\"\\;-−%_,.@#=„“«「 aA1éж東\x00\u202e\ud800", max_size=80)
values = st.sampled_from(
    ["kone", '"Aino V."', "2026-11", "7d", "99", "code", "title", "comments", "", '"', "#x", ",", "x|y"]
)
names = st.sampled_from([*(line.name for line in OPERATORS), "LANG", "since", "kind", "foo", "OR", "c"])
pieces = (
    st.sampled_from(
        ["OR", "AND", "NOT", "|", "-", "(", ")", "-(", '"', "„", "kone", "C++", "ve*", "v*", "x:*", "OR,", "#a", "@b"]
    )
    | st.builds("{}:{}".format, names, values)
    | st.builds("-{}:{}".format, names, values)
    | st.builds('"{}"'.format, st.text(max_size=8))
)
shaped = st.lists(st.tuples(pieces, st.sampled_from([" ", " ", " ", ""])), max_size=60).map(
    lambda found: "".join(piece + space for piece, space in found)
)
typed = anything | syntax | shaped

leaves = (
    st.from_regex(r"[a-z]{3,7}[+#]?", fullmatch=True).map(Word)
    | st.from_regex(r"[a-zäö]{2,7}", fullmatch=True).map(lambda text: Word(text, True))
    | st.from_regex(r"[a-z]{1,5}( [a-z(|:*-]{1,5}){0,2}", fullmatch=True).map(Phrase)
)
trees = st.recursive(
    leaves,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=4).map(all_of)
        | st.lists(inner, min_size=2, max_size=4).map(any_of)
        | inner.map(negated)
    ),
    max_leaves=MAX_TERMS,
)


def read(text: str) -> Query:
    return parse(text, TODAY)


def depth(term: Term | None) -> int:
    if isinstance(term, AllOf | AnyOf):
        assert len(term.terms) > 1
        assert not any(isinstance(each, type(term)) for each in term.terms)
        return 1 + max(map(depth, term.terms))
    if isinstance(term, Not):
        assert not isinstance(term.term, Not)
        return 1 + depth(term.term)
    return 0


@given(typed)
@settings(max_examples=400, deadline=None)
def test_any_text_is_a_query_whose_text_gives_it_again(text: str) -> None:
    query = read(text)
    again = read(query.text)
    assert again == query
    assert again.text == query.text
    assert {note.code for note in again.notes} <= HARMLESS


@given(typed)
@settings(deadline=None)
def test_no_text_makes_a_query_too_large_for_the_database(text: str) -> None:
    query = read(text * 3)
    found = list(wanted(query.term))
    assert len(found) <= MAX_TERMS
    assert sum(len(each.text) for each in found) <= MAX_LETTERS
    assert len(query.filters) <= MAX_FILTERS
    assert depth(query.term) <= 60
    assert len(query.notes) <= 8
    assert all(note.text for note in query.notes)


@given(typed)
@settings(deadline=None)
def test_what_comes_out_can_be_stored_and_shown(text: str) -> None:
    query = read(text)
    query.text.encode()
    assert not {unicodedata.category(char) for char in query.text} & {"Cc", "Cs"}
    assert not set(query.text) & set("\u200e\u200f\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069")


@given(trees)
@settings(deadline=None)
def test_every_tree_can_be_typed(tree: Term) -> None:
    assert read(write(tree)).term == tree


@given(typed, st.sampled_from([line.name for line in OPERATORS]), values | anything, st.booleans())
@settings(deadline=None)
def test_a_facet_adds_its_filter_and_its_chip_takes_it_off(text: str, name: str, value: str, unwanted: bool) -> None:
    query = read(text)
    longer = read(query.including(Filter(name, value, unwanted)))
    assert longer.text == query.including(Filter(name, value, unwanted))
    assert longer.term == query.term
    for each in longer.filters:
        assert each not in read(longer.without(each)).filters
    assert read(longer.without(*longer.filters)).filters == ()


def test_the_text_has_the_words_first_and_the_filters_behind() -> None:
    query = read("tag:x  kone |  vene*  AUTHOR:aino,  -”a  b”  -Blog:„Engine Room“ since:22.11.2026")
    assert query.text == 'kone OR vene* -"a b" tag:x author:aino -blog:"Engine Room" after:2026-11-22'


def test_a_year_of_the_facets_takes_the_place_of_the_days_before() -> None:
    query = read("kone after:2020 before:7d tag:x")
    assert query.including(Filter("after", "2025"), Filter("before", "2026")) == "kone tag:x after:2025 before:2026"


def test_a_facet_takes_the_place_of_its_opposite() -> None:
    assert read("kone -tag:x").including(Filter("tag", "x")) == "kone tag:x"


def test_a_name_longer_than_any_is_cut() -> None:
    assert read("tag:" + "x" * 300).filters == (Filter("tag", "x" * 100),)


def test_a_name_with_quotation_marks_can_be_added() -> None:
    text = read("kone").including(Filter("blog", 'The "Engine" Room'))
    assert text == 'kone blog:"The Engine Room"'


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x" * 10_000, "x" * MAX_LETTERS),
        (" OR ".join(f"word{number}" for number in range(500)), " OR ".join(f"word{number}" for number in range(12))),
        (" ".join(f"-w{number}" for number in range(500)), " ".join(f"-w{number}" for number in range(12))),
        (" ".join(f"tag:t{number}" for number in range(500)), " ".join(f"tag:t{number}" for number in range(12))),
        ("long " + '"' + "ab " * 100 + '"', 'long "' + " ".join(["ab"] * 65) + '"'),
        ("a" * 150 + " " + "b" * 90 + " c", "a" * 150),
        ("(" * 5_000 + "a" + ")" * 5_000, ""),
        ("a " + "(" * 30 + "b" + ")" * 30 + " c", "a c"),
        ("東" * 300, "東" * MAX_LETTERS),
    ],
)
def test_too_much_is_cut_and_said(text: str, left: str) -> None:
    query = read(text)
    assert query.text == left
    assert {note.code for note in query.notes} & {"too-long", "too-many", "too-deep"}


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \t\n",
        "()",
        "-",
        "- -",
        '""',
        "OR",
        "| |",
        "!&|():*<->",
        "\x00",
        "\u202e\u200f",
        "'; --",
        "***",
        "):",
        "-()",
        "OR AND",
    ],
)
def test_nothing_to_search_is_nothing(text: str) -> None:
    query = read(text)
    assert not query
    assert query.text == ""


def test_syntax_of_the_database_is_text() -> None:
    assert read("fat & !rat <-> cat:* | 'x'").text == "fat rat cat* OR x"
    assert read("Robert'); DROP TABLE posts;--").text == "Robert DROP TABLE posts"


def test_marks_of_direction_and_controls_are_dropped() -> None:
    assert read("ab\u202ecd \x00x\u200fy -\u2066z").text == "abcd xy -z"
