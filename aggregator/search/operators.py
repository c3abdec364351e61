"""The operators of the query language: their names, what may stand behind them, and the help panel's lines.

Owns what ``name:value`` means as text; whether a blog or person of that name exists is looked up elsewhere.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from aggregator.search import dates
from aggregator.search.typed import letters, without_quotes

MAX_FILTERS = 12
MAX_VALUE = 100  # characters


class Operator(NamedTuple):
    """A line of the help panel; ``description`` is the English original, which the view translates."""

    name: str
    example: str
    description: str


OPERATORS = (
    Operator("blog", 'blog:"Engine Room"', "Only in this blog"),
    Operator("author", 'author:"Aino Virtanen"', "Only by this person; @username does the same"),
    Operator("tag", "tag:python", "Only with this tag; #python does the same"),
    Operator("lang", "lang:fi", "Only in this language"),
    Operator("team", 'team:"Engine Lab"', "Only by people of this team"),
    Operator("site", "site:Vaasa", "Only by people at this site"),
    Operator(
        "after", "after:2026-11", "From the first day of that time on: a year, month or day, or 7d, 2w, 3m, 1y ago"
    ),
    Operator("before", "before:2026", "Until the day before that time begins"),
    Operator("has", "has:comments", "Only what has comments; has:code: only what shows code"),
    Operator("in", "in:title", "Only in titles; in:posts, in:comments: only in these"),
)
PUNCTUATION = (
    Operator('"…"', '"heat pump"', "Exactly these words in this order"),
    Operator("OR", "ship OR vessel", "One or the other; OR binds nearer than a space"),
    Operator("-", "-draft", 'Without this; also -tag:news, -"heat pump", -(draft OR test)'),
    Operator("*", "turb*", "Every word that begins like this"),
    Operator("( )", "(ship engine) OR turbine", "What belongs together"),
)
_ALIASES = {"language": "lang", "since": "after", "until": "before", "kind": "in"}
_NAMES = {operator.name: operator.name for operator in OPERATORS} | _ALIASES
_CHOICES = {
    "has": {"comments": "comments", "comment": "comments", "code": "code"},
    "in": {"title": "title", "titles": "title", "posts": "posts", "post": "posts", "comments": "comments"}
    | {"comment": "comments"},
}
_OPPOSITES = {"before": "after", "after": "before", "posts": "comments", "comments": "posts"}
_MARKS = {"tag": "# ", "author": "@ "}
_BARE = re.compile(r"\w(?:[\w.+#/-]*[\w+#])?")


class Filter(NamedTuple):
    """``name`` is one of OPERATORS; ``value`` is as typed, without quotes; days, has and in have one spelling each."""

    name: str
    value: str
    negated: bool = False

    @property
    def text(self) -> str:
        """As it is typed, with quotes where the value needs them."""
        value = self.value if _BARE.fullmatch(self.value) else f'"{self.value}"'
        return f"{'-' * self.negated}{self.name}:{value}"


def known(name: str) -> str | None:
    """The operator's own name, whatever the case or alias it was typed in."""
    return _NAMES.get(name.lower())


def filter_of(typed_name: str, value: str, negated: bool = False) -> Filter | None:
    """The filter in its one spelling; None for an unknown operator, or one to which the value says nothing.

    ``-after:2026`` is ``before:2026`` and ``-in:posts`` is ``in:comments``: the same days, the same kind.
    """
    name, value = known(typed_name), without_quotes(value)
    if name is None:
        return None
    if name in ("before", "after"):
        day = dates.canonical(value)
        return Filter(_OPPOSITES[name] if negated else name, day, False) if day else None
    if name in _CHOICES:
        return _chosen(name, _CHOICES[name].get(value.lower()), negated)
    named = value.lstrip(_MARKS.get(name, ""))[:MAX_VALUE].strip()
    return Filter(name, named, negated) if letters(named) else None


def _chosen(name: str, choice: str | None, negated: bool) -> Filter | None:
    if choice is None or (negated and choice == "title"):
        return None
    if negated and name == "in":
        return Filter(name, _OPPOSITES[choice], False)
    return Filter(name, choice, negated)


def complaint(typed_name: str, value: str) -> str:
    """The code of the note for a known operator of which no filter came."""
    if not letters(value):
        return "empty-operator"
    return "bad-date" if known(typed_name) in ("before", "after") else "unknown-value"
