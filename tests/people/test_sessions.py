"""Who stays signed in: as long as the session runs and the person may come in, and no longer."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from bloghub.celery import app
from bloghub.people.models import Person, Session
from bloghub.people.sessions import STARTED, end_sessions
from bloghub.people.tasks import remove_ended_sessions
from bloghub.schedule import BEAT_SCHEDULE

IN, OUT = 200, 302
HOUR = timedelta(hours=1)
MOMENT = timedelta(seconds=30)


@pytest.fixture
def wait(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Lets time pass."""
    real, passed = timezone.now, timedelta()

    def pass_by(span: timedelta) -> None:
        nonlocal passed
        passed += span
        monkeypatch.setattr(timezone, "now", lambda: real() + passed)

    return pass_by


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    assert client.get("/latest/").status_code == IN
    return client


def test_an_ended_session_is_over(reader: Client) -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert reader.get("/latest/").status_code == OUT


def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(reader: Client) -> None:
    copy = Client()
    copy.cookies.update(reader.cookies)
    assert copy.get("/latest/").status_code == IN
    reader.post("/sign-out/")
    assert copy.get("/latest/").status_code == OUT


@pytest.mark.parametrize("change", [{"is_active": False}, {"password": "changed"}])
def test_who_was_shut_out_is_out_at_once(reader: Client, aino: Person, change: dict[str, object]) -> None:
    Person.objects.filter(pk=aino.pk).update(**change)
    assert reader.get("/latest/").status_code == OUT


def test_a_person_who_was_deleted_is_out(reader: Client, aino: Person) -> None:
    aino.delete()
    assert reader.get("/latest/").status_code == OUT


def test_a_made_up_session_is_nobodys(client: Client, db: None, settings: Settings) -> None:
    client.cookies[settings.SESSION_COOKIE_NAME] = "x" * 32
    assert client.get("/latest/").status_code == OUT


def visit(reader: Client) -> tuple[int, bool]:
    """The status of a visit, and whether the session was written down."""
    with CaptureQueriesContext(connection) as seen:
        status = reader.get("/latest/").status_code
    return status, any(query["sql"].startswith("UPDATE") for query in seen.captured_queries)


def test_twelve_hours_without_a_visit_end_it(reader: Client, wait: Callable[[timedelta], None]) -> None:
    wait(12 * HOUR - MOMENT)
    assert reader.get("/latest/").status_code == IN
    wait(12 * HOUR + MOMENT)
    assert reader.get("/latest/").status_code == OUT


def test_visits_renew_it_and_are_written_down_once_an_hour(
    reader: Client, wait: Callable[[timedelta], None], settings: Settings
) -> None:
    assert visit(reader) == (IN, False)
    wait(HOUR - MOMENT)
    assert visit(reader) == (IN, False)
    wait(2 * MOMENT)
    assert visit(reader) == (IN, True)
    assert 12 * 3600 - 5 <= int(reader.cookies[settings.SESSION_COOKIE_NAME]["max-age"]) <= 12 * 3600
    assert visit(reader) == (IN, False)


def test_a_week_after_the_sign_in_it_ends_however_busy(reader: Client, wait: Callable[[timedelta], None]) -> None:
    for _visit in range(7 * 3 - 1):
        wait(8 * HOUR)
        assert reader.get("/latest/").status_code == IN
    wait(8 * HOUR - 2 * MOMENT)
    assert visit(reader) == (IN, False)  # nothing to renew on the last day
    wait(3 * MOMENT)
    assert reader.get("/latest/").status_code == OUT


def test_after_that_a_new_sign_in_starts_a_new_week(
    reader: Client, aino: Person, wait: Callable[[timedelta], None]
) -> None:
    before = reader.session.session_key
    wait(timedelta(days=8))
    reader.force_login(aino)
    assert reader.session.session_key != before
    for _visit in range(7 * 3 - 1):
        wait(8 * HOUR)
        assert reader.get("/latest/").status_code == IN


def test_a_session_that_does_not_know_its_start_is_not_renewed(
    reader: Client, wait: Callable[[timedelta], None]
) -> None:
    held = Session.objects.get()
    data = held.get_decoded()
    del data[STARTED]
    Session.objects.update(session_data=reader.session.encode(data))
    wait(11 * HOUR)
    assert visit(reader) == (IN, False)
    wait(HOUR + MOMENT)
    assert reader.get("/latest/").status_code == OUT


def test_ended_sessions_are_removed_and_no_others(
    reader: Client, bo: Person, wait: Callable[[timedelta], None]
) -> None:
    old = set(Session.objects.values_list("pk", flat=True))
    wait(13 * HOUR)
    Client().force_login(bo)
    remove_ended_sessions()
    remove_ended_sessions()
    assert Session.objects.count() == 1
    assert not Session.objects.filter(pk__in=old).exists()


def test_workers_know_every_task_that_beat_starts() -> None:
    app.loader.import_default_modules()
    names = {entry["task"] for entry in BEAT_SCHEDULE.values()}
    assert "bloghub.people.tasks.remove_ended_sessions" in names
    assert names <= set(app.tasks)


def test_the_sessions_of_one_who_is_shut_out_end_and_nobody_elses(reader: Client, aino: Person, bo: Person) -> None:
    other = Client()
    other.force_login(bo)
    end_sessions([aino])
    assert (reader.get("/latest/").status_code, other.get("/latest/").status_code) == (OUT, IN)
    aino.refresh_from_db()
    bo.delete()
    assert other.get("/latest/").status_code == OUT


def test_whoever_comes_after_somebody_is_themselves(reader: Client, bo: Person) -> None:
    """Threads serve one person after the other, and what was read of the first must not be taken for the second."""
    other = Client()
    other.force_login(bo)
    for _time in range(2):
        assert "Aino" in reader.get("/latest/").text
        assert 'href="/people/bo/"' in other.get("/latest/").text


def test_the_session_and_its_person_are_read_at_once(
    reader: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(3):  # session and person, the bell, the posts
        reader.get("/latest/")
