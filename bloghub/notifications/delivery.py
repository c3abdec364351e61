"""Delivery: sends the mails that are due, one for each person with all that waits for them.

The queue is a column. A worker leases people, then marks each letter's rows as mailed before it hands the letter over:
two workers never send the same, and one that dies leaves at most the one letter in its hands unsent. What could not be
handed over is due again later, and later still, for two days.
"""

from __future__ import annotations

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.utils import timezone

from bloghub.lib.mail import LetterRefusedError, Outbox, ServerTroubleError, outbox
from bloghub.notifications import guard
from bloghub.notifications.letters import tell_letter
from bloghub.notifications.models import Notification, Preferences
from bloghub.notifications.quiet import QuietHours
from bloghub.notifications.telling import Zones
from bloghub.people.models import Person

if TYPE_CHECKING:
    from bloghub.lib.mail import Letter

logger = logging.getLogger(__name__)

BATCH = 50  # people leased at once
LEASE = timedelta(minutes=15)  # longer than any run: then the worker has died, and others take over
RUN_FOR = timedelta(minutes=3)  # below the task's time limit, even when every letter of the last batch is slow
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=5), timedelta(hours=4)
MOST_ATTEMPTS = 17  # two days, by the pauses above
PATIENCE = 3  # letters in a row that fail, before it is the server and not the letters

# A person is leased with all that waits for them, due or not: mails are batched, and nobody gets two at a time. The
# lock is on the person, so that two workers cannot share one.
_FREE = """
    SELECT id FROM people_person WHERE id IN (
        SELECT recipient_id FROM notifications_notification WHERE mail_due_at <= %s ORDER BY mail_due_at LIMIT %s
    ) ORDER BY id LIMIT %s FOR NO KEY UPDATE SKIP LOCKED
"""
_PUT_BACK = """
    UPDATE notifications_notification SET mailed_at = NULL, mail_attempts = mail_attempts + 1,
        mail_due_at = CASE WHEN mail_attempts + 1 < %s THEN %s + least(%s * power(2, mail_attempts), %s) END
    WHERE id = ANY(%s)
"""


@dataclass(slots=True)
class _Run:
    """What one run shares: its clock, the lease that marks its rows, and how many letters have failed in a row."""

    now: datetime
    until: datetime
    sent: int = 0
    failed: int = 0

    @property
    def lease(self) -> datetime:
        return self.now + LEASE

    @property
    def is_over(self) -> bool:
        return timezone.now() >= self.until


def deliver_due(now: datetime | None = None) -> int:
    """Sends what is due by ``now`` and says how many letters went out; stops early when the server is in trouble."""
    run = _Run(now or timezone.now(), timezone.now() + RUN_FOR)
    with outbox() as out:
        while not run.is_over and (people := _lease(run)):
            leased = Notification.objects.filter(recipient__in=people, mail_due_at=run.lease)
            try:
                _deliver(people, out, run)
            except ServerTroubleError as trouble:
                logger.warning("mail waits: %s", trouble)
                _put_back(list(leased.values_list("pk", flat=True)), run.now)
                break
            leased.update(mail_due_at=run.now)  # whose turn did not come before the run was over
    return run.sent


def _lease(run: _Run) -> list[int]:
    """The next people with mail that is due, all their waiting rows marked with the lease."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_FREE, [run.now, BATCH * 4, BATCH])
        people = [row[0] for row in cursor.fetchall()]
        waiting = Notification.objects.filter(recipient__in=people, mail_due_at__isnull=False)
        # Asked again under the lock: whom another worker has leased since is not due any more
        due = set(waiting.filter(mail_due_at__lte=run.now).values_list("recipient_id", flat=True))
        waiting.filter(recipient__in=due).update(mail_due_at=run.lease)
    return sorted(due)


def _deliver(people: Collection[int], out: Outbox, run: _Run) -> None:
    quiet = _quiet_until(people, run.now)
    for person in Person.objects.filter(pk__in=people).order_by("pk"):
        if run.is_over:
            return
        leased = Notification.objects.filter(recipient=person, mail_due_at=run.lease)
        if person.pk in quiet:
            leased.update(mail_due_at=quiet[person.pk])
        elif not person.is_active or not person.email:
            leased.update(mail_due_at=None)
        else:
            _deliver_to(person, out, run)


def _quiet_until(people: Collection[int], now: datetime) -> dict[int, datetime]:
    """Whose quiet hours it is right now, and when they end."""
    zones, quiet = Zones(), {}
    chosen = Preferences.objects.filter(person__in=people, quiet_from__isnull=False, quiet_until__isnull=False)
    for person_id, start, end, zone in chosen.values_list("person", "quiet_from", "quiet_until", "person__time_zone"):
        due = QuietHours(start, end, zones[zone]).after(now)
        if due > now:
            quiet[person_id] = due
    return quiet


def _deliver_to(person: Person, out: Outbox, run: _Run) -> None:
    """One letter, or none when all of it has been read or is not for this person's eyes any more."""
    taken = _take(person, run)
    told = list(
        Notification.objects.of(person).filter(pk__in=taken).select_related("actor").order_by("-happened_at", "-pk")
    )
    if not told:
        return
    letter = tell_letter(person, told, guard.confidential({one.scope for one in told if one.scope is not None}))
    try:
        _hand_over(letter, out, run)
    except ServerTroubleError:
        Notification.objects.filter(pk__in=taken).update(mail_due_at=run.lease, mailed_at=None)
        raise
    except LetterRefusedError as refusal:
        logger.warning("mail to person %d failed: %s", person.pk, refusal)
        if refusal.lasting:
            Notification.objects.filter(pk__in=taken).update(mailed_at=None)
        else:
            _put_back(taken, run.now)


def _take(person: Person, run: _Run) -> list[int]:
    """Marks this person's leased rows as mailed, unless they were read meanwhile or another worker has them."""
    with transaction.atomic():
        leased = Notification.objects.filter(recipient=person, mail_due_at=run.lease, read_at=None)
        taken = list(leased.select_for_update().order_by("pk").values_list("pk", flat=True))
        Notification.objects.filter(pk__in=taken).update(mail_due_at=None, mailed_at=run.now)
    return taken


def _hand_over(letter: Letter, out: Outbox, run: _Run) -> None:
    try:
        out.send(letter)
    except LetterRefusedError as refusal:
        run.failed += not refusal.lasting
        if run.failed >= PATIENCE:
            raise ServerTroubleError(f"{run.failed} letters in a row failed, the last with {refusal}") from None
        raise
    run.sent, run.failed = run.sent + 1, 0


def _put_back(ids: list[int], now: datetime) -> None:
    """Due again after a pause that doubles; after the last one it stays in the inbox alone."""
    values: list[Any] = [MOST_ATTEMPTS, now, FIRST_PAUSE, LONGEST_PAUSE, ids]
    with connection.cursor() as cursor:
        cursor.execute(_PUT_BACK, values)
