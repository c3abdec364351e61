"""The query language: what is understood of what people type."""

from __future__ import annotations

from datetime import date

import pytest

from aggregator.search.query import (
    NOTES,
    OPERATORS,
    PUNCTUATION,
    AllOf,
    AnyOf,
    Filter,
    Not,
    Note,
    Phrase,
    Query,
    Term,
    Word,
    parse,
    wanted,
)

TODAY = date(2026, 11, 22)
A, B, C, D = Word("a"), Word("b"), Word("c"), Word("d")


def read(text: str) -> Query:
    return parse(text, TODAY)


def term(text: str) -> Term | None:
    return read(text).term


def filters(text: str) -> tuple[Filter, ...]:
    return read(text).filters


def codes(text: str) -> list[str]:
    return [note.code for note in read(text).notes]


def test_words_must_all_be_there() -> None:
    assert term("heat pump") == AllOf((Word("heat"), Word("pump")))
    assert term("heat AND pump") == term("heat pump")
    assert term("pump,  pump pump.") == Word("pump")


@pytest.mark.parametrize(
    "typed",
    ['"heat pump"', "„heat pump“", "“heat pump”", "”heat  pump”", "«heat pump»", "»heat pump«", "「heat pump」"],
)
def test_any_quotation_marks_make_a_phrase(typed: str) -> None:
    assert term(typed) == Phrase("heat pump")


def test_chinese_quotes_need_no_space_before_them() -> None:
    assert term("検索「東京 大阪」") == AllOf((Word("検索"), Phrase("東京 大阪")))


def test_inches_are_no_quotation_marks() -> None:
    assert term('19" monitor 27"') == AllOf((Word("19"), Word("monitor"), Word("27")))
    assert codes('19" monitor') == []


def test_a_missing_quotation_mark_makes_the_rest_a_phrase_and_is_said() -> None:
    query = read('engine "heat pump tag:x')
    assert query.term == AllOf((Word("engine"), Phrase("heat pump tag:x")))
    assert query.notes[0].text == "A quotation mark is missing: “heat pump tag:x” was taken as one phrase."


@pytest.mark.parametrize("typed", ["a OR b", "a|b", "a || b", "OR a OR OR b OR", "a OR AND b", "(a) | (b)"])
def test_either_can_be_typed_in_several_ways(typed: str) -> None:
    assert term(typed) == AnyOf((A, B))


def test_or_binds_nearer_than_a_space_and_parentheses_nearest() -> None:
    assert term("a b OR c d") == AllOf((A, AnyOf((B, C)), D))
    assert term("(a b) OR (c d)") == AnyOf((AllOf((A, B)), AllOf((C, D))))
    assert term("（a b）| c") == AnyOf((AllOf((A, B)), C))


def test_small_or_and_and_not_are_words() -> None:
    assert term("a or b") == AllOf((A, Word("or"), B))
    assert term('"OR"') == Phrase("OR")


@pytest.mark.parametrize("typed", ["a -b", "a −b", "a –b", "a NOT b", "a AND NOT b", "a -(b)", "-(-a) -b"])
def test_a_minus_leaves_out(typed: str) -> None:
    assert term(typed) == AllOf((A, Not(B)))


def test_phrases_groups_and_operators_can_be_left_out_too() -> None:
    assert term('-"heat pump" -(a OR b) -c*d') == AllOf(
        (Not(Phrase("heat pump")), Not(AnyOf((A, B))), Not(Word("c*d")))
    )
    assert filters("-tag:news -#old -@aino") == (
        Filter("tag", "news", True),
        Filter("tag", "old", True),
        Filter("author", "aino", True),
    )


def test_only_what_must_be_absent_is_a_query() -> None:
    assert term("-a") == Not(A)
    assert codes("-a -tag:x") == []


def test_two_minuses_are_an_option_of_a_command_and_one_alone_is_nothing() -> None:
    assert term("git --no-verify") == AllOf((Word("git"), Word("no-verify")))
    assert term("a - b") == AllOf((A, B))


def test_a_star_asks_for_the_beginning_of_words() -> None:
    assert term("turb*") == Word("turb", prefix=True)
    assert term("turb:*") == Word("turb", prefix=True)
    assert term("-turb*") == Not(Word("turb", prefix=True))
    assert term("東京*") == Word("東京", prefix=True)


def test_one_letter_and_a_star_is_a_word_and_is_said() -> None:
    assert term("t* *") == Word("t")
    assert codes("t* *") == ["short-prefix"]


@pytest.mark.parametrize(
    "typed",
    [
        *("12:30", "3:2", "C:\\x", "std::vector", "https://example.com/a?b=c#d", "localhost:8000", "site://x/y"),
        *("C++", "C#", ".NET", "R&D", "node.js", "TCP/IP", "AB-1234", "№5", "x=1"),
        *("rock'n'roll", "a@example.com", "😀"),
    ],
)
def test_codes_times_and_addresses_are_text(typed: str) -> None:
    query = read(typed)
    assert (query.filters, query.notes) == ((), ())
    assert query.term in (Word(typed), Phrase(typed))


def test_punctuation_around_words_is_no_part_of_them() -> None:
    assert term("¡hello, (world)! … ‘x’;") == AllOf((Word("hello"), Word("world"), Word("x")))


@pytest.mark.parametrize("name", ["blog", "author", "tag", "lang", "team", "site"])
def test_operators_take_bare_and_quoted_values(name: str) -> None:
    assert filters(f'{name}:kone, {name.upper()}:"Aino  Virtanen" {name}：x') == (
        Filter(name, "kone"),
        Filter(name, "Aino Virtanen"),
        Filter(name, "x"),
    )


def test_signs_before_names_are_tags_and_people() -> None:
    assert filters("#C++ #heat-pump, @aino.v tag:#x author:@y") == (
        Filter("tag", "C++"),
        Filter("tag", "heat-pump"),
        Filter("author", "aino.v"),
        Filter("tag", "x"),
        Filter("author", "y"),
    )


def test_numbers_and_packages_behind_a_sign_are_words() -> None:
    assert read("#1 #2026 @scope/package").filters == ()
    assert term("#1 @scope/package") == AllOf((Word("1"), Word("scope/package")))


def test_has_and_in_know_their_values() -> None:
    assert filters("has:comments HAS:Code -has:comment in:Title in:comment in:post") == (
        Filter("has", "comments"),
        Filter("has", "code"),
        Filter("has", "comments", True),
        Filter("in", "title"),
        Filter("in", "comments"),
        Filter("in", "posts"),
    )
    assert filters("-in:comments") == (Filter("in", "posts"),)


@pytest.mark.parametrize(
    ("typed", "note"),
    [
        ("has:wings", Note("unknown-value", "has:wings")),
        ("-in:title", Note("unknown-value", "in:title")),
        ("tag:", Note("empty-operator", "tag:")),
        ('blog:""', Note("empty-operator", "blog:")),
        ("after:2026-13", Note("bad-date", "after:2026-13")),
        ("before:soon", Note("bad-date", "before:soon")),
    ],
)
def test_an_operator_that_says_nothing_is_left_out_and_said(typed: str, note: Note) -> None:
    query = read(f"kone {typed}")
    assert (query.term, query.filters, query.notes) == (Word("kone"), (), (note,))
    assert note.about in note.text


def test_an_unknown_operator_is_searched_as_text_and_said() -> None:
    query = read('foo:bar baz:"heat pump"')
    assert query.term == AllOf((Word("foo:bar"), Word("baz"), Phrase("heat pump")))
    assert query.notes[0].text == "“foo:” is no operator here: searched as text."
    assert codes('baz:"heat pump"') == ["unknown-operator"]


def test_operators_beside_or_hold_for_the_whole_search_and_that_is_said() -> None:
    assert (term("a OR tag:x"), filters("a OR tag:x"), codes("a OR tag:x")) == (A, (Filter("tag", "x"),), ["mixed"])
    assert codes("-(a tag:x)") == codes("tag:x OR blog:y") == ["mixed"]


@pytest.mark.parametrize("typed", ["tag:x OR tag:y a", "(tag:x tag:y) a", "-(tag:x OR tag:y)", "(a tag:x)"])
def test_operators_of_one_name_mean_what_is_typed(typed: str) -> None:
    assert codes(typed) == []


def test_what_is_wanted_is_without_what_must_be_absent() -> None:
    assert list(wanted(term('a (b OR "c d") -(x OR -y) -z'))) == [A, B, Phrase("c d")]
    assert list(wanted(None)) == []


def test_every_line_of_the_help_works_as_it_stands() -> None:
    for line in OPERATORS:
        assert [each.name for each in filters(line.example)] == [line.name]
        assert codes(line.example) == []
    for line in PUNCTUATION:
        assert term(line.example)
        assert codes(line.example) == []
    assert all(text.format(about="x") for text in NOTES.values())
