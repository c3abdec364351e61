"""The kinds of rows that search knows, each registered by the app that stores them, so that the aggregator need not
know who else does. Owns the registry; what a kind can do is its app's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Literal, NamedTuple

POST: Literal["p"] = "p"  # as in the lexemes ``:kp`` and ``:kc``
COMMENT: Literal["c"] = "c"


class Renewed(NamedTuple):
    """One transaction of writing rows anew: how many, and the id of the last post or comment, to go on after."""

    rows: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Kind:
    """``code`` is the letter in the facet lexeme ``:k…``, ``name`` what ``in:`` and the tabs call it.

    ``texts`` gives the clean HTML of posts or comments by their ids, in one query, of those that are still there; ids
    come from rows that the reader may see. ``missing`` counts the posts or comments beyond an id whose row is absent or
    of another version (all of them when told ``everything``); ``renew`` writes the first few of these, or returns None
    when there are none.
    """

    code: str
    name: str
    texts: Callable[[Collection[int]], Mapping[int, str]]
    missing: Callable[[int, bool], int]
    renew: Callable[[int, bool], Renewed | None]


_kinds: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Called by an app's ``ready``."""
    _kinds[kind.code] = kind


def kind_of(code: str) -> Kind:
    """The kind with this letter; KeyError when there is none."""
    return _kinds[code]


def kinds() -> list[Kind]:
    """All of them, in the order of their registration: posts, comments."""
    return list(_kinds.values())
