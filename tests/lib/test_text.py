"""Plain text a stranger wrote: shown on one line, cut, counted, named in an address."""

import pytest

from bloghub.lib.html import clean_html
from bloghub.lib.text import (
    excerpt_of,
    plain_line,
    reading_minutes,
    slugify,
    words_of_clean_html,
)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("  two\n\tlines  ", "two lines"),
        ("abc\u202edef", "abcdef"),
        ("\u2066abc\u2069\u2067", "abc"),
        ("zero\u200bwidth\ufeff\u00ad", "zerowidth"),
        ("nul\x00 bell\x07", "nul bell"),
        ("cafe\u0301", "café"),
        ("Z" + "\u0335" * 200, "Z" + "\u0335" * 4),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("a\u200db", "ab"),
        ("👩\u200d💻", "👩\u200d💻"),
        ("lone \ud800", "lone \ufffd"),
        ("<b>&amp;", "<b>&amp;"),
    ],
)
def test_a_line_is_harmless_and_says_the_same(given_text: str, shown: str) -> None:
    assert plain_line(given_text, 1000) == shown


def test_a_long_line_is_cut() -> None:
    assert plain_line("x" * 5000, 10) == "x" * 9 + "…"


def shown_by(html: str) -> str:
    return " ".join(words_of_clean_html(html)[0])


def test_text_keeps_blocks_apart_and_has_no_markup() -> None:
    html = "<h2>Title</h2>\n\n<p>One <b>b</b>old &lt;tag&gt; &amp;\tmore</p><ul><li>a</li><li>b</li></ul>x<br>y<hr>z"
    assert shown_by(html) == "Title One bold <tag> & more a b x y z"


def test_cells_of_a_table_stay_apart() -> None:
    html = clean_html("<table><tr><td>1</td><td>2</td></tr></table>", base="", id_prefix="")
    assert shown_by(html) == "1 2"


def test_readings_over_characters_are_not_read_twice() -> None:
    assert shown_by("<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>字") == "漢字"


def test_attributes_with_angle_brackets_do_not_leak_into_the_text() -> None:
    html = clean_html('<img src="/a.png" alt="1 > 0 <b>"><p>text</p>', base="http://a.example", id_prefix="")
    assert shown_by(html) == "text"


def test_an_excerpt_is_full_though_much_of_the_text_cannot_be_seen() -> None:
    assert excerpt_of("\u200b" * 700 + "word " * 100) == excerpt_of("word " * 100)


def test_an_excerpt_ends_at_a_word() -> None:
    text = "word " * 100
    assert len(excerpt_of(text)) <= 300
    assert excerpt_of(text).endswith("word…")
    assert excerpt_of("short") == "short"
    assert len(excerpt_of("字" * 1000)) == 300


@pytest.mark.parametrize(
    ("html", "words"),
    [("", 0), ("<p>one</p> two three", 3), ("höyry laiva", 2), ("日本語の文章です", 4), ("Die Größe: 日本 3", 4)],
)
def test_words_are_counted(html: str, words: int) -> None:
    assert words_of_clean_html(html)[1] == words


def test_reading_takes_at_least_a_minute() -> None:
    assert (reading_minutes(3), reading_minutes(660)) == (1, 3)


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Hello, World!", "hello-world"),
        ("Äiti söi jäätelöä", "aiti-soi-jaateloa"),
        ("Straße & Œuvre", "strasse-oeuvre"),
        ("Привет, мир", "привет-мир"),
        ("हिन्दी में", "हिन्दी-में"),
        ("日本語", "日本語"),
        ("…", "post"),
        ("", "post"),
        ("../../etc/passwd", "etc-passwd"),
    ],
)
def test_a_title_becomes_part_of_an_address(title: str, slug: str) -> None:
    assert slugify(title) == slug


def test_a_slug_is_short_and_ends_at_a_word() -> None:
    slug = slugify("word " * 40)
    assert len(slug) <= 60
    assert slug.endswith("-word")
    assert len(slugify("x" * 300)) == 60
