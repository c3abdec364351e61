"""Forgetting: takes out what was told so long ago that nobody asks for it any more, and that would be kept for ever.

Bell and list stay one: of an unread row on the page nothing is forgotten by halves, the newest of it goes last.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.utils import timezone

READ_KEPT = timedelta(days=90)  # since it was read
UNREAD_KEPT = timedelta(days=365)  # since it happened
BATCH = 5_000  # rows looked at by one statement, in the order of their ids
RUN_FOR = timedelta(minutes=3)  # below the task's time limit; what is left goes the next day

# One pass over the table, which needs no index of its own. What was read at once goes at once, for it has one
# ``read_at``. An unread row that leads stays as long as something younger stands behind it: it happened before that,
# but was told later.
_FORGET = """
    WITH batch AS (
        SELECT max(id) AS last FROM (
            SELECT id FROM notifications_notification WHERE id > %(after)s ORDER BY id LIMIT %(batch)s
        ) AS looked_at
    ), gone AS (
        DELETE FROM notifications_notification AS row USING batch
        WHERE row.id > %(after)s AND row.id <= batch.last AND (
            row.read_at < %(read)s
            OR row.read_at IS NULL AND row.happened_at < %(unread)s AND NOT (row.leads AND EXISTS (
                SELECT FROM notifications_notification AS other
                WHERE other.recipient_id = row.recipient_id AND other."group" = row."group" AND other.kind = row.kind
                    AND other.read_at IS NULL AND other.happened_at >= %(unread)s
            ))
        )
        RETURNING row.id
    )
    SELECT batch.last, (SELECT count(*) FROM gone) FROM batch
"""


def forget(now: datetime) -> int:
    """Removes what is old by ``now`` and says how many rows that were. Safe to run twice, and to be cut off."""
    begun = timezone.now()
    values: dict[str, Any] = {"read": now - READ_KEPT, "unread": now - UNREAD_KEPT, "batch": BATCH}
    last, forgotten = 0, 0
    with connection.cursor() as cursor:
        while timezone.now() - begun < RUN_FOR:
            cursor.execute(_FORGET, values | {"after": last})
            last, gone = cursor.fetchone()
            if last is None:
                break
            forgotten += gone
    return forgotten
