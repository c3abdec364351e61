"""Lists of blogs in every format: one row for each entry, the right reason when it is no list."""

from __future__ import annotations

import pytest

from aggregator.importing.reading import MAX_ROWS, ListError, Row, read_list
from aggregator.opml import MAX_BYTES
from tests.corpus import CORPUS, needs_corpus

PLANET = """[Planet]
name = Planet Example
link = http://planet.example/

# [http://gone.example/feed]
[http://a.example/feed]
name = Aino

[http://b.example/?x=1&y=[2]]
face = b.png
[templates/rss.xml.tmpl]
encoding = xml
"""
PLUTO = """title = Planet

[aino]
  title = Aino
  feed  = http://a.example/feed
  link: http://a.example/
"""


def test_lines_are_addresses_but_for_blank_ones_and_remarks() -> None:
    rows = read_list("\ufeff# ours\n\n http://a.example/ \r\nb.example/feed\n".encode())
    assert rows == [Row(3, "http://a.example/"), Row(4, "b.example/feed")]


def test_a_planets_configuration_gives_its_feeds_and_names() -> None:
    rows = read_list(PLANET.encode())
    assert rows == [Row(6, "http://a.example/feed", "Aino"), Row(9, "http://b.example/?x=1&y=[2]")]


def test_a_planet_that_names_its_feeds_by_keys_is_read_as_well() -> None:
    assert read_list(PLUTO.encode()) == [Row(3, "http://a.example/feed", "Aino")]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_table_gives_address_title_and_owner_whatever_their_order(delimiter: str) -> None:
    lines = [
        "Owner,Feed URL,Team,Title",
        'aino@example.com,http://a.example/,Lab,"A; b"',
        ",,,",
        "bo,http://b.example/",
    ]
    document = "\n".join(line.replace(",", delimiter) for line in lines)
    assert read_list(document.encode()) == [
        Row(2, "http://a.example/", "A; b", "aino@example.com"),
        Row(4, "http://b.example/", "", "bo"),
    ]


def test_a_table_without_names_has_address_title_owner() -> None:
    assert read_list(b"http://a.example/,A,aino\n", "csv") == [Row(1, "http://a.example/", "A", "aino")]


def test_a_cell_may_hold_line_ends() -> None:
    assert read_list(b'url,title\nhttp://a.example/,"A\nB"\nhttp://b.example/,C\n')[1] == Row(
        4, "http://b.example/", "C"
    )


def test_xml_is_opml_and_its_mistakes_are_told() -> None:
    document = b'\xef\xbb\xbf\n<opml><body><outline type="rss" text="A" xmlUrl="http://a.example/"/></body></opml>'
    assert read_list(document) == [Row(2, "http://a.example/", "A")]
    with pytest.raises(ListError, match="no OPML"):
        read_list(b"<html></html>")


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        (b"\x89PNG\r\n\xff\xfe", ""),
        (b"http://a\0b", ""),
        (b"x" * 5000, ""),
        (b"a" * (MAX_BYTES + 1), ""),
        (b"url\n" + b'"' * 200_000, ""),
        (b"url\n" + b"x" * 5000, ""),
        (b"[a]\n" + b"x" * 5000, "planet"),
        (b"http://a/\n" * (MAX_ROWS + 1), ""),
        (b"<opml>", ""),
    ],
    ids=["picture", "nul", "long", "large", "quote", "cell", "option", "many", "broken"],
)
def test_what_is_no_list_is_refused(document: bytes, kind: str) -> None:
    with pytest.raises(ListError):
        read_list(document, kind)


# --- real lists --------------------------------------------------------------------------------------------------


@needs_corpus
@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("planet-python-2018.ini", 847),
        ("planet-python-2026.ini", 567),
        ("planet-python-2010.ini", 393),
        ("planet-pythonbrasil.ini", 55),
        ("planet-pythonbrasil.opml", 55),
        ("plagger-planet-config.ini", 5),
        ("pluto-test-opendata.ini", 4),
        ("pluto-test-ruby.ini", 2),
        ("engineering-blogs.opml", 422),
        ("rssowl-default_feeds.xml", 293),
        ("rsparser-subs.opml", 207),
        ("rsparser-subs-notitle.opml", 207),
        ("pluto-feedbase_hotlist.opml.xml", 140),
        ("picofeed-newsbeuter.opml", 35),
        ("commafeed-opml_noversion.xml", 1),
        ("feedvalidator-errors-subscriptionListErrors1.opml", 5),
        ("rssowl-empty.opml", 0),
        ("venus-rlist.ini", 0),
    ],
)
def test_a_real_list_gives_every_blog_it_names(name: str, count: int) -> None:
    rows = read_list((CORPUS / "opml" / name).read_bytes())
    assert len(rows) == count
    assert [row.line for row in rows] == sorted(row.line for row in rows)


@needs_corpus
def test_no_real_file_is_more_than_refused() -> None:
    read = 0
    for path in (CORPUS / "opml").iterdir():
        try:
            read += len(read_list(path.read_bytes()))
        except ListError as error:
            assert str(error)
    assert read > 3000


@needs_corpus
@pytest.mark.parametrize("path", sorted((CORPUS / "hostile").glob("*opml*")), ids=lambda path: path.name)
def test_hostile_lists_are_refused_or_bounded(path: object) -> None:
    document = getattr(path, "read_bytes")()  # noqa: B009 - a Path, as glob gives it
    try:
        assert len(read_list(document)) <= MAX_ROWS
    except ListError as error:
        assert str(error)
