"""Events of the tests: somebody comments on post 4, in blog 7 unless it says otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from bloghub.notifications.telling import Event

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def comment(number: int, **changes: Any) -> Event:
    """The ``number``th thing that happened, a minute after the one before."""
    values: dict[str, Any] = {
        "key": f"comment:{number}",
        "group": "post:4",
        "actor_id": None,
        "title": "Three weeks of fog",
        "excerpt": f"Words of comment {number}.",
        "url": f"/comments/{number}/",
        "scope": 7,
        "happened_at": NOON + timedelta(minutes=number),
    }
    return Event(**(values | changes))
