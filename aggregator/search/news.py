"""What the owner of a saved search was told that it found: which of it is new to them, and where it stands.

Asks the notifications that alerting.py has made, as far as their reader may still see what they are about.
"""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from django.urls import NoReverseMatch, reverse
from django.utils.http import urlencode

from aggregator.models import Post, SavedSearch
from bloghub.notifications.models import Notification
from bloghub.notifications.models.notification import NotificationQuerySet
from bloghub.people.models import Person

MOST = 1_000  # events that are looked at to mark what is new


class News(NamedTuple):
    """``events`` are those that are new (``post:4``), told from ``since`` on."""

    events: frozenset[str] = frozenset()
    since: datetime | None = None


def news(search: SavedSearch, since: datetime | None = None) -> News:
    """What was told since then, or what is not read yet. One query."""
    told = _told(search)
    fresh = told.filter(happened_at__gte=since) if since else told.filter(read_at=None)
    found = list(fresh.order_by("happened_at").values_list("event", "happened_at")[:MOST])
    return News(frozenset(event for event, _moment in found), found[0][1]) if found else News()


def address_of(search: SavedSearch, event: str) -> str:
    """Where to go for what somebody was told: to the post or comment itself when it was told alone, else to the search
    and what is new in it; just to the search for what is gone."""
    row = _told(search).filter(event=event).first()
    if row is None:
        return search.get_absolute_url()
    together = _told(search).filter(kind=row.kind, read_at=row.read_at).order_by("happened_at")
    first, *more = together[:2]
    if not more:
        return _address(event, search.person) or search.get_absolute_url()
    return f"{search.get_absolute_url()}?{urlencode({'since': first.happened_at.isoformat()})}"


def _told(search: SavedSearch) -> NotificationQuerySet:
    return Notification.objects.of(search.person).filter(group=search.group)


def _address(event: str, person: Person) -> str | None:
    kind, _colon, number = event.partition(":")
    if kind == "post":
        post = Post.objects.visible_to(person).filter(pk=number).first()
        return post.get_absolute_url() if post else None
    try:
        return reverse("comments:comment-detail", args=[number])
    except NoReverseMatch:  # told by an older version
        return None
