"""Titles and passages with marks: safe, in the original's own spelling, and the part that says most."""

import re
from html import unescape

import pytest
from hypothesis import given, strategies as st

from aggregator.search import passages
from aggregator.search.cutting import LENGTH
from aggregator.search.passages import Marker
from aggregator.search.terms import Phrase, Word
from bloghub.lib.text import plain_text

LANGUAGES = ("en", "fi", "fr", "de", "ja")
FILLER = "bla " * 100


def marks(text: str, *terms: Word | Phrase, language: str = "en") -> list[str]:
    passage = Marker(terms, LANGUAGES).mark("", text, language).passage
    return [unescape(mark) for mark in re.findall("<mark>(.*?)</mark>", passage)]


@pytest.mark.parametrize(
    ("term", "text", "language", "marked"),
    [
        (Word("run"), "He was Running; she runs", "en", ["Running", "runs"]),
        (Word("ete"), "L’ÉTÉ, l'été", "fr", ["L’ÉTÉ", "l'été"]),
        (Word("cafe"), "a cafe\u0301 here", "en", ["cafe\u0301"]),
        (Word("laiva"), "Laivoissa", "fi", ["Laivoissa"]),
        (Word("pre", prefix=True), "Preview of a print", "en", ["Preview"]),
        (Phrase("quick fox"), "fox; the quick fox, quick", "en", ["quick fox"]),
        (Phrase("quick fox"), "fox, quick", "en", ["fox", "quick"]),
        (Word("日本語"), "これは日本語です。日本", "ja", ["日本語"]),
        (Word("語"), "日本語文", "ja", ["語"]),
        (Word("C++"), "C, C# and C++.", "en", ["C++"]),
        (Word("node.js"), "Node.js, nodejs, node js, node", "en", ["Node.js", "nodejs", "node js"]),
        (Word("שלום"), "אמר שָׁלוֹם לו", "he", ["שָׁלוֹם"]),
        (Word("hub"), "a BlogHub", "en", ["BlogHub"]),
    ],
)
def test_what_matches_is_marked_as_it_is_written(
    term: Word | Phrase, text: str, language: str, marked: list[str]
) -> None:
    found = marks(text, term, language=language)
    assert [plain_text(mark) for mark in marked] == found


def test_markup_in_a_text_is_shown_as_text() -> None:
    text = "<mark>x</mark> <script>alert('ship')</script> &amp; <img onerror=ship>"
    marked = Marker([Word("ship"), Word("script"), Word("amp")], LANGUAGES).mark(text, text, "en")
    for html in marked[:2]:
        assert set(re.findall("<[^>]*>", html)) == {"<mark>", "</mark>"}
        assert unescape(re.sub("</?mark>", "", html)) == text
        assert "<mark>ship</mark>" in html and "&amp;<mark>amp</mark>;" in html


def test_the_passage_is_where_most_of_the_words_are() -> None:
    text = f"a ship {FILLER} an engine of a ship {FILLER} the engine of that ship {FILLER}"
    passage = Marker([Word("ship"), Word("engine")], LANGUAGES).mark("", text, "en").passage
    assert "an <mark>engine</mark> of a <mark>ship</mark>" in passage
    assert passage.startswith("… bla") and passage.endswith("bla …")


def test_without_a_match_the_text_begins() -> None:
    assert Marker([], LANGUAGES).mark("Title", f"Start {FILLER}", "en").passage.startswith("Start bla")
    assert Marker([Word("ship")], LANGUAGES).mark("", "short", "en").passage == "short"


def test_what_turns_the_direction_of_others_is_left_out() -> None:
    marked = Marker([Word("ship")], LANGUAGES).mark("\u202eship", "a \u2066ship \u202e", "en")
    assert marked[:2] == ("<mark>ship</mark>", "a <mark>ship</mark> ")


words = st.one_of(
    st.text(max_size=12), st.sampled_from(["ship", "ships", "<mark>", "日本語", "C++", "été", "&", "👩\u200d💻"])
)


@given(st.lists(words, max_size=80), words, words)
def test_any_text_gives_safe_html_that_says_the_same(parts: list[str], one: str, other: str) -> None:
    text = " ".join(parts)
    marked = Marker([Word(one), Word(other, prefix=True), Phrase(f"{one} {other}")], LANGUAGES).mark(text, text, "en")
    for html in marked[:2]:
        assert set(re.findall("<[^>]*>", html)) <= {"<mark>", "</mark>"}
        assert re.fullmatch("(?:(?!</?mark>).|<mark>(?:(?!</?mark>).)+</mark>)*", html, re.DOTALL)
    passage = unescape(re.sub("</?mark>", "", marked.passage))
    assert len(passage) <= LENGTH + 4


@given(
    st.lists(st.sampled_from(["ship", "ships", "engine", "of", "bla", "bla-bla", "C++"]), min_size=300, max_size=600),
    st.lists(
        st.sampled_from([Word("ship"), Word("engine"), Word("eng", prefix=True), Phrase("engine of")]), max_size=3
    ),
)
def test_a_passage_is_the_same_however_much_was_read_for_it(words: list[str], terms: list[Word | Phrase]) -> None:
    text = " ".join(words)
    soon = Marker(terms, LANGUAGES).mark("", text, "en")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(passages, "_AT_FIRST", len(text))
        assert Marker(terms, LANGUAGES).mark("", text, "en") == soon
