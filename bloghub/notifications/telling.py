"""Telling: puts what happened into the inboxes of those it concerns, and takes it out again.

Owns every write to Notification but the marks of delivery (delivery.py) and the end of old ones (forgetting.py).
Decides nothing about who is told, only how: by the choices of each person, on their clock. A fixed number of
statements, however many people there are.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q
from django.utils import timezone

from bloghub.lib.text import excerpt_of, plain_line
from bloghub.notifications.models import Delivery, DigestRhythm, Kind, Notification, Preference
from bloghub.notifications.quiet import QuietHours
from bloghub.people.models import Person

if TYPE_CHECKING:
    from django.db.backends.utils import CursorWrapper

__all__ = [
    "DEFAULTS",
    "Deliveries",
    "Event",
    "columns_of",
    "deliveries",
    "read",
    "read_all",
    "rescope",
    "reword",
    "tell",
    "withdraw",
    "withdraw_groups",
    "withdraw_scopes",
]

BATCHED_FOR = timedelta(minutes=10)  # what happens meanwhile goes into the same mail, and what is read into none
DEFAULTS: dict[str, Delivery] = {
    Kind.MODERATION: Delivery.MAIL,
    Kind.MENTION: Delivery.MAIL,
    Kind.REPLY: Delivery.MAIL,
    Kind.FIRST: Delivery.MAIL,
    Kind.COMMENT: Delivery.MAIL,
    Kind.WATCHED: Delivery.DIGEST,
    Kind.FEED: Delivery.MAIL,
    Kind.MATCH: Delivery.DIGEST,
    Kind.SUGGESTION: Delivery.MAIL,
    Kind.MILESTONE: Delivery.INBOX,
}
READ_AT_ONCE = 10_000  # rows a statement: half a second, of the five that one may take
_TITLE, _EXCERPT = 300, 400

# The new rows lead their groups from now on; the update sees the table as it was before them.
_INSERT = """
    WITH told AS (
        INSERT INTO notifications_notification (recipient_id, kind, mail_due_at, in_digest, event, "group", actor_id,
            title, excerpt, url, scope, is_confidential, happened_at, leads, mail_attempts)
        SELECT one.*, %s, %s, %s, %s, %s, %s, %s, %s, %s, true, 0
        FROM unnest(%s::bigint[], %s::text[], %s::timestamptz[], %s::boolean[]) AS one
        ON CONFLICT (recipient_id, event) DO NOTHING
        RETURNING recipient_id, kind
    ), followed AS (
        UPDATE notifications_notification AS earlier SET leads = false FROM told
        WHERE earlier.recipient_id = told.recipient_id AND earlier.kind = told.kind AND earlier."group" = %s
            AND earlier.leads AND earlier.read_at IS NULL
    )
    SELECT count(*) FROM told
"""
# Told again for a stronger reason, what nobody has seen yet is taken away first; what it led is led by the next.
_WEAKER = """
    WITH gone AS (
        DELETE FROM notifications_notification AS row USING unnest(%s::bigint[], %s::text[]) AS one(recipient_id, kind)
        WHERE row.recipient_id = one.recipient_id AND row.event = %s AND row.read_at IS NULL AND row.mailed_at IS NULL
            AND array_position(%s::text[], one.kind) < array_position(%s::text[], row.kind::text)
        RETURNING row.id, row.recipient_id, row."group", row.kind, row.leads
    ), next AS (
        SELECT DISTINCT ON (gone.id) row.id FROM gone JOIN notifications_notification AS row
            ON row.recipient_id = gone.recipient_id AND row."group" = gone."group" AND row.kind = gone.kind
            AND row.read_at IS NULL AND row.id <> gone.id
        WHERE gone.leads ORDER BY gone.id, row.happened_at DESC, row.id DESC
    ), promoted AS (
        UPDATE notifications_notification SET leads = true WHERE id IN (SELECT id FROM next)
    )
    SELECT count(*) FROM gone
"""
# Read while it was told to somebody, a row may have lost its lead to one that was not read with it.
_LEAD = """
    UPDATE notifications_notification SET leads = true WHERE id IN (
        SELECT (array_agg(id ORDER BY happened_at DESC, id DESC))[1] FROM notifications_notification
        WHERE recipient_id = %s AND read_at = %s AND "group" <> '' GROUP BY "group", kind HAVING NOT bool_or(leads)
    )
"""
# What was led by a row that is gone is led by the newest of those that are left. Of what somebody has read, or was
# mailed, a row without words and group stays out of every list: told again, it is nothing new to them.
_DELETE = """
    WITH gone AS (
        DELETE FROM notifications_notification WHERE {column} = ANY(%s)
        RETURNING id, recipient_id, event, "group", kind, url, happened_at, read_at, mailed_at, leads
    ), remembered AS (
        INSERT INTO notifications_notification (recipient_id, kind, event, "group", title, excerpt, url, happened_at,
            read_at, mailed_at, leads, is_confidential, in_digest, mail_attempts)
        SELECT recipient_id, kind, event, '', '', '', url, happened_at, coalesce(read_at, mailed_at), mailed_at, false,
            true, false, 0
        FROM gone WHERE {remember} AND coalesce(read_at, mailed_at) IS NOT NULL
    ), next AS (
        SELECT DISTINCT ON (gone.id) row.id FROM gone JOIN notifications_notification AS row
            ON row.recipient_id = gone.recipient_id AND row."group" = gone."group" AND row.kind = gone.kind
            AND row.read_at IS NOT DISTINCT FROM gone.read_at AND row.{column} <> ALL(%s)
        WHERE gone.leads ORDER BY gone.id, row.happened_at DESC, row.id DESC
    ), promoted AS (
        UPDATE notifications_notification SET leads = true WHERE id IN (SELECT id FROM next)
    )
    SELECT count(*) FROM gone
"""


@dataclass(frozen=True, slots=True)
class Event:
    """What happened. ``key`` names it for ever; ``url`` is a path of our own; ``scope`` the blog it is seen with.

    ``confidential`` keeps its title, its words and its actor out of every mail, whatever the scope's audience is later.
    """

    key: str
    group: str
    actor_id: int | None
    title: str
    excerpt: str
    url: str
    scope: int | None
    happened_at: datetime
    confidential: bool = False

    def __post_init__(self) -> None:
        if not self.url.startswith("/") or self.url.startswith(("//", "/\\")):
            raise ValueError(f"{self.url!r} is no path of ours")


@dataclass(slots=True)
class Deliveries:
    """The columns that differ from person to person, one list each."""

    recipients: list[int] = field(default_factory=list)
    kinds: list[str] = field(default_factory=list)
    mail_due: list[datetime | None] = field(default_factory=list)
    in_digest: list[bool] = field(default_factory=list)


def tell(event: Event, told: Mapping[int, Kind], now: datetime | None = None) -> int:
    """Tells the people of ``told`` (id → why) and says how many had not been told of it yet.

    Left out are the actor, who knows, the inactive, and who wishes to hear nothing of the kind. Safe to run twice; who
    was told for a weaker reason, and has neither read it nor got a mail, is told anew for the stronger one. Two
    events in one transaction must come in the order of their groups, or two workers may wait for each other.
    """
    wanted = {person_id: Kind(kind) for person_id, kind in told.items() if person_id != event.actor_id}
    rows = deliveries(wanted, (now or timezone.now()) + BATCHED_FOR) if wanted else Deliveries()
    if not rows.recipients:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        _one_at_a_time(cursor, event.group)
        told_now = _insert(cursor, event, rows)
        if told_now < len(rows.recipients):
            ranks = Kind.values
            cursor.execute(_WEAKER, [rows.recipients, rows.kinds, event.key, ranks, ranks])
            if cursor.fetchone()[0]:
                _insert(cursor, event, rows)
    return told_now


def _insert(cursor: CursorWrapper, event: Event, rows: Deliveries) -> int:
    cursor.execute(
        _INSERT, [*columns_of(event), rows.recipients, rows.kinds, rows.mail_due, rows.in_digest, event.group]
    )
    return int(cursor.fetchone()[0])


def _one_at_a_time(cursor: CursorWrapper, group: str) -> None:
    """Two events of a group are told one after the other, or both would lead it."""
    cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"notification {group}"])


def columns_of(event: Event) -> list[Any]:
    """What is the same for everybody, in the order of the columns from ``event`` to ``happened_at``."""
    title, excerpt = plain_line(event.title, _TITLE), excerpt_of(event.excerpt, _EXCERPT)
    return [
        *(event.key, event.group, event.actor_id, title, excerpt, event.url, event.scope),
        *(event.confidential, event.happened_at),
    ]


def deliveries(wanted: Mapping[int, Kind], due: datetime) -> Deliveries:
    """How each person is told, in the order of their ids, in which every batch locks its rows."""
    chosen = {
        (person_id, kind): delivery
        for person_id, kind, delivery in Preference.objects.filter(
            person__in=wanted.keys(), kind__in=set(wanted.values())
        ).values_list("person_id", "kind", "delivery")
    }
    people = Person.objects.filter(pk__in=wanted.keys(), is_active=True).order_by("pk")
    rows, zones = Deliveries(), Zones()
    for pk, email, zone, start, end, rhythm in people.values_list(
        "pk", "email", "time_zone", "preferences__quiet_from", "preferences__quiet_until", "preferences__digest"
    ):
        kind = wanted[pk]
        delivery = chosen.get((pk, kind), DEFAULTS[kind])
        if delivery == Delivery.NOTHING:
            continue
        rows.recipients.append(pk)
        rows.kinds.append(kind.value)
        by_mail = delivery == Delivery.MAIL and email
        rows.mail_due.append(QuietHours(start, end, zones[zone]).after(due) if by_mail else None)
        rows.in_digest.append(delivery == Delivery.DIGEST and rhythm != DigestRhythm.NEVER)
    return rows


class Zones(dict[str, ZoneInfo]):
    """Time zones by name, the hub's own for people who have set none (or one the system has forgotten)."""

    def __missing__(self, name: str) -> ZoneInfo:
        try:
            zone = ZoneInfo(name or settings.TIME_ZONE)
        except (ValueError, OSError, LookupError):
            zone = ZoneInfo(settings.TIME_ZONE)
        self[name] = zone
        return zone


def withdraw(events: Iterable[str]) -> int:
    """Takes events back (a comment deleted or hidden): from inboxes, mails to come and digests. Says how many rows.

    Told again later, they reach those who had neither read them nor got a mail.
    """
    names = sorted(set(events))
    with transaction.atomic(), connection.cursor() as cursor:
        groups = Notification.objects.filter(event__in=names).order_by("group").values_list("group", flat=True)
        for group in groups.distinct():
            _one_at_a_time(cursor, group)
        return _delete("event", names)


def withdraw_groups(groups: Iterable[str]) -> int:
    """Takes back all that was told about these groups (a post that is gone)."""
    return _delete('"group"', sorted(set(groups)))


def withdraw_scopes(scopes: Iterable[int]) -> int:
    """Takes back all that was told with these scopes: one that is gone guards nothing any more."""
    return _delete("scope", sorted(set(scopes)))


def rescope(groups: Iterable[str], events: Iterable[str], scope: int) -> int:
    """What was told of these groups and events is seen with another scope from now on. Says how many rows."""
    told = Notification.objects.filter(Q(group__in=sorted(set(groups))) | Q(event__in=sorted(set(events))))
    with transaction.atomic():  # in the order in which others lock a person's rows
        rows = told.exclude(scope=scope).order_by("recipient", "pk").select_for_update(of=("self",))
        return Notification.objects.filter(pk__in=list(rows.values_list("pk", flat=True))).update(scope=scope)


def _delete(column: str, names: list[str] | list[int]) -> int:
    if not names:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        remember = "true" if column == "event" else "false"  # a group that is gone is never told of again
        cursor.execute(_DELETE.format(column=column, remember=remember), [names, names])
        return int(cursor.fetchone()[0])


def reword(events: Iterable[str], excerpt: str) -> int:
    """Other words for what was told already (a comment was changed), in inboxes and mails to come."""
    told = Notification.objects.filter(event__in=sorted(set(events))).exclude(group="")
    return told.update(excerpt=excerpt_of(excerpt, _EXCERPT))


def read(person: Person, groups: Collection[str], now: datetime | None = None) -> int:
    """Marks what ``person`` was told about ``groups`` as read: it leaves bell, mail and digest. Says how many rows."""
    unread = Notification.objects.filter(recipient=person, group__in=groups, read_at=None)
    found = sorted(set(unread.values_list("group", flat=True)))
    if not found:
        return 0
    with transaction.atomic(), connection.cursor() as cursor:
        for group in found:  # what is being told of it just now is read with the rest, or stands for itself
            _one_at_a_time(cursor, group)
        return unread.update(read_at=now or timezone.now(), mail_due_at=None, in_digest=False)


def read_all(person: Person, until: datetime, now: datetime | None = None) -> int:
    """The same for every row of the inbox that happened by ``until``: what came later has not been seen yet."""
    unread = Notification.objects.filter(recipient=person, read_at=None)
    unseen = Notification.objects.unread(person).filter(happened_at__gt=until).values("group")
    # Those that lead come last: cut off in between, nothing unread is out of sight
    ids = list(unread.exclude(group__in=unseen).order_by("leads").values_list("pk", flat=True))
    now = now or timezone.now()
    parts = [unread.filter(pk__in=ids[start : start + READ_AT_ONCE]) for start in range(0, len(ids), READ_AT_ONCE)]
    count = sum(part.update(read_at=now, mail_due_at=None, in_digest=False) for part in parts)
    if count:
        with connection.cursor() as cursor:  # instead of the locks of all these groups
            cursor.execute(_LEAD, [person.pk, now])
    return count
