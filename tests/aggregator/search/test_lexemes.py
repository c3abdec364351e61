"""What is stored of a text, and asked: PostgreSQL takes it, and every word of a text finds it."""

import pytest
from django.db import connection
from hypothesis import HealthCheck, given, settings, strategies as st

from aggregator.search.asking import VERY_WORDS, Forms, Scope, tsquery
from aggregator.search.lexemes import Document, vector, with_stems, words_in
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word
from bloghub.lib.stems import stems
from bloghub.lib.words import read, runs

SCOPES: tuple[Scope, ...] = ("anywhere", "title")
LANGUAGES = ("en", "fi", "de", "fr", "ja")
pytestmark = pytest.mark.django_db
quietly = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def matches(words: str, asked: str | None) -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector @@ %s::tsquery", [words, asked])
        return bool(cursor.fetchone()[0])


def finds(term: Term, document: Document, scope: Scope = "anywhere") -> bool:
    """Asked with the words that are known of the document, as a search does; by its stems, as a saved search is."""
    known: dict[str, list[str]] = {}
    for word in sorted(words_in(document)):
        for stem in stems(word, document.language):
            known.setdefault(stem, []).append(word)
    words = vector(document)
    found = matches(words, tsquery(term, Forms(LANGUAGES, known), scope))
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::tsvector::text", [words])
        stemmed = with_stems(cursor.fetchone()[0], document.language)
    assert matches(stemmed, tsquery(term, Forms(LANGUAGES), scope)) == found
    return found


@pytest.mark.parametrize(
    ("term", "text", "language"),
    [
        (Word("run"), "They were running", "en"),
        (Word("Running"), "She runs", "en"),
        (Word("laiva"), "Laivoissa on väkeä", "fi"),
        (Word("haus"), "Die Häuser", "de"),
        (Word("hauser"), "Die Häuser", "de"),
        (Word("cafes"), "Les cafés", "fr"),
        (Word("manger"), "Les pommes mangées", "fr"),
        (Word("c++"), "Modern C++.", "en"),
        (Word("nodejs"), "We use Node.js", "en"),
        (Word("node.js"), "We use nodejs", "en"),
        (Word("AB-1234"), "Part AB1234", "en"),
        (Word("ab1234"), "Part AB-1234", "en"),
        (Word("well known"), "well-known", "en"),
        (Word("well-known"), "it is well known", "en"),
        (Word("日本"), "これは日本語です", "ja"),
        (Word("語"), "これは日本語です", "ja"),
        (Word("eau"), "L’eau", "fr"),
        (Word("runn", prefix=True), "running", "en"),
        (Word("手机"), "iPhone手机", "zh"),
        (Phrase("the C++ way"), "This is the C++ way.", "en"),
        (Phrase("a well known fact"), "A well-known fact", "en"),
        (Phrase("uses node.js daily"), "He uses Node.js daily", "en"),
        (Phrase("日本語です"), "これは日本語です。", "ja"),
        (Phrase("日本語 text"), "これは日本語 text", "ja"),
        (AllOf((Word("one"), Not(Word("three")))), "one two", "en"),
        (AnyOf((Word("three"), Word("two"))), "one two", "en"),
    ],
)
def test_it_is_found(term: Term, text: str, language: str) -> None:
    assert finds(term, Document(body=text, language=language))
    assert finds(term, Document(title=text, language=language), "title")
    assert finds(term, Document(comment=text, language=language))


@pytest.mark.parametrize(
    ("term", "text"),
    [
        (Word("c++"), "The letter C, and C#"),
        (Word(".net"), "a net"),
        (Word("1.2.0"), "Version 2.0.1"),
        (Word("go"), "Google"),
        (Phrase("quick fox"), "fox quick"),
        (Phrase("quick fox"), "quick brown fox"),
        (Phrase("runs fast"), "running fast"),
        (Word("本日"), "日本"),
        (Not(Word("one")), "one"),
    ],
)
def test_it_is_not_found(term: Term, text: str) -> None:
    assert not finds(term, Document(title=text, body=text, language="en"))
    assert not finds(term, Document(title=text, language="en"), "title")


def test_the_title_alone_is_asked() -> None:
    document = Document(title="Engines", body="Propellers of ships")
    assert finds(Word("engines"), document, "title")
    assert not finds(Word("propellers"), document, "title")
    assert not finds(Phrase("of ships"), document, "title")


def test_no_phrase_reaches_from_the_title_into_the_text() -> None:
    document = Document(title="Quick", tags=("brown",), body="fox", names=("Aino",))
    assert not any(finds(Phrase(text), document) for text in ("quick brown", "brown fox", "fox aino", "quick fox"))
    assert all(finds(Word(text), document) for text in ("quick", "brown", "fox", "aino"))


@pytest.mark.parametrize("text", ["", "!&|():*<->", "\x00", "👩\u200d💻", "'", "\\", "…"])
def test_nothing_to_look_for_is_no_query(text: str) -> None:
    assert tsquery(Word(text), Forms(LANGUAGES)) is None
    assert tsquery(AllOf((Phrase(text), Not(Word(text)))), Forms(LANGUAGES)) is None


def test_a_very_long_text_is_kept_within_the_limits() -> None:
    text = " ".join(f"word{number} the" for number in range(40_000)) + " 字" * 5000
    document = Document(title="t" * 5000, body=text)
    assert len(vector(document).encode()) < 1_000_000
    assert finds(AllOf((Word("word0"), Word("word4000"), Word("the"), Word("t" * 5000))), document)


def test_words_for_the_table_of_words_are_plain() -> None:
    document = Document(title="L’Été 2026", tags=("C++",), body="日本語 running N97 node.js", names=("Bo Ekdahl",))
    assert words_in(document) == {"c", "running", "node", "js", "bo", "ekdahl"}


@quietly
@given(st.text(max_size=200), st.text(max_size=200), st.sampled_from([*LANGUAGES, ""]))
def test_every_word_of_any_text_finds_it(title: str, body: str, language: str) -> None:
    document = Document(title=title, body=body, language=language)
    for run in runs(body)[:5]:
        if read(run).parts:
            assert finds(Word(run), document), run
            assert finds(Phrase(run), document), run
    for run in runs(title)[:5]:
        if read(run).parts:
            assert finds(Word(run), document, "title"), run


@quietly
@given(st.text(max_size=300))
def test_any_text_is_a_query_that_postgresql_takes(text: str) -> None:
    document = Document(title=text, tags=(text,), body=text, names=(text,))
    for term in (Word(text), Word(text, prefix=True), Phrase(text)):
        for scope in SCOPES:
            if tsquery(term, VERY_WORDS, scope) is not None:
                assert finds(term, document, scope)
