"""Which pages only show, and may be read without sign-in where the company allows it; and who asks on the others."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from django.http import HttpRequest, HttpResponseBase

from bloghub.people.models import Person

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def reading(view: View) -> View:
    """Marks a view as reading: open to everybody when ``BLOGHUB_ANONYMOUS_READING`` is set (people/middleware.py).

    Such a view changes nothing and asks ``visible_to(request.user)`` for all it shows.
    """
    view.reading = True  # type: ignore[attr-defined]  # a mark, as Django's own login_required
    return view


def signed_in(request: HttpRequest) -> Person:
    """Who asks, on a view that is not ``reading``: the middleware has let nobody else through."""
    assert isinstance(request.user, Person)  # noqa: S101 - told to the type checker
    return request.user
