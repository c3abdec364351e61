"""What was told long ago is forgotten, and the bell says the same as the list all the while."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from bloghub.notifications import forgetting
from bloghub.notifications.forgetting import READ_KEPT, UNREAD_KEPT, forget
from bloghub.notifications.inbox import inbox_page, unread_count
from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.tasks import forget_old_notifications
from bloghub.notifications.telling import read
from bloghub.people.models import Person
from bloghub.schedule import BEAT_SCHEDULE
from tests.notifications.cast import NOON
from tests.notifications.conftest import Told

MOMENT = timedelta(seconds=1)


def titles(person: Person) -> list[str]:
    """What the list shows, after a look at whether the bell agrees with it."""
    rows = inbox_page(person, {}).rows
    assert unread_count(person) == sum(row.is_new for row in rows)
    return [row.title for row in rows]


def test_what_was_read_is_kept_for_ninety_days_since(told: Told, aino: Person) -> None:
    told(1, title="Read early")
    read(aino, ["post:4"], NOON)
    told(2, group="post:5", title="Read late")
    read(aino, ["post:5"], NOON + timedelta(days=1))
    told(3, group="post:6", title="Not read")
    assert forget(NOON + READ_KEPT) == 0
    assert forget(NOON + READ_KEPT + MOMENT) == 1
    assert titles(aino) == ["Not read", "Read late"]
    assert forget(NOON + READ_KEPT + MOMENT) == 0


def test_what_nobody_read_is_kept_for_a_year(told: Told, aino: Person) -> None:
    told(1, title="Old", happened_at=NOON)
    told(2, group="post:5", title="Young", happened_at=NOON + timedelta(days=1))
    assert forget(NOON + UNREAD_KEPT) == 0
    assert forget(NOON + UNREAD_KEPT + MOMENT) == 1
    assert titles(aino) == ["Young"]


@pytest.mark.parametrize("batch", [1, 2, 5_000])
def test_a_row_stands_for_what_is_left_of_it(
    told: Told, aino: Person, monkeypatch: pytest.MonkeyPatch, batch: int
) -> None:
    monkeypatch.setattr(forgetting, "BATCH", batch)
    for number in range(3):
        told(number, happened_at=NOON + timedelta(days=number))
    assert forget(NOON + timedelta(days=1) + UNREAD_KEPT + MOMENT) == 2
    [row] = inbox_page(aino, {}).rows
    assert (row.in_all, unread_count(aino)) == (1, 1)


def test_what_was_told_late_is_not_taken_from_before_what_is_young(told: Told, aino: Person) -> None:
    """The last one told leads, even when it happened before the others; without it they would be out of sight."""
    told(1, title="Young", happened_at=NOON + timedelta(days=30))
    told(2, title="Told late", happened_at=NOON)
    forget(NOON + UNREAD_KEPT + MOMENT)
    assert titles(aino) == ["Told late"]
    forget(NOON + timedelta(days=30) + UNREAD_KEPT + MOMENT)
    assert titles(aino) == []
    assert not Notification.objects.exists()


def test_others_and_other_reasons_are_left_alone(told: Told, aino: Person, bo: Person, reader: Client) -> None:
    told(1, happened_at=NOON, title="Comment")
    told(2, Kind.MENTION, happened_at=NOON + timedelta(days=1), title="Mention")
    told(3, to=bo, actor_id=None, happened_at=NOON + timedelta(days=1), title="Of Bo")
    forget(NOON + UNREAD_KEPT + MOMENT)
    assert (titles(aino), titles(bo)) == (["Mention"], ["Of Bo"])


def test_an_old_row_is_forgotten_in_the_end_whatever_waits_of_it(told: Told, aino: Person) -> None:
    one = told(1, happened_at=NOON)
    Notification.objects.filter(pk=one.pk).update(in_digest=True)
    forget(datetime.max.replace(tzinfo=NOON.tzinfo))
    assert not Notification.objects.exists()


def test_beat_starts_it_every_night() -> None:
    entry = BEAT_SCHEDULE["forget-old-notifications"]
    assert entry["task"] == forget_old_notifications.name
    assert entry["schedule"].is_due(timezone.now() - timedelta(days=1))[0]
