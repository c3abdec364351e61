"""Who is told of an ill feed: owners once after a day and once when it is well, writers by letter, admins weekly."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.db.models.functions import Lower
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.health import telling
from aggregator.models import Blog, Feed, FeedState
from bloghub.lib.mail import Letter, LetterRefusedError, ServerTroubleError
from bloghub.notifications.choices import choose
from bloghub.notifications.delivery import deliver_due
from bloghub.notifications.models import Delivery, Kind, Notification
from bloghub.people.models import Person
from tests.aggregator.ills import be_well, fall_ill, move_away

pytestmark = pytest.mark.django_db
NOW = timezone.now()
MONDAY = datetime(2026, 11, 23, 6, 30, tzinfo=UTC)


@pytest.fixture
def mails(settings: Settings, tmp_path: Path) -> Callable[[], list[EmailMessage]]:
    """What has gone out, in the order of their names."""
    settings.MAIL_SERVER, settings.MAIL_DIR = None, tmp_path

    def sent() -> list[EmailMessage]:
        found = [
            message_from_bytes(path.read_bytes(), policy=policy.default) for path in sorted(tmp_path.glob("*.eml"))
        ]
        return [mail for mail in found if isinstance(mail, EmailMessage)]

    return sent


@pytest.fixture
def owned(make_blog: Callable[..., Blog], bo: Person) -> Blog:
    blog = make_blog("Engines")
    blog.owners.add(bo)
    return blog


@pytest.fixture
def unowned(make_blog: Callable[..., Blog]) -> Blog:
    return make_blog("Harbour", contact_email="writer@corp.example")


def text_of(mail: EmailMessage) -> str:
    body = mail.get_body(("plain",))
    assert isinstance(body, EmailMessage)
    return str(body.get_content())


def told(person: Person) -> list[str]:
    return list(Notification.objects.filter(recipient=person).order_by("pk").values_list("title", flat=True))


# --- owners ------------------------------------------------------------------------------------------------------


def test_the_owner_gets_one_mail_after_a_day_with_reason_and_advice(
    owned: Blog, bo: Person, mails: Callable[[], list[EmailMessage]]
) -> None:
    fall_ill(owned, NOW, ago=timedelta(hours=24))
    assert telling.tell_owners(NOW) == 1
    assert telling.tell_owners(NOW + timedelta(hours=5)) == 0
    deliver_due(NOW + timedelta(minutes=11))
    [mail] = mails()
    assert mail["To"] == "bo@example.com"
    assert "“Engines” cannot be read since" in mail["Subject"]
    for words in ("ended on 3 May 2026.", "renew or correct its certificate", "/polling/", "goes on trying"):
        assert words in text_of(mail)


def test_before_a_day_is_over_nobody_is_bothered(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW, ago=timedelta(hours=23, minutes=59))
    assert telling.tell_owners(NOW) == 0
    assert told(bo) == []


def test_the_owner_gets_one_mail_when_it_is_well_again(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW)
    telling.tell_owners(NOW)
    be_well(owned, NOW + timedelta(hours=1))
    assert [telling.tell_owners(NOW + timedelta(hours=hour)) for hour in (1, 2)] == [1, 0]
    assert told(bo)[1] == "“Engines” is read again"
    assert Feed.objects.get().trouble_told_at is None


def test_a_hiccup_that_was_not_told_is_not_told_as_well_again(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW, ago=timedelta(hours=2))
    telling.tell_owners(NOW)
    be_well(owned, NOW)
    telling.tell_owners(NOW)
    assert told(bo) == []


def test_the_next_trouble_is_told_again(owned: Blog, bo: Person) -> None:
    for now in (NOW - timedelta(days=9), NOW):
        fall_ill(owned, now)
        telling.tell_owners(now)
        be_well(owned, now + timedelta(hours=1))
        telling.tell_owners(now + timedelta(hours=1))
    assert len(told(bo)) == 4


@pytest.mark.parametrize("state", [FeedState.GONE, FeedState.QUARANTINED])
def test_gone_and_quarantined_are_told_at_once(owned: Blog, bo: Person, state: FeedState) -> None:
    feed = fall_ill(owned, NOW, ago=timedelta(minutes=1), state=state)
    assert telling.tell_gone([feed.pk]) == 1
    assert telling.tell_gone([feed.pk]) == telling.tell_owners(timezone.now()) == 0
    [title] = told(bo)
    assert title == ("“Engines” is gone, says its server" if state == FeedState.GONE else title)
    assert "not try again by itself" in Notification.objects.get().excerpt


@pytest.mark.parametrize("way", ["new address", "resumed"])
def test_well_again_is_told_after_a_good_answer_only(owned: Blog, bo: Person, way: str) -> None:
    feed = fall_ill(owned, NOW, state=FeedState.GONE, consecutive_failures=0, last_good_at=NOW - timedelta(days=4))
    telling.tell_owners(NOW)
    feed.move_to("https://new.example/feed", NOW) if way == "new address" else feed.resume(NOW)
    assert telling.tell_owners(NOW + timedelta(seconds=5)) == 0
    be_well(owned, NOW + timedelta(minutes=5))
    assert telling.tell_owners(NOW + timedelta(minutes=5)) == 1
    assert told(bo)[1:] == ["“Engines” is read again"]


def test_the_page_that_says_why_counts_as_read(owned: Blog, bo: Person, client: Client) -> None:
    fall_ill(owned, NOW)
    telling.tell_owners(NOW)
    client.force_login(bo)
    assert client.get(f"/blogs/{owned.slug}/polling/").status_code == 200
    assert not Notification.objects.unread(bo).exists()


def test_what_the_poll_forgot_to_tell_is_told_by_the_clock(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW, ago=timedelta(minutes=1), state=FeedState.GONE)
    assert telling.tell_owners(NOW) == 1


def test_gone_is_told_although_its_failing_was(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW)
    telling.tell_owners(NOW - timedelta(hours=1))
    Feed.objects.update(state=FeedState.GONE, last_polled_at=NOW, last_error_code="http_410")
    telling.tell_owners(NOW + timedelta(minutes=1))
    assert told(bo)[1] == "“Engines” is gone, says its server"


def test_a_feed_that_only_failed_is_not_told_as_gone(owned: Blog, bo: Person) -> None:
    feed = fall_ill(owned, NOW)
    assert telling.tell_gone([feed.pk]) == 0


def test_a_paused_feed_is_nobodys_trouble(owned: Blog, bo: Person) -> None:
    fall_ill(owned, NOW, state=FeedState.PAUSED)
    assert telling.tell_owners(NOW) == 0


def test_who_wishes_no_mail_of_it_gets_none(owned: Blog, bo: Person, mails: Callable[[], list[EmailMessage]]) -> None:
    choose(bo, {Kind.FEED: Delivery.INBOX})
    fall_ill(owned, NOW)
    telling.tell_owners(NOW)
    deliver_due(NOW + timedelta(hours=1))
    assert len(told(bo)) == 1
    assert mails() == []


def test_of_a_restricted_blog_no_word_leaves_the_hub(
    make_blog: Callable[..., Blog], crew: Group, bo: Person, mails: Callable[[], list[EmailMessage]]
) -> None:
    blog = make_blog("Quendor", for_groups=(crew,))
    blog.owners.add(bo)
    other = make_blog("Frobozz", for_groups=(crew,), contact_email="writer@corp.example")
    Blog.objects.update(slug=Lower("title"))
    fall_ill(blog, NOW, last_error="Quendor is down.")
    fall_ill(other, NOW, last_error="Frobozz is down.")
    telling.tell_owners(NOW)
    deliver_due(NOW + timedelta(minutes=11))
    assert {mail["To"] for mail in mails()} == {"bo@example.com", "writer@corp.example"}
    assert not any(word in str(mail).lower() for mail in mails() for word in ("quendor", "frobozz"))


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_once(owned: Blog, unowned: Blog, bo: Person, mails: Callable[[], list[EmailMessage]]) -> None:
    fall_ill(owned, NOW)
    fall_ill(unowned, NOW)
    start = threading.Barrier(3)

    def work() -> None:
        start.wait()
        try:
            telling.tell_owners(NOW)
        finally:
            connection.close()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(told(bo)) == 1
    assert [mail["To"] for mail in mails()] == ["writer@corp.example"]


def test_a_worker_that_dies_tells_all_or_nobody(owned: Blog, bo: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    fall_ill(owned, NOW)

    def die(*_: object) -> int:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(telling, "tell", die)
        with pytest.raises(KeyboardInterrupt):
            telling.tell_owners(NOW)
    assert Feed.objects.get().trouble_told_at is None
    telling.tell_owners(NOW)
    assert len(told(bo)) == 1


# --- writers without an account ----------------------------------------------------------------------------------


def test_while_a_blog_has_no_owner_its_writer_gets_the_letters(
    unowned: Blog, mails: Callable[[], list[EmailMessage]]
) -> None:
    fall_ill(unowned, NOW)
    telling.tell_owners(NOW)
    telling.tell_owners(NOW)
    [mail] = mails()
    assert mail["To"] == "writer@corp.example"
    assert "“Harbour” cannot be read since" in mail["Subject"]
    assert "ended on 3 May 2026." in text_of(mail)
    be_well(unowned, NOW + timedelta(hours=1))
    telling.tell_owners(NOW + timedelta(hours=1))
    assert [mail["Subject"] for mail in mails() if "again" in mail["Subject"]] == ["“Harbour” is read again"]


def test_a_blog_with_neither_is_no_stumbling_block(
    make_blog: Callable[..., Blog], owned: Blog, bo: Person, mails: Callable[[], list[EmailMessage]]
) -> None:
    fall_ill(make_blog("Nobody's"), NOW)
    fall_ill(owned, NOW)
    assert telling.tell_owners(NOW) == 2
    assert len(told(bo)) == 1
    assert mails() == []


def test_letters_wait_for_the_mail_server_and_owners_do_not(
    make_blog: Callable[..., Blog],
    unowned: Blog,
    owned: Blog,
    bo: Person,
    mails: Callable[[], list[EmailMessage]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    other = make_blog("Quay", contact_email="other@corp.example")
    for blog in (unowned, other, owned):
        fall_ill(blog, NOW)
    tried: list[str] = []

    def away(_self: object, letter: Letter) -> None:
        tried.append(letter.to)
        raise ServerTroubleError("away")

    with monkeypatch.context() as patch:
        patch.setattr("bloghub.lib.mail._Folder.send", away)
        telling.tell_owners(NOW)
    assert tried == ["writer@corp.example"]
    assert len(told(bo)) == 1
    telling.tell_owners(NOW)
    assert sorted(mail["To"] for mail in mails()) == ["other@corp.example", "writer@corp.example"]


@pytest.mark.parametrize(("lasting", "again"), [(True, 1), (False, 2)])
def test_a_refused_letter_is_tried_again_unless_it_is_in_vain(
    unowned: Blog, monkeypatch: pytest.MonkeyPatch, settings: Settings, lasting: bool, again: int
) -> None:
    settings.MAIL_SERVER = None
    fall_ill(unowned, NOW, ago=timedelta(hours=25))
    tried: list[str] = []

    def refuse(_self: object, letter: Letter) -> None:
        tried.append(letter.to)
        raise LetterRefusedError("no", lasting=lasting)

    monkeypatch.setattr("bloghub.lib.mail._Folder.send", refuse)
    telling.tell_owners(NOW)
    telling.tell_owners(NOW)
    assert len(tried) == again


# --- admins ------------------------------------------------------------------------------------------------------


def test_admins_get_one_summary_a_week_when_somebody_is_needed(
    admin: Person, aino: Person, make_blog: Callable[..., Blog]
) -> None:
    fall_ill(make_blog("Engines"), MONDAY)
    move_away(make_blog("Harbour"), MONDAY, "https://new.example/")
    assert telling.tell_admins(MONDAY) == 1
    assert telling.tell_admins(MONDAY + timedelta(hours=3)) == 0
    [row] = Notification.objects.all()
    assert (row.recipient, row.title, row.url) == (admin, "2 feeds need somebody", "/admin/aggregator/feed/health/")
    for words in ("1 has failed for over a day.", "1 says it has moved", "Most read among them: Engines, Harbour."):
        assert words in row.excerpt
    assert telling.tell_admins(MONDAY + timedelta(days=7)) == 1


def test_the_summary_names_no_restricted_blog(admin: Person, make_blog: Callable[..., Blog], crew: Group) -> None:
    fall_ill(make_blog("Quendor", for_groups=(crew,)), MONDAY)
    fall_ill(make_blog("Engines"), MONDAY)
    telling.tell_admins(MONDAY)
    row = Notification.objects.get()
    assert "Engines" in row.excerpt
    assert "Quendor" not in row.title + row.excerpt


def test_there_is_no_summary_when_there_is_nothing_to_say(admin: Person, make_blog: Callable[..., Blog]) -> None:
    be_well(make_blog(), MONDAY)
    fall_ill(make_blog(), MONDAY, ago=timedelta(hours=2))
    assert telling.tell_admins(MONDAY) == 0


@pytest.mark.parametrize("moment", [MONDAY - timedelta(hours=1), MONDAY + timedelta(days=1)])
def test_the_summary_comes_on_monday_morning(admin: Person, make_blog: Callable[..., Blog], moment: datetime) -> None:
    fall_ill(make_blog(), moment)
    assert telling.tell_admins(moment) == 0


def test_the_summary_is_for_staff_who_see_feeds(
    admin: Person, aino: Person, bo: Person, make_blog: Callable[..., Blog]
) -> None:
    aino.is_staff = bo.is_staff = True
    aino.save()
    bo.save()
    bo.user_permissions.add(Permission.objects.get(codename="view_feed"))
    assert telling.admins() == sorted([admin.pk, bo.pk])


def test_a_standstill_is_in_the_summary(admin: Person, make_blog: Callable[..., Blog]) -> None:
    be_well(make_blog(), MONDAY)
    Feed.objects.update(next_poll_at=MONDAY - timedelta(hours=1))
    telling.tell_admins(MONDAY)
    assert Notification.objects.get().title == "Polling stands still"
