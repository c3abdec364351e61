"""Kept rows: never another than the one that was asked for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation

from aggregator.models import Post
from aggregator.templatetags.rows import row as row_at
from aggregator.templatetags.times import Clock
from aggregator.views.rows import EVERYBODY, PostRow, post_page
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
CHANGES: dict[str, Any] = {
    "pk": 77,
    "title": "Another title",
    "excerpt": "Other words.",
    "language": "ar",
    "word_count": 2_000,
    "blog_slug": "another-blog",
    "blog_title": "Another blog",
    "display_name": "Another Name",
    "username": "another",
    "team": "Another team",
    "site": "Another site",
    "labels": '[{"name": "another", "slug": "another-tag"}]',
}


def row(post: PostRow, place: str = "river") -> str:
    return row_at(post, Clock(), place)


@pytest.fixture
def found(make_post: Callable[..., Post], bo: Person) -> PostRow:
    make_post(author=bo)
    (found,) = post_page(EVERYBODY, bo, {}).rows
    return found


@pytest.mark.parametrize("name", CHANGES)
def test_a_row_that_was_kept_is_not_shown_for_one_that_differs(found: PostRow, name: str) -> None:
    before = row(found)
    assert row(found._replace(**{name: CHANGES[name]})) != before
    assert row(found) == before


def test_a_kept_row_is_of_one_place_and_one_language(found: PostRow) -> None:
    found = found._replace(word_count=2_000)
    assert len({row(found, place) for place in ("river", "blog", "person", "folded")}) == 4
    with translation.override("fi"):
        row(found)
        assert row(found) == row(found._replace())


def test_whatever_is_put_into_a_row_is_escaped(found: PostRow) -> None:
    hostile = "<script>alert(1)\"' onload=x"
    words = {name: hostile for name, value in CHANGES.items() if isinstance(value, str) and name != "labels"}
    labels = '[{"name": "<script>", "slug": "\\"><script>"}]'
    for changed in (words, words | {"title": ""}, words | {"username": None}):
        for place in ("river", "blog", "person", "folded"):
            html = row(found._replace(**changed, labels=labels), place)
            assert "<script" not in html
            assert "' onload" not in html.replace("&quot;&#x27; onload", "")
