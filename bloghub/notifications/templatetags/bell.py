"""The bell: how many rows of the inbox are new."""

from __future__ import annotations

from django import template

from bloghub.notifications.inbox import MOST_SHOWN, unread_count
from bloghub.people.models import Person

register = template.Library()


@register.simple_tag
def unread(person: Person) -> int:
    """How many new rows the inbox of who is signed in has. One query."""
    return unread_count(person)


@register.inclusion_tag("notifications/_bell.html")
def bell(count: int) -> dict[str, object]:
    """The bell with that number."""
    return {"count": count, "shown": f"{MOST_SHOWN}+" if count > MOST_SHOWN else str(count)}
