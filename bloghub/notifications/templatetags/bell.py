"""The bell: how many rows of the inbox are new."""

from __future__ import annotations

from django import template

from bloghub.notifications.inbox import MOST_SHOWN, unread_count
from bloghub.people.models import Person

register = template.Library()


@register.inclusion_tag("notifications/_bell.html")
def bell(person: Person) -> dict[str, object]:
    """The bell with its number for who is signed in, at the cost of one query."""
    count = unread_count(person)
    return {"count": count, "shown": f"{MOST_SHOWN}+" if count > MOST_SHOWN else str(count)}
