"""Folding: a run of posts by one blog, or of comments under one post, becomes one row with the rest behind it, so that
nobody floods a river."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

SHORTEST_RUN = 3


Row = TypeVar("Row")


@dataclass(frozen=True, slots=True)
class Run(Generic[Row]):
    """A row that is shown, and the older ones of its kind that follow it directly and are folded away."""

    first: Row
    folded: tuple[Row, ...] = ()


def fold(rows: Sequence[Row], shared: Callable[[Row], Hashable], shortest: int = SHORTEST_RUN) -> list[Run[Row]]:
    """Rows in their order; ``shortest`` or more in a row that have the same ``shared`` become one run."""
    runs: list[Run[Row]] = []
    for _shared, neighbours in groupby(rows, key=shared):
        found = list(neighbours)
        if len(found) < shortest:
            runs.extend(Run(row) for row in found)
        else:
            runs.append(Run(found[0], tuple(found[1:])))
    return runs
