"""Words of any language: two spellings of one word are found by one another, and codes stay what they are."""

import pytest
from hypothesis import given, strategies as st

from bloghub.lib.stems import stems
from bloghub.lib.words import LONGEST, fold, is_dense, pairs, read, runs, tokens


def lexemes(text: str) -> list[tuple[str, ...]]:
    return [token.lexemes for token in tokens(text)]


def words(text: str) -> set[str]:
    return {word for each in lexemes(text) for word in each}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Café", "cafe"),
        ("cafe\u0301", "café"),
        ("STRASSE", "Straße"),
        ("Ærø", "aero"),
        ("Łódź", "lodz"),
        ("Iı", "ii"),
        ("İstanbul", "istanbul"),
        ("Ёлка", "елка"),
        ("ΣΊΣΥΦΟΣ", "Σίσυφος"),
        ("Ｆｕｌｌ", "full"),
        ("ﬁne", "fine"),
        ("١٢٣", "123"),
        ("१२३", "123"),
        ("مُحَمَّدٌ", "محمد"),
        ("أحمد", "احمـد"),
        ("کتاب", "كتاب"),
        ("می\u200cخواهم", "میخواهم"),
        ("שָׁלוֹם", "שלום"),
        ("ﾊﾞｯｸ", "バック"),
        ("한국", "\u1112\u1161\u11ab\u1100\u116e\u11a8"),
        ("soft\u00adware", "software"),
        ("don’t", "don't"),
        ("Z" + "\u0335" * 300 + "algo", "zalgo"),
    ],
)
def test_two_spellings_are_one_word(one: str, other: str) -> None:
    assert lexemes(one) == lexemes(other)
    assert fold(one) == fold(other)


@pytest.mark.parametrize(
    ("one", "other"), [("й", "и"), ("が", "か"), ("की", "क"), ("C++", "C"), ("C#", "C++"), (".NET", "net")]
)
def test_what_differs_stays_apart(one: str, other: str) -> None:
    assert lexemes(one) != lexemes(other)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("C++", {"c++", "c"}),
        ("(C#).", {"c#", "c"}),
        ("in .NET,", {"in", ".net", "net"}),
        ("node.js.", {"node.js", "nodejs", "node", "js"}),
        ("TCP/IP", {"tcp/ip", "tcpip", "tcp", "ip"}),
        ("AB-1234", {"ab-1234", "ab1234", "ab", "1234"}),
        ("5G M1 N97", {"5g", "m1", "n97"}),
        ("v2.3.1", {"v2.3.1", "v231", "v2", "3", "1"}),
        ("snake_case", {"snake_case", "snakecase", "snake", "case"}),
        ("CamelCase", {"camelcase", "camel", "case"}),
        ("PDFs URLs", {"pdfs", "urls"}),
        ("__init__", {"init"}),
        ("aino@example.com", {"aino@example.com", "ainoexamplecom", "aino", "example", "com"}),
        ("l'eau", {"l'eau", "eau"}),
        ("Bob’s", {"bob's", "bobs", "bob"}),
        ("don't we'll", {"don't", "dont", "we'll"}),
        ("日本語", {"日本", "本語", "語"}),
        ("iPhone手机", {"iphone", "phone", "手机", "机"}),
        ("end. Next", {"end", "next"}),
        ("-- ' & … 👩\u200d💻 \ud800 \x00", set()),
    ],
)
def test_a_text_is_read_as(text: str, found: set[str]) -> None:
    assert words(text) == found


def test_parts_stand_in_a_row_and_the_whole_at_the_first() -> None:
    assert [(token.lexemes[0], token.position) for token in tokens("the node.js way")] == [
        ("the", 0),
        ("node.js", 1),
        ("node", 1),
        ("js", 2),
        ("way", 3),
    ]


def test_a_token_says_where_it_stands() -> None:
    text = "Ün «café», 日本語 node.js"
    assert [text[token.start : token.end] for token in tokens(text)] == [
        "Ün", "café", "日本", "本語", "語", "node.js", "node", "js",
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["x" * 1_000_000, "é" * 300_000, "字" * 300_000, "a-" * 300_000, "\u0301" * 300_000])
def test_a_text_without_spaces_gives_short_words(text: str) -> None:
    assert all(len(word) <= LONGEST for token in tokens(text) for word in token.lexemes)


@given(st.text(st.characters(min_codepoint=0x0E00, max_codepoint=0xFFEF)))
def test_the_pairs_of_a_document_are_those_of_a_query(text: str) -> None:
    for run in filter(is_dense, runs(text)):
        assert pairs(run) == [part.asked[0] for part in read(run).parts]


@given(st.text())
def test_any_text_is_read(text: str) -> None:
    for token in tokens(text):
        assert 0 <= token.start < token.end <= len(text)
        for word in token.lexemes:
            assert word and word[0] not in ":=~" and "\x00" not in word
            assert len(word) <= LONGEST
            assert not any(char.isspace() or "\ud800" <= char <= "\udfff" for char in word)


@given(st.text(max_size=60))
def test_a_word_folded_again_is_the_same(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@pytest.mark.parametrize(
    ("one", "other", "language"),
    [
        ("running", "runs", "en"),
        ("laivoissa", "laivat", "fi"),
        ("häuser", "haus", "de"),
        ("bateaux", "bateau", "fr"),
        ("корабли", "корабль", "ru"),
        ("båtarna", "båt", "sv"),
        ("cafés", "cafes", "fr"),
    ],
)
def test_inflected_words_share_a_stem(one: str, other: str, language: str) -> None:
    assert set(stems(one, language)) & set(stems(other, language))


@pytest.mark.parametrize(
    ("word", "language"), [("n97", "en"), ("ab", "en"), ("c++", "en"), ("running", "xx"), ("", "en")]
)
def test_codes_and_unknown_languages_have_no_stems(word: str, language: str) -> None:
    assert stems(word, language) == ()
