"""Nobody floods a river: a run of posts by one blog is one row with the rest behind it."""

from __future__ import annotations

import pytest

from aggregator.views.folding import fold


def folded(blogs: str) -> list[str]:
    """A river written as one letter a post, by blog: ``aaab`` → ``["a+2", "b"]``."""
    runs = fold(blogs, str)
    return [run.first + (f"+{len(run.folded)}" if run.folded else "") for run in runs]


@pytest.mark.parametrize(
    ("river", "shown"),
    [
        ("", []),
        ("a", ["a"]),
        ("aab", ["a", "a", "b"]),
        ("aaab", ["a+2", "b"]),
        ("abaaaaba", ["a", "b", "a+3", "b", "a"]),
        ("aaabbb", ["a+2", "b+2"]),
    ],
)
def test_three_in_a_row_fold(river: str, shown: list[str]) -> None:
    assert folded(river) == shown


def test_nothing_is_lost_and_the_newest_stands() -> None:
    (run,) = fold([4, 3, 2, 1], bool)
    assert (run.first, run.folded) == (4, (3, 2, 1))
