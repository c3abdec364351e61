"""Kept pieces of pages: bounded, and never one person's for another."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.models import Post
from aggregator.templatetags.rows import TIME, KeptFragments, row
from aggregator.views.rows import post_page


def test_a_piece_is_divided_where_the_time_goes() -> None:
    kept = KeptFragments(2)
    assert kept.get("a") is None
    assert kept.keep("a", f"<b>{TIME}</b>") == ("<b>", "</b>")
    assert kept.get("a") == ("<b>", "</b>")


def test_the_least_recently_used_piece_goes_first() -> None:
    kept = KeptFragments(2)
    for key in "ab":
        kept.keep(key, key)
    kept.get("a")
    kept.keep("c", "c")
    assert [key for key in "abc" if kept.get(key)] == ["a", "c"]


@pytest.mark.django_db
def test_a_row_whose_post_went_away_meanwhile_is_left_out_and_not_kept(make_post: Callable[..., Post]) -> None:
    gone = make_post()
    (found,) = post_page(Post.objects.all(), {}).rows
    Post.objects.filter(pk=gone.pk).delete()
    assert row(found) == ""
