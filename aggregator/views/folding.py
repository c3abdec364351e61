"""Folding: a run of posts by one blog becomes one row with the rest behind it, so that no blog floods a river."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, Protocol, TypeVar

SHORTEST_RUN = 3


class OnBlog(Protocol):
    @property
    def blog_id(self) -> int: ...


Row = TypeVar("Row", bound=OnBlog)


@dataclass(frozen=True, slots=True)
class Run(Generic[Row]):
    """A post that is shown, and the older ones of its blog that follow it directly and are folded away."""

    post: Row
    folded: tuple[Row, ...] = ()


def fold(posts: Sequence[Row], shortest: int = SHORTEST_RUN) -> list[Run[Row]]:
    """Posts in their order; ``shortest`` or more in a row by one blog become one run."""
    runs: list[Run[Row]] = []
    for _blog, neighbours in groupby(posts, key=lambda post: post.blog_id):
        found = list(neighbours)
        if len(found) < shortest:
            runs.extend(Run(post) for post in found)
        else:
            runs.append(Run(found[0], tuple(found[1:])))
    return runs
