"""Mails: one for each person with all that waits for them, once, whatever the mail server does."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, time, timedelta
from email.message import EmailMessage
from threading import Thread

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from pytest_django.fixtures import Settings

from aggregator.models import Audience, Blog
from bloghub.notifications import delivery
from bloghub.notifications.delivery import FIRST_PAUSE, LONGEST_PAUSE, MOST_ATTEMPTS, deliver_due
from bloghub.notifications.models import Kind, Notification, Preferences
from bloghub.notifications.telling import read, tell
from bloghub.people.models import Person
from tests.notifications.cast import NOON, comment
from tests.notifications.conftest import Told
from tests.smtp import Sink, serve

DUE = NOON + timedelta(minutes=10)


@pytest.fixture
def sink(settings: Settings) -> Iterator[Sink]:
    with serve(Sink()) as sink:
        settings.MAIL_SERVER, settings.EMAIL_TIMEOUT = sink.server(), 0.5
        settings.PUBLIC_URL = "https://blogs.example"
        yield sink


def words(message: EmailMessage) -> tuple[str, str]:
    """Its plain text and its HTML."""
    plain, html = message.iter_parts()
    assert isinstance(plain, EmailMessage)
    assert isinstance(html, EmailMessage)
    return plain.get_content(), html.get_content()


def test_a_mail_comes_after_ten_minutes_and_once(sink: Sink, told: Told) -> None:
    told(1, Kind.REPLY)
    assert deliver_due(DUE - timedelta(seconds=1)) == 0
    assert (deliver_due(DUE), deliver_due(DUE + timedelta(hours=1))) == (1, 0)
    [message] = sink.messages
    assert (message["To"], message["Subject"]) == ("aino@example.com", "Bo Ekdahl answered you: Three weeks of fog")
    for body in words(message):
        assert "Words of comment 1." in body
        assert "https://blogs.example/comments/1/" in body
        assert "https://blogs.example/settings/notifications/" in body


def test_all_that_waits_comes_in_one_mail(sink: Sink, told: Told) -> None:
    told(1, Kind.REPLY)
    told(2, Kind.COMMENT, group="post:5", title="Ice in May")
    told(3, Kind.COMMENT, group="post:5", title="Ice in May")
    told(4, Kind.WATCHED, group="post:6", title="Not by mail")
    assert deliver_due(DUE) == 1
    plain, html = words(sink.messages[0])
    assert sink.messages[0]["Subject"] == "Bo Ekdahl commented on your post, and 1 more"
    assert (plain.count("Ice in May"), html.count("Ice in May")) == (1, 1)
    assert "Not by mail" not in plain
    assert len(sink.messages[0]["References"].split()) == 2


def test_what_was_read_meanwhile_is_not_mailed(sink: Sink, told: Told, aino: Person) -> None:
    told(1, Kind.REPLY)
    told(2, Kind.REPLY, group="post:5", title="Ice in May")
    read(aino, ["post:4"])
    deliver_due(DUE)
    assert "Three weeks" not in words(sink.messages[0])[0]
    told(3, Kind.REPLY)
    read(aino, ["post:4"])
    assert deliver_due(DUE) == 0


def test_nothing_of_a_restricted_blog_leaves_the_hub(
    sink: Sink, told: Told, make_blog: Callable[..., Blog], crew: Group, aino: Person
) -> None:
    aino.groups.add(crew)
    told(1, Kind.REPLY, scope=make_blog(for_groups=(crew,)).pk)
    told(2, Kind.REPLY, group="post:5", confidential=True)
    assert deliver_due(DUE) == 1
    [(_to, data)] = sink.letters
    assert sink.messages[0]["Subject"] == "Something new for you on the hub"
    for body in words(sink.messages[0]):
        assert "https://blogs.example/notifications/" in body
        assert "https://blogs.example/comments/" not in body
    for secret in (b"fog", b"Words of", b"Ekdahl"):
        assert secret not in data


def test_what_one_may_not_see_any_more_is_not_mailed(
    sink: Sink, told: Told, make_blog: Callable[..., Blog], crew: Group
) -> None:
    blog = make_blog()
    told(1, Kind.REPLY, scope=blog.pk)
    Blog.objects.filter(pk=blog.pk).update(audience=Audience.GROUPS)
    assert deliver_due(DUE) == 0
    assert sink.letters == []


def test_who_has_left_gets_no_mail(sink: Sink, told: Told, aino: Person) -> None:
    told(1, Kind.REPLY)
    Person.objects.filter(pk=aino.pk).update(is_active=False)
    assert (deliver_due(DUE), sink.letters) == (0, [])
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()


def test_quiet_hours_chosen_since_are_kept(sink: Sink, told: Told, aino: Person) -> None:
    told(1, Kind.REPLY)
    Preferences.objects.create(person=aino, quiet_from=time(14), quiet_until=time(15, 30))  # in Helsinki
    assert deliver_due(DUE) == 0
    assert Notification.objects.get().mail_due_at == datetime(2026, 11, 20, 13, 30, tzinfo=UTC)
    assert deliver_due(datetime(2026, 11, 20, 13, 30, tzinfo=UTC)) == 1


def test_headers_make_it_a_machines_mail_that_one_click_ends(sink: Sink, told: Told) -> None:
    told(1, Kind.REPLY)
    deliver_due(DUE)
    [message] = sink.messages
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["List-Id"] == "<notifications.blogs.example>"
    assert message["List-Unsubscribe"].startswith("<https://blogs.example/notifications/mailings/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(
    "text", ["Fog\r\nBcc: eve@evil.example", "=?utf-8?q?=0D=0ABcc:eve@evil.example?=", "x" * 10_000]
)
def test_names_and_titles_add_no_recipient(sink: Sink, told: Told, bo: Person, text: str) -> None:
    Person.objects.filter(pk=bo.pk).update(display_name=text[:120])
    told(1, Kind.REPLY, title=text, excerpt=text)
    assert deliver_due(DUE) == 1
    [(recipients, data)] = sink.letters
    head = data.partition(b"\r\n\r\n")[0].lower()
    assert recipients == ["aino@example.com"]
    assert (head.count(b"\r\nsubject:"), b"\r\nbcc" in head) == (1, False)


def test_hostile_words_are_only_words(sink: Sink, told: Told) -> None:
    told(1, Kind.REPLY, title="<img src=x onerror=alert(1)>", excerpt="<script>alert(1)</script>")
    deliver_due(DUE)
    html = words(sink.messages[0])[1]
    assert "<img" not in html
    assert "<script" not in html


def test_a_server_that_is_away_makes_mails_wait_ever_longer(told: Told, settings: Settings) -> None:
    with serve(Sink()) as sink:
        settings.MAIL_SERVER = sink.server()
    told(1, Kind.REPLY)
    now, pauses = DUE, []
    for _ in range(MOST_ATTEMPTS - 1):
        assert deliver_due(now) == 0
        due = Notification.objects.get().mail_due_at
        assert due
        pauses.append(due - now)
        now = due
    assert (pauses[:3], pauses[-1]) == ([FIRST_PAUSE, 2 * FIRST_PAUSE, 4 * FIRST_PAUSE], LONGEST_PAUSE)
    assert sum(pauses, timedelta()) > timedelta(days=1, hours=20)
    deliver_due(now)
    assert Notification.objects.get().mail_due_at is None
    assert Notification.objects.get().mailed_at is None


def test_without_starttls_nothing_is_sent_and_nothing_is_lost(sink: Sink, told: Told, settings: Settings) -> None:
    settings.MAIL_SERVER = sink.server("smtp+starttls")
    told(1, Kind.REPLY)
    assert deliver_due(DUE) == 0
    assert sink.letters == []
    assert not [line for line in sink.in_clear if "@" in line]
    settings.MAIL_SERVER = sink.server()
    assert deliver_due(DUE + FIRST_PAUSE) == 1


@pytest.mark.parametrize("answer", ["drip", "451 later", "550 no such person"])
def test_a_mail_that_does_not_get_through_keeps_no_other_back(
    sink: Sink, told: Told, bo: Person, aino: Person, answer: str
) -> None:
    sink.refuses = {aino.email: answer}
    told(1, Kind.REPLY)
    told(2, Kind.REPLY, to=bo, actor_id=aino.pk)
    assert deliver_due(DUE) == 1
    assert [to for to, _ in sink.letters] == [["bo@example.com"]]
    waiting = Notification.objects.get(recipient=aino)
    assert waiting.mail_due_at == (None if answer.startswith("550") else DUE + FIRST_PAUSE)
    assert waiting.mailed_at is None


def test_when_letters_fail_in_a_row_it_is_the_server(
    sink: Sink, told: Told, monkeypatch: pytest.MonkeyPatch, aino: Person, bo: Person, admin: Person
) -> None:
    monkeypatch.setattr(delivery, "PATIENCE", 2)
    sink.refuses = {person.email: "451 later" for person in (aino, bo)}
    for number, person in enumerate((aino, bo, admin)):
        told(number, Kind.REPLY, to=person, actor_id=None)
    assert deliver_due(DUE) == 0
    due = Notification.objects.values_list("mail_due_at", flat=True)
    assert set(due) == {DUE + FIRST_PAUSE}


def test_what_a_run_has_no_time_for_is_due_at_once(
    sink: Sink, told: Told, monkeypatch: pytest.MonkeyPatch, bo: Person, aino: Person
) -> None:
    told(1, Kind.REPLY)
    told(2, Kind.REPLY, to=bo, actor_id=aino.pk)
    over = iter([False, False, True, True])
    monkeypatch.setattr(delivery._Run, "is_over", property(lambda run: next(over)))
    assert deliver_due(DUE) == 1
    monkeypatch.undo()
    assert deliver_due(DUE) == 1


@pytest.mark.django_db(transaction=True)
def test_two_workers_send_each_mail_once(sink: Sink) -> None:
    people = Person.objects.bulk_create(
        [Person(username=f"p{n}", display_name=f"P {n}", email=f"p{n}@example.com") for n in range(130)]
    )
    for number in (1, 2):
        tell(comment(number, scope=None), {person.pk: Kind.REPLY for person in people}, NOON)

    def work() -> None:
        deliver_due(DUE)
        connection.close()

    workers = [Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    deliver_due(DUE)
    recipients = sorted(to for [to], _ in sink.letters)
    assert recipients == sorted(person.email for person in people)
