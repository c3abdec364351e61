"""Who may still see what they were told of. The owners of the scopes answer; this module only asks them.

A scope is what decides about visibility (a blog's id). The app that owns scopes registers its two answers in its
AppConfig; until then everything may be seen by whom it was told to, and nothing is confidential.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from django.db.models.expressions import RawSQL

    from bloghub.people.models import Person

    HiddenFrom: TypeAlias = Callable[[Person], RawSQL]
    Confidential: TypeAlias = Callable[[set[int]], set[int]]


@dataclass(slots=True)
class _Guard:
    hidden_from: HiddenFrom | None = None
    confidential: Confidential | None = None


_guard = _Guard()


def register_guard(hidden_from: HiddenFrom, confidential: Confidential) -> None:
    """Takes the two answers: a subquery of the scopes a person may not see, and which of some scopes are restricted."""
    _guard.hidden_from, _guard.confidential = hidden_from, confidential


def hidden_from(person: Person) -> RawSQL | None:
    """The scopes this person may not see, as a subquery; None when nobody guards."""
    return _guard.hidden_from(person) if _guard.hidden_from else None


def confidential(scopes: set[int]) -> set[int]:
    """Those of ``scopes`` whose content must not leave the hub, by mail for example."""
    return _guard.confidential(scopes) if _guard.confidential and scopes else set()
