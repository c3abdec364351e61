"""The drawing of a conversation: what one glance must tell."""

from __future__ import annotations

import re
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings, strategies as st

from aggregator.arcs import (
    COMPACT,
    FIRST,
    GONE,
    LARGE,
    ROW,
    SHOWN,
    Mark,
    Size,
    draw,
    extend,
    large,
    mark_of,
    put,
    remove,
    small,
    waiting,
)

_NUMBER = r"(-?[\d.]+)"
_ARC = re.compile(rf"M{_NUMBER} {_NUMBER}a{_NUMBER} {_NUMBER} 0 0 ([01]) {_NUMBER} 0")


def shape_of(parents: list[int]) -> list[Mark]:
    """As storing one comment after the other leaves it."""
    shape: list[Mark] = []
    for before, parent in enumerate(parents):
        shape = extend(shape, before, mark_of(parent))
    return shape


def arcs(svg: str, name: str = "") -> list[tuple[str, float, float]]:
    """(side, from where, to where) of each arc, those of one class at wish."""
    paths = [path.get("d") or "" for path in ET.fromstring(svg).iter("path") if name in (path.get("class") or "")]
    found = [match for path in paths for match in _ARC.findall(path)]
    return [
        ("above" if sweep == "1" else "below", float(x), round(float(x) + float(span), 1))
        for x, _y, _rx, _ry, sweep, span in found
    ]


def marks(svg: str) -> int:
    """How many comments a small drawing shows."""
    paths = ET.fromstring(svg).iter("path")
    return sum(
        (path.get("d") or "").count("M") for path in paths if (path.get("class") or "").startswith(("dots", "sq"))
    )


def test_answers_to_the_post_stand_above_and_answers_to_colleagues_below() -> None:
    assert [side for side, *_ in arcs(small(shape_of([0, 1, 0, 3]), 4))] == ["above", "below", "above", "below"]


def test_an_arc_leads_from_what_is_answered_to_the_answer() -> None:
    post, first, second, third = (round(ROW.margin + step * ROW.step, 1) for step in range(4))
    assert arcs(small(shape_of([0, 1, 1]), 3)) == [
        ("above", post, first),
        ("below", first, second),
        ("below", first, third),
    ]


def test_an_arc_grows_with_the_square_root_of_its_reach() -> None:
    drawing = draw(shape_of([0] * 16), 16, ROW)
    heights = [drawing.rise(voice) for voice in drawing.voices]
    assert heights == sorted(heights)
    least, step = 2 * ROW.dot, heights[15] - 2 * ROW.dot
    assert heights[3] - least == pytest.approx(step / 2)  # reaches a quarter as far


@pytest.mark.parametrize("count", [1, 2, 23, SHOWN])
def test_every_comment_has_a_mark_up_to_forty(count: int) -> None:
    assert marks(small(shape_of([0] * count), count)) == count


def test_of_a_longer_thread_the_first_eight_and_the_last_thirty_two_are_drawn_beside_a_gap() -> None:
    shape = shape_of([0] * 100)
    assert marks(small(shape, 100)) == SHOWN
    assert 'class="gap"' in small(shape, 100)
    assert 'class="gap"' not in small(shape_of([0] * SHOWN), SHOWN)
    assert [voice.number for voice in draw(shape, 100, ROW).voices] == [*range(1, 9), *range(69, 101)]


def test_an_answer_to_what_is_left_out_comes_from_the_gap() -> None:
    shape = shape_of([0] * 50 + [15])
    drawing = draw(shape, 51, ROW)
    assert drawing.voices[-1].parent_x == drawing.gap_x
    assert drawing.voices[FIRST - 1].x < drawing.voices[-1].parent_x < drawing.voices[FIRST].x


def test_only_what_is_new_is_drawn_in_the_accent() -> None:
    svg = small(shape_of([0, 0, 2, 0]), 4, new={3, 4})
    assert [side for side, *_ in arcs(svg, "new")] == ["below", "above"]
    assert "new" not in small(shape_of([0, 0]), 2)
    assert 'class="arc"' not in small(shape_of([0, 0]), 2, new={1, 2})


def test_the_author_is_filled_the_blog_square_and_the_post_a_rounded_square() -> None:
    svg = ET.fromstring(large([mark_of(0), mark_of(1, by_author=True), mark_of(0, on_blog=True)], 3, "Three"))
    circles = [circle.get("class") for circle in svg.iter("circle")]
    squares = [(square.get("class"), bool(square.get("rx"))) for square in svg.iter("rect")]
    assert circles == ["voice", "voice author"]
    assert ("voice", False) in squares
    assert ("post", True) in squares


def test_a_comment_that_is_gone_leaves_its_place_empty() -> None:
    shape = remove(shape_of([0, 0, 0]), 3, 2)
    assert shape == [mark_of(0), GONE, mark_of(0)]
    assert marks(small(shape, 3)) == 2
    assert draw(shape, 3, ROW).voices[2].x == draw(shape_of([0, 0, 0]), 3, ROW).voices[2].x


def test_a_comment_behind_the_gap_is_found_by_its_number_and_one_in_it_is_not() -> None:
    shape = shape_of([0] * 60)
    assert remove(shape, 60, 60)[-1] == remove(shape, 60, 29)[FIRST] == GONE
    assert remove(shape, 60, 20) == shape
    assert put(remove(shape, 60, 60), 60, 60, mark_of(0)) == shape


@pytest.mark.parametrize("shape", [[], [GONE], [GONE, GONE]])
def test_where_nobody_has_answered_a_dashed_ring_waits(shape: list[Mark]) -> None:
    assert small(shape, len(shape)) == waiting()
    assert 'class="ring"' in waiting()
    assert large(shape, len(shape), "Nothing") == ""


def test_the_large_one_says_its_sentence_and_the_small_one_nothing() -> None:
    picture = ET.fromstring(large(shape_of([0]), 1, 'One "answer" & <more>')).find("g")
    assert picture is not None
    assert (picture.get("role"), picture.get("aria-label")) == ("img", 'One "answer" & <more>')
    assert ET.fromstring(small(shape_of([0]), 1)).get("aria-hidden") == "true"


def test_a_mark_leads_a_pointer_to_its_comment_and_stops_no_keyboard() -> None:
    svg = ET.fromstring(large(shape_of([0] * 50), 50, "Fifty", address="?comment={number}#c{number}"))
    links = list(svg.iter("a"))
    assert [link.get("href") for link in links[-2:]] == ["?comment=49#c49", "?comment=50#c50"]
    assert {link.get("tabindex") for link in links} == {"-1"}
    picture = svg.find("g")
    assert picture is not None
    assert not list(picture.iter("a"))


def test_a_row_of_any_length_stays_light() -> None:
    assert len(small(shape_of([number // 2 for number in range(2_000)]), 2_000, new=range(1_001, 2_001))) < 2_500


def within(drawing_size: Size, svg: str) -> bool:
    """Whether it is well-formed and all arcs and marks lie in the view box."""
    root = ET.fromstring(svg)
    width, height = (float(length) for length in (root.get("viewBox") or "").split()[2:])
    lengths = [
        (min(x, x + span), max(x, x + span), y - ry if sweep == "1" else y + ry)
        for path in root.iter("path")
        for x, y, _rx, ry, sweep, span in (
            tuple(match if place == 4 else float(match) for place, match in enumerate(found))
            for found in _ARC.findall(path.get("d") or "")
        )
    ]
    inside = all(0 <= left <= right <= width and 0 <= top <= height for left, right, top in lengths)
    return inside and width <= drawing_size.width + 0.1 and height == drawing_size.height


@settings(max_examples=150)
@given(st.lists(st.integers(-5, 10**9), max_size=60), st.integers(0, 10**6), st.sets(st.integers(0, 100)))
def test_any_list_of_marks_gives_a_drawing_within_its_frame(stored: list[int], skipped: int, new: set[int]) -> None:
    shape: list[Mark] = []
    for before, mark in enumerate(stored):
        shape = extend(shape, before, mark)
    for size in (ROW, COMPACT):
        svg = small(shape, len(stored) + skipped, new, size)
        assert svg == small(shape, len(stored) + skipped, new, size)
        assert "waiting" in svg or within(size, svg)
        assert "style" not in svg
    svg = large(shape, len(stored) + skipped, "Anything", new=new)
    assert not svg or within(LARGE, svg)
