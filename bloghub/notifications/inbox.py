"""The inbox: what its rows say, and how many are new. Asks telling.py's rows; groups and marks nothing itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import connection

from bloghub.lib.paging import Order, Page, paginate
from bloghub.lib.prepared import Prepared
from bloghub.notifications.models import Notification
from bloghub.notifications.sentences import sentence

if TYPE_CHECKING:
    from bloghub.people.models import Person

MOST_SHOWN = 99  # above that the bell says "99+"
LOOKED_AT = 25  # rows of a group that are looked at to say how many people are in it; "25 or more" beyond
LATEST = Order(time="happened_at", keyset=lambda row: (row.happened_at, row.pk))

_TOGETHER = """
    SELECT head.id, count(*), count(DISTINCT member.actor_id)
    FROM notifications_notification AS head CROSS JOIN LATERAL (
        SELECT actor_id FROM notifications_notification AS one
        WHERE one.recipient_id = head.recipient_id AND one."group" = head."group" AND one.kind = head.kind
            AND one.read_at IS NOT DISTINCT FROM head.read_at
        ORDER BY one.happened_at DESC LIMIT %s
    ) AS member WHERE head.id = ANY(%s) GROUP BY head.id
"""


@dataclass(frozen=True, slots=True)
class Row:
    """One row: the newest of its group, and how much more there is (``count`` stops at LOOKED_AT)."""

    newest: Notification
    sentence: str
    count: int

    @property
    def is_new(self) -> bool:
        return self.newest.read_at is None


def inbox_page(person: Person, query: Mapping[str, str]) -> Page[Row]:
    """The page of the inbox that the address asks for. Two queries."""
    page = paginate(Notification.objects.for_inbox(person).select_related("actor"), query, LATEST)
    together = _together([newest.pk for newest in page.rows])
    return Page([_row(newest, *together.get(newest.pk, (1, 1))) for newest in page.rows], page.newer, page.older)


def unread_count(person: Person) -> int:
    """How many rows of the inbox are new, counted to one more than MOST_SHOWN. One query."""
    ((count,),) = _counting().rows(person=person.pk)
    return int(count)


@cache
def _counting() -> Prepared:
    """``unread``'s own condition, built and planned once, because the bell is on every page."""
    anybody = -(2**31)
    rows = Notification.objects.unread(get_user_model()(pk=anybody)).order_by().values("pk")[: MOST_SHOWN + 1]
    sql, values = rows.query.sql_with_params()
    if set(values) != {anybody}:
        raise ValueError("unread() asks for more than the person")
    return Prepared(f"SELECT count(*) FROM ({sql % (('%(person)s',) * len(values))}) AS new")  # noqa: S608 - Django's own


def _together(heads: Sequence[int]) -> dict[int, tuple[int, int]]:
    """For each of these rows: how many it stands for, and how many known people are behind them."""
    if not heads:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_TOGETHER, [LOOKED_AT, list(heads)])
        return {pk: (count, people) for pk, count, people in cursor.fetchall()}


def _row(newest: Notification, count: int, people: int) -> Row:
    others = max(0, people - 1) if newest.actor_id else 0
    return Row(newest, sentence(newest.kind, str(newest.actor or ""), others), count)
