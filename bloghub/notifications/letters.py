"""Letters: what stands in the mail that tells one person of all that waits for them.

Nothing of a restricted blog leaves the hub: of that a letter says only that there is something, and where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse

from bloghub.lib.mail import Letter
from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.sentences import sentence
from bloghub.notifications.unsubscribing import NOTIFICATIONS, unsubscribe_url

if TYPE_CHECKING:
    from bloghub.people.models import Person

MOST_ROWS = 20  # conversations named in one letter; the inbox has them all


@dataclass(frozen=True, slots=True)
class Row:
    """One conversation in a letter, led by the newest that was said in it."""

    sentence: str
    title: str
    excerpt: str
    url: str


def written(name: str, context: Mapping[str, Any]) -> tuple[str, str, str]:
    """Subject, plain text and HTML of ``templates/email/<name>.…``, with ``hub``, the address that links begin with."""
    values = {
        "hub": settings.PUBLIC_URL,
        "company_name": settings.COMPANY_NAME,
        "accent": settings.BRAND_COLOUR,
        **context,
    }
    subject, text, html = (render_to_string(f"email/{name}.{part}", values) for part in ("subject.txt", "txt", "html"))
    return " ".join(subject.split()), text.strip() + "\n", html


def tell_letter(person: Person, told: Sequence[Notification], confidential: set[int]) -> Letter:
    """The letter for ``told`` (newest first, at least one), of which the scopes ``confidential`` may not be named."""
    open_ones = [one for one in told if not one.is_confidential and one.scope not in confidential]
    rows = _rows(open_ones)
    away = unsubscribe_url(person, NOTIFICATIONS)
    context = {
        "person": person,
        "rows": rows[:MOST_ROWS],
        "others": len(rows) - 1,
        "more": max(0, len(rows) - MOST_ROWS),
        "hidden": len({one.group for one in told} - {one.group for one in open_ones}),
        "inbox": reverse("notifications:notification-list"),
        "choices": reverse("notifications:preference-list"),
        "away": away,
    }
    subject, text, html = written("notifications", context)
    threads = tuple(dict.fromkeys(one.group for one in told))
    key = f"notifications {person.pk} {max(one.pk for one in told)}"
    return Letter(person.email, subject, text, html, key, threads, NOTIFICATIONS.value, away)


def _rows(told: Sequence[Notification]) -> list[Row]:
    """One row for each group and kind, the newest first; the words of the newest."""
    groups: dict[tuple[str, str], list[Notification]] = {}
    for one in told:
        groups.setdefault((one.group, one.kind), []).append(one)
    return [_row(together) for together in groups.values()]


def _row(together: Sequence[Notification]) -> Row:
    newest = together[0]
    others = len({one.actor_id for one in together} - {newest.actor_id})
    words = sentence(Kind(newest.kind), str(newest.actor or ""), others)
    return Row(words, newest.title, newest.excerpt, settings.PUBLIC_URL + newest.url)
