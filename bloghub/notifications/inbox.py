"""The inbox: what its rows say, and how many are new. Asks telling.py's rows; groups and marks nothing itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, NamedTuple

from django.contrib.auth import get_user_model

from bloghub.lib.paging import PAGE_SIZE, Keyset, Page, page_of
from bloghub.lib.prepared import Prepared
from bloghub.notifications import guard
from bloghub.notifications.models import Notification
from bloghub.notifications.sentences import sentence

if TYPE_CHECKING:
    from bloghub.notifications.models.notification import NotificationQuerySet
    from bloghub.people.models import Person

MOST_SHOWN = 99  # above that the bell says "99+"
LOOKED_AT = 25  # rows of a group that are looked at to say how many people are in it; "25 or more" beyond

_ROWS = """
    SELECT head.id, head.happened_at, head.kind, head.title, head.excerpt, head.read_at IS NULL,
           coalesce(nullif(actor.display_name, ''), actor.username, ''), together.in_all, together.people
      FROM (
        (SELECT * FROM notifications_notification WHERE {shown} {beside}
          ORDER BY happened_at {way}, id {way} LIMIT {most})
         UNION ALL
        (SELECT * FROM ({stand_ins}) AS next WHERE true {beside} ORDER BY happened_at {way}, id {way} LIMIT {most})
         ORDER BY happened_at {way}, id {way} LIMIT {most}
      ) AS head
      LEFT JOIN people_person AS actor ON actor.id = head.actor_id
      CROSS JOIN LATERAL (
        SELECT count(*) AS in_all, count(DISTINCT actor_id) AS people FROM (
            SELECT one.actor_id FROM notifications_notification AS one
             WHERE one.recipient_id = head.recipient_id AND one."group" = head."group" AND one.kind = head.kind
               AND one.read_at IS NOT DISTINCT FROM head.read_at AND (one.scope IN ({hidden})) IS NOT TRUE
             ORDER BY one.happened_at DESC LIMIT {looked_at}
        ) AS member
      ) AS together
     ORDER BY head.happened_at {way}, head.id {way}
"""
# What a saved search finds comes from many blogs. A group of it that is led by what the person may not see any more is
# led by the newest that they may
_STAND_INS = """
    SELECT next.* FROM notifications_notification AS led CROSS JOIN LATERAL (
        SELECT * FROM notifications_notification AS one
         WHERE one.recipient_id = led.recipient_id AND one."group" = led."group" AND one.kind = led.kind
           AND one.read_at IS NOT DISTINCT FROM led.read_at AND (one.scope IN ({hidden})) IS NOT TRUE
         ORDER BY one.happened_at DESC, one.id DESC LIMIT 1
    ) AS next
     WHERE led.recipient_id = %(person)s AND led.leads AND led.kind = 'match' AND led.scope IN ({hidden}) {new}
"""


class Row(NamedTuple):
    """One row: the newest of its group, and how much more there is (``in_all`` and ``people`` stop at LOOKED_AT).

    All that it shows comes from here, so it is the key of the kept row (templatetags/inbox.py).
    """

    pk: int
    happened_at: datetime
    kind: str
    title: str
    excerpt: str
    is_new: bool
    actor: str  # their name; none when nobody did it, or somebody whose account is gone
    in_all: int
    people: int  # behind it, as far as they are known

    @property
    def sentence(self) -> str:
        return sentence(self.kind, self.actor, max(0, self.people - 1) if self.actor else 0)


def inbox_page(person: Person, query: Mapping[str, str]) -> Page[Row]:
    """The page of the inbox that the address asks for. One query."""

    def found(side: str, place: Keyset | None) -> list[Row]:
        moment, pk = place or (None, None)
        return [Row._make(row) for row in _listing(side).rows(person=person.pk, moment=moment, pk=pk)]

    return page_of(found, query, lambda row: (row.happened_at, row.pk))


def unread_count(person: Person) -> int:
    """How many rows of the inbox are new, counted to one more than MOST_SHOWN. One query."""
    ((count,),) = _counting().rows(person=person.pk)
    return int(count)


@cache
def _listing(side: str) -> Prepared:
    """``side`` of a place, as ``Found`` has it (lib/paging.py)."""
    beside = f"AND (happened_at, id) {side} (%(moment)s, %(pk)s)" if side else ""
    way = "ASC" if side == ">" else "DESC"
    shown = _condition(Notification.objects.for_inbox(_anybody()))
    parts = {"shown": shown, "stand_ins": _stand_ins(), "hidden": _hidden(), "beside": beside, "way": way}
    return Prepared(_ROWS.format(**parts, most=PAGE_SIZE + 1, looked_at=LOOKED_AT))


@cache
def _counting() -> Prepared:
    """For the bell, which is on every page."""
    new = _condition(Notification.objects.unread(_anybody()))
    leading = f"SELECT id FROM notifications_notification WHERE {new}"  # noqa: S608 - Django's own condition
    others = f"SELECT id FROM ({_stand_ins('AND led.read_at IS NULL')}) AS next"  # noqa: S608 - constants
    return Prepared(f"SELECT count(*) FROM ({leading} UNION ALL {others} LIMIT {MOST_SHOWN + 1}) AS new")  # noqa: S608


def _stand_ins(new: str = "") -> str:
    return _STAND_INS.format(hidden=_hidden(), new=new)


def _hidden() -> str:
    """The scopes that ``%(person)s`` may not see; none when nobody guards."""
    hidden = guard.hidden_from(_anybody())
    return str(hidden.sql % (("%(person)s",) * len(hidden.params))) if hidden else "NULL::bigint"


def _anybody() -> Person:
    """Stands for the reader while a statement is built."""
    return get_user_model()(pk=-(2**31))


def _condition(rows: NotificationQuerySet) -> str:
    """The queryset's own condition in SQL, with ``%(person)s`` for whom it is asked."""
    sql, values = rows.order_by().values("pk").query.sql_with_params()
    if set(values) != {_anybody().pk}:
        raise ValueError("the inbox asks for more than the person")
    return str(sql % (("%(person)s",) * len(values))).partition(" WHERE ")[2]
