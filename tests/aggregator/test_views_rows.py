"""Kept pieces of pages: bounded, and never one person's for another."""

from __future__ import annotations

from aggregator.templatetags.rows import TIME, KeptFragments


def test_a_piece_is_made_once_and_divided_where_the_time_goes() -> None:
    made: list[str] = []

    def make() -> str:
        made.append("once")
        return f"<b>{TIME}</b>"

    kept = KeptFragments(2)
    assert [kept.get("a", make), kept.get("a", make)] == [("<b>", "</b>")] * 2
    assert made == ["once"]


def test_the_least_recently_used_piece_goes_first() -> None:
    made: list[str] = []
    kept = KeptFragments(2)

    def ask(key: str) -> None:
        def make() -> str:
            made.append(key)
            return key

        kept.get(key, make)

    for key in "abac":
        ask(key)
    made.clear()
    for key in "acb":
        ask(key)
    assert made == ["b"]
