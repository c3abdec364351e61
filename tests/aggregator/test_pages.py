"""What two entries of different feeds must have in common to be one post, and whose blog it belongs to."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aggregator.polling.pages import Words, agree, fit, page_key, page_of

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "spelling",
    [
        "http://blogs.example/aino/boats",
        "https://blogs.example/aino/boats/",
        "https://Blogs.Example/aino/boats",
        "https://blogs.example:443/aino/boats",
        "https://blogs.example./aino/boats",
        "https://blogs.example/aino/boats?utm_source=rss&utm_medium=feed",
        "https://blogs.example/aino/boats#comments",
        "https://blogs.example/aino/boats#xtor=RSS-1",
        "https://blogs.example/aino/boats?#",
    ],
)
def test_spellings_of_one_permalink_are_one_page(spelling: str) -> None:
    assert page_key(spelling) == page_key("https://blogs.example/aino/boats")


@pytest.mark.parametrize(
    "other",
    [
        "https://blogs.example/aino/boat",
        "https://blogs.example/Aino/boats",
        "https://blogs.example:8080/aino/boats",
        "https://blogs.example/aino/boats?page=2",
        "https://blogs.example/aino/boats#monday",  # a day's articles on one page
        "https://blogs.example/aino/boats#!/2",
        "https://other.example/aino/boats",
    ],
)
def test_what_may_be_another_article_is_another_page(other: str) -> None:
    assert page_key(other) != page_key("https://blogs.example/aino/boats")


@pytest.mark.parametrize(
    "nothing",
    ["", "https://blogs.example/", "https://blogs.example", "urn:uuid:1", "/aino", "http://[bad", "https://h:x/a"],
)
def test_a_whole_site_and_what_is_no_address_name_no_page(nothing: str) -> None:
    assert page_of(nothing) == ""
    assert page_key(nothing) is None


def test_a_restricted_blog_s_pages_are_its_own() -> None:
    link = "https://blogs.example/aino/boats"
    assert len({page_key(link), page_key(link, 1), page_key(link, 2)}) == 3


@pytest.mark.parametrize(
    ("homepage", "feed", "expected"),
    [
        ("https://blogs.example/aino/", "https://blogs.example/feeds/aino.xml", 2),
        ("https://blogs.example/aino", "", 2),
        ("https://blogs.example/aino/index.html", "", 2),
        ("", "https://blogs.example/aino/feed/", 2),
        ("http://blogs.example/", "https://blogs.example/planet/atom.xml", 1),
        ("https://blogs.example/planet/", "https://blogs.example/planet/atom.xml", 0),
        ("https://blogs.example/ain/", "https://blogs.example/ain/feed", 0),
        ("https://planet.example/", "https://planet.example/atom.xml", 0),
        ("", "", 0),
    ],
)
def test_the_longest_path_fits_best(homepage: str, feed: str, expected: int) -> None:
    assert fit("https://blogs.example/aino/boats", homepage, feed) == expected


WORDS = Words("On boats", NOW, "Boats are good.")


@pytest.mark.parametrize(
    ("other", "same"),
    [
        (Words("ON  Boats", None, ""), True),
        (Words("Aino: On boats", NOW, ""), True),
        (Words("Aino: On boats", None, "Boats are good."), True),
        (Words("Aino: On boats", None, "Boats are bad."), False),
        (Words("", None, ""), False),
    ],
)
def test_title_date_or_words_must_agree(other: Words, same: bool) -> None:
    assert agree(WORDS, other) is same
    assert agree(other, WORDS) is same


def test_nothing_agrees_with_nothing() -> None:
    nothing = Words("", None, "")
    assert not agree(nothing, replace(nothing))
