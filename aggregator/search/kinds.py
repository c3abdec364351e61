"""The kinds of rows that search knows, each registered by the app that stores them, so that the aggregator need not
know who else does. Owns the registry; what a kind can do is its app's."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

POST: Literal["p"] = "p"  # as in the lexemes ``:kp`` and ``:kc``
COMMENT: Literal["c"] = "c"


class Text(NamedTuple):
    """What the page of results shows of one hit, beside what every row of its post has. ``html`` has passed the gate;
    ``title`` is empty for what has none. ``username`` is empty when whoever wrote it is none of us, ``address`` is a
    path of the hub."""

    html: str
    title: str
    author_name: str
    username: str
    address: str
    published_at: datetime
    post_id: int


class Renewed(NamedTuple):
    """One transaction of writing rows anew: how many, and the id of the last post or comment, to go on after."""

    rows: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Kind:
    """``code`` is the letter in the facet lexeme ``:k…``, ``name`` what ``in:`` and the tabs call it.

    ``texts`` answers for ids of posts or comments in one query, those that are still there; ids come from rows that the
    reader may see. ``missing`` counts the posts or comments beyond an id whose row is absent or of another version (all
    of them when told ``everything``); ``renew`` writes the first few of these, or returns None when there are none.
    """

    code: str
    name: str
    texts: Callable[[Collection[int]], Mapping[int, Text]]
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
