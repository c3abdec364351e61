"""Telling: one row per person and event, in the way each person has chosen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from threading import Thread

import pytest
from django.db import connection, transaction
from pytest_django import DjangoAssertNumQueries

from bloghub.notifications import telling
from bloghub.notifications.models import Delivery, DigestRhythm, Kind, Notification, Preference, Preferences
from bloghub.notifications.telling import BATCHED_FOR, read, read_all, tell, withdraw, withdraw_groups
from bloghub.people.models import Person
from tests.notifications.cast import NOON, comment

FAR = NOON + timedelta(days=1)


def stored(person: Person) -> Notification:
    return Notification.objects.get(recipient=person)


def leading(person: Person) -> list[str]:
    return list(Notification.objects.for_inbox(person).order_by("-happened_at").values_list("event", flat=True))


def test_an_event_is_told_once(aino: Person, bo: Person) -> None:
    event = comment(1, actor_id=bo.pk)
    assert tell(event, {aino.pk: Kind.REPLY}, NOON) == 1
    assert tell(event, {aino.pk: Kind.WATCHED}, NOON) == 0
    row = stored(aino)
    assert (row.kind, row.actor, row.title, row.url, row.scope) == ("reply", bo, "Three weeks of fog", event.url, 7)


def test_a_stronger_reason_takes_the_place_of_one_that_nobody_has_heard(aino: Person, bo: Person) -> None:
    for number in (1, 2):
        tell(comment(number), {aino.pk: Kind.WATCHED, bo.pk: Kind.WATCHED}, NOON)
    later = NOON + timedelta(hours=1)
    assert tell(comment(2), {aino.pk: Kind.MENTION, bo.pk: Kind.WATCHED}, later) == 0
    row = Notification.objects.get(recipient=aino, event="comment:2")
    assert (row.kind, row.mail_due_at, row.in_digest) == ("mention", later + BATCHED_FOR, False)
    assert (leading(aino), leading(bo)) == (["comment:2", "comment:1"], ["comment:2"])


@pytest.mark.parametrize("heard", ["read_at", "mailed_at"])
def test_what_was_heard_is_not_told_again_for_a_stronger_reason(aino: Person, heard: str) -> None:
    tell(comment(1), {aino.pk: Kind.WATCHED}, NOON)
    Notification.objects.update(**{heard: NOON})
    tell(comment(1), {aino.pk: Kind.MENTION}, NOON)
    assert (stored(aino).kind, stored(aino).mail_due_at) == ("watched", None)


def test_nobody_is_told_what_they_did_themselves(aino: Person, bo: Person) -> None:
    assert tell(comment(1, actor_id=bo.pk), {bo.pk: Kind.WATCHED, aino.pk: Kind.WATCHED}, NOON) == 1
    assert not Notification.objects.filter(recipient=bo).exists()


def test_who_has_left_is_not_told(aino: Person) -> None:
    Person.objects.filter(pk=aino.pk).update(is_active=False)
    assert tell(comment(1), {aino.pk: Kind.REPLY, 999_999: Kind.REPLY}, NOON) == 0


@pytest.mark.parametrize(
    ("kind", "mailed", "digested"),
    [
        (Kind.MODERATION, True, False),
        (Kind.MENTION, True, False),
        (Kind.REPLY, True, False),
        (Kind.FIRST, True, False),
        (Kind.COMMENT, True, False),
        (Kind.WATCHED, False, True),
        (Kind.MILESTONE, False, False),
    ],
)
def test_each_kind_has_its_own_default(aino: Person, kind: Kind, mailed: bool, digested: bool) -> None:
    tell(comment(1), {aino.pk: kind}, NOON)
    row = stored(aino)
    assert (row.mail_due_at, row.in_digest) == (NOON + BATCHED_FOR if mailed else None, digested)


@pytest.mark.parametrize(
    ("delivery", "mailed", "digested"),
    [(Delivery.MAIL, True, False), (Delivery.DIGEST, False, True), (Delivery.INBOX, False, False)],
)
def test_a_choice_overrules_the_default(aino: Person, delivery: Delivery, mailed: bool, digested: bool) -> None:
    Preference.objects.create(person=aino, kind=Kind.REPLY, delivery=delivery)
    tell(comment(1), {aino.pk: Kind.REPLY}, NOON)
    assert (stored(aino).mail_due_at is not None, stored(aino).in_digest) == (mailed, digested)


def test_nothing_means_nothing(aino: Person) -> None:
    Preference.objects.create(person=aino, kind=Kind.WATCHED, delivery=Delivery.NOTHING)
    assert tell(comment(1), {aino.pk: Kind.WATCHED}, NOON) == 0
    assert tell(comment(1), {aino.pk: Kind.REPLY}, NOON) == 1


def test_who_takes_no_digest_has_nothing_waiting_for_one(aino: Person) -> None:
    Preferences.objects.create(person=aino, digest=DigestRhythm.NEVER)
    tell(comment(1), {aino.pk: Kind.WATCHED}, NOON)
    assert not stored(aino).in_digest


def test_who_has_no_address_gets_no_mail(aino: Person) -> None:
    Person.objects.filter(pk=aino.pk).update(email="")
    tell(comment(1), {aino.pk: Kind.REPLY}, NOON)
    assert stored(aino).mail_due_at is None


def test_a_mail_waits_for_the_end_of_the_quiet_hours_of_whom_it_is_for(aino: Person, bo: Person) -> None:
    for person in (aino, bo):  # Helsinki, and the hub's UTC
        Preferences.objects.create(person=person, quiet_from=time(22), quiet_until=time(7))
    late = datetime(2026, 11, 20, 20, 30, tzinfo=UTC)
    tell(comment(1), {aino.pk: Kind.REPLY, bo.pk: Kind.REPLY}, late)
    assert stored(aino).mail_due_at == datetime(2026, 11, 21, 5, tzinfo=UTC)
    assert stored(bo).mail_due_at == late + BATCHED_FOR


def test_a_time_zone_nobody_knows_is_the_hubs(aino: Person) -> None:
    Person.objects.filter(pk=aino.pk).update(time_zone="../etc/Atlantis")
    Preferences.objects.create(person=aino, quiet_from=time(12), quiet_until=time(13))
    tell(comment(1), {aino.pk: Kind.REPLY}, NOON)
    assert stored(aino).mail_due_at == datetime(2026, 11, 20, 13, tzinfo=UTC)


@pytest.mark.parametrize("url", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:1", ""])
def test_it_leads_nowhere_but_to_us(aino: Person, url: str) -> None:
    with pytest.raises(ValueError, match="no path of ours"):
        tell(comment(1, url=url), {aino.pk: Kind.REPLY}, NOON)


def test_hostile_words_are_kept_as_one_harmless_line(aino: Person) -> None:
    tell(comment(1, title="a\r\nBcc: x\u202e" + "b" * 400, excerpt="c\x00\n" * 600), {aino.pk: Kind.REPLY}, NOON)
    row = stored(aino)
    assert row.title.startswith("a Bcc: xb")
    assert "\n" not in row.title + row.excerpt
    assert (len(row.title), len(row.excerpt) <= 400) == (300, True)


def test_the_newest_of_a_group_stands_for_it(aino: Person) -> None:
    for number in (1, 2, 3):
        tell(comment(number), {aino.pk: Kind.COMMENT}, NOON)
    tell(comment(4), {aino.pk: Kind.MENTION}, NOON)
    tell(comment(5, group="post:5"), {aino.pk: Kind.COMMENT}, NOON)
    assert leading(aino) == ["comment:5", "comment:4", "comment:3"]


def test_what_comes_after_reading_stands_for_itself(aino: Person) -> None:
    tell(comment(1), {aino.pk: Kind.COMMENT}, NOON)
    assert read(aino, ["post:4"]) == 1
    tell(comment(2), {aino.pk: Kind.COMMENT}, NOON)
    assert leading(aino) == ["comment:2", "comment:1"]


def test_reading_ends_the_mail_and_the_digest_of_the_reader_alone(aino: Person, bo: Person) -> None:
    tell(comment(1), {aino.pk: Kind.REPLY, bo.pk: Kind.REPLY}, NOON)
    tell(comment(2), {aino.pk: Kind.WATCHED}, NOON)
    assert (read(aino, ["post:4"]), read(aino, ["post:4"])) == (2, 0)
    assert not Notification.objects.filter(recipient=aino, mail_due_at__isnull=False).exists()
    assert not Notification.objects.filter(recipient=aino, in_digest=True).exists()
    assert stored(bo).read_at is None


def test_reading_all_leaves_what_came_after_the_page_was_made(aino: Person) -> None:
    tell(comment(1), {aino.pk: Kind.COMMENT}, NOON)
    tell(comment(2, group="post:5"), {aino.pk: Kind.COMMENT}, NOON)
    tell(comment(3), {aino.pk: Kind.COMMENT}, NOON)
    assert read_all(aino, NOON + timedelta(minutes=2)) == 1
    assert list(Notification.objects.unread(aino).values_list("event", flat=True)) == ["comment:3"]


def test_reading_all_takes_as_many_statements_as_it_needs(aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "READ_AT_ONCE", 3)
    for number in range(7):
        tell(comment(number, group=f"post:{number % 2}"), {aino.pk: Kind.COMMENT}, NOON)
    assert read_all(aino, NOON + timedelta(hours=1), NOON) == 7
    assert set(Notification.objects.values_list("read_at", flat=True)) == {NOON}


def test_what_is_withdrawn_was_never_told(aino: Person, bo: Person) -> None:
    for number in (1, 2, 3):
        tell(comment(number), {aino.pk: Kind.COMMENT, bo.pk: Kind.COMMENT}, NOON)
    assert withdraw(["comment:3", "comment:99"]) == 2
    assert (leading(aino), leading(bo)) == (["comment:2"], ["comment:2"])
    assert withdraw(["comment:1"]) == 2
    assert leading(aino) == ["comment:2"]
    assert withdraw([]) == 0


def test_what_was_read_at_once_is_led_on_by_the_next(aino: Person) -> None:
    for number in (1, 2):
        tell(comment(number), {aino.pk: Kind.COMMENT}, NOON)
    read(aino, ["post:4"])
    tell(comment(3), {aino.pk: Kind.COMMENT}, NOON)
    withdraw(["comment:2"])
    assert leading(aino) == ["comment:3", "comment:1"]


@pytest.mark.django_db(transaction=True)
def test_what_is_told_while_something_is_withdrawn_leads_alone(aino: Person) -> None:
    for number in (1, 2):
        tell(comment(number), {aino.pk: Kind.COMMENT}, NOON)

    def tell_more() -> None:
        tell(comment(3), {aino.pk: Kind.COMMENT}, NOON)
        connection.close()

    worker = Thread(target=tell_more)
    with transaction.atomic():
        withdraw(["comment:2"])
        worker.start()
        worker.join(0.5)  # waits for the withdrawal to end
    worker.join()
    assert leading(aino) == ["comment:3"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("reading", [lambda person: read(person, ["post:4"]), lambda person: read_all(person, FAR)])
def test_what_is_read_while_more_is_told_is_not_lost_from_the_inbox(
    aino: Person, reading: Callable[[Person], int]
) -> None:
    tell(comment(1), {aino.pk: Kind.COMMENT}, NOON)

    def read_it() -> None:
        reading(aino)
        connection.close()

    worker = Thread(target=read_it)
    with transaction.atomic():
        tell(comment(2), {aino.pk: Kind.COMMENT}, NOON)
        worker.start()
        worker.join(0.5)  # waits for the telling to end
    worker.join()
    heads = Notification.objects.for_inbox(aino).values_list("kind", "read_at")
    assert set(heads) == set(Notification.objects.values_list("kind", "read_at"))


def test_a_group_is_withdrawn_whole(aino: Person) -> None:
    tell(comment(1), {aino.pk: Kind.COMMENT}, NOON)
    tell(comment(2, group="post:5"), {aino.pk: Kind.COMMENT}, NOON)
    assert withdraw_groups(["post:4"]) == 1
    assert leading(aino) == ["comment:2"]


def crowd(size: int) -> list[int]:
    people = [Person(username=f"p{n}", display_name=f"P {n}", email=f"p{n}@example.com") for n in range(size)]
    return [person.pk for person in Person.objects.bulk_create(people)]


@pytest.mark.parametrize("size", [2, 5000])
def test_five_thousand_are_told_with_as_many_statements_as_two(
    db: None, django_assert_num_queries: DjangoAssertNumQueries, size: int
) -> None:
    told = dict.fromkeys(crowd(size), Kind.WATCHED)
    with django_assert_num_queries(6):  # choices, people, begin, lock, rows, commit
        assert tell(comment(1), told, NOON) == size
