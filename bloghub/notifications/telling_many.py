"""Many events at once, each told to one person: in a fixed number of statements, however many there are.

For what everybody has a group of their own for, such as the matches of a saved search; one event for many people is
telling.py's.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction

from bloghub.lib.bulk import execute
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import BATCHED_FOR, Event, columns_of, deliveries

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

# Of several new rows of a group the last one leads it from now on; the update sees the table as it was before them
_INSERT = """
    WITH told AS (
        INSERT INTO notifications_notification (event, "group", actor_id, title, excerpt, url, scope, is_confidential,
            happened_at, recipient_id, kind, mail_due_at, in_digest, leads, mail_attempts)
        VALUES %s ON CONFLICT (recipient_id, event) DO NOTHING
        RETURNING id, recipient_id, kind, "group"
    ), newest AS (
        SELECT max(id) AS id, recipient_id, kind, "group" FROM told GROUP BY recipient_id, kind, "group"
    ), followed AS (
        UPDATE notifications_notification AS earlier SET leads = false FROM newest
        WHERE earlier.recipient_id = newest.recipient_id AND earlier.kind = newest.kind
            AND earlier."group" = newest."group" AND earlier.leads AND earlier.read_at IS NULL
        RETURNING 1
    )
    SELECT newest.id FROM newest
"""
_LEAD = "UPDATE notifications_notification SET leads = true WHERE id = ANY (%s)"
_ONE_AT_A_TIME = """
    SELECT pg_advisory_xact_lock(hashtextextended(name, 0)) FROM unnest(%s::text[]) WITH ORDINALITY AS one (name, place)
     ORDER BY place
"""


def tell_many(told: Sequence[tuple[Event, int]], kind: Kind, now: datetime) -> None:
    """Tells each event to the person whose id stands beside it, the newest of each group last.

    Left out are actors, the inactive, those who wish to hear nothing of the kind, and who was told of the event before,
    for whatever reason. Safe to run twice.
    """
    wanted = [(event, person) for event, person in told if person != event.actor_id]
    found = deliveries({person: kind for _event, person in wanted}, now + BATCHED_FOR) if wanted else None
    if found is None or not found.recipients:
        return
    ways = dict(zip(found.recipients, zip(found.mail_due, found.in_digest, strict=True), strict=True))
    rows: list[tuple[Any, ...]] = [
        (*columns_of(event), person, kind.value, *ways[person], False, 0) for event, person in wanted if person in ways
    ]
    with transaction.atomic(), connection.cursor() as cursor:
        _one_at_a_time(cursor, {event.group for event, _person in wanted})
        newest = execute(_INSERT, rows)
        cursor.execute(_LEAD, [[pk for (pk,) in newest]])


def _one_at_a_time(cursor: CursorWrapper, groups: set[str]) -> None:
    """As telling.py does it for one group; in their order, as everybody takes more than one."""
    cursor.execute(_ONE_AT_A_TIME, [[f"notification {group}" for group in sorted(groups)]])
