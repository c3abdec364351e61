"""Days and years are those of whoever asks, wherever they show: in filters, facets and saved searches."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Post
from aggregator.search import saving, windows
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.pages import text_of, titles
from tests.aggregator.search.asked import count_words

Tell = Callable[..., Post]
NEW_YEAR = {
    "Pacific/Auckland": datetime(2023, 12, 31, 18, tzinfo=UTC),
    "America/Lima": datetime(2024, 1, 1, 2, tzinfo=UTC),
}


@pytest.fixture
def live_in(client: Client, aino: Person) -> Callable[[str], Client]:
    """Aino's browser, when she lives there."""

    def live(zone: str) -> Client:
        Person.objects.filter(pk=aino.pk).update(time_zone=zone)
        client.force_login(Person.objects.get(pk=aino.pk))
        return client

    return live


def came_at(post: Post, moment: datetime) -> None:
    Post.objects.filter(pk=post.pk).update(published_at=moment)
    index_posts([post.pk])


@pytest.mark.parametrize(("zone", "year"), [("Pacific/Auckland", 2024), ("America/Lima", 2023), ("", None)])
def test_a_year_is_the_readers(
    live_in: Callable[[str], Client], tell: Tell, zone: str, year: int | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "FEW", 0)
    moment = NEW_YEAR.get(zone, datetime(2024, 1, 1, tzinfo=UTC))
    came_at(tell("Pump"), moment)
    came_at(tell("Old pump"), datetime(2010, 6, 1, tzinfo=UTC))
    tell("New pump")
    count_words()
    reader, year = live_in(zone), year or 2024
    html = text_of(reader, "/search/?q=pump")
    assert f"<bdi>{year}</bdi>" in html
    for days in (f"after:{year}-01 before:{year + 1}", f"before:{year + 1}", f"after:{year} before:{year}-12-32"):
        assert "<mark>Pump</mark>" in titles(text_of(reader, f"/search/?q=pump+{days}")), days
    for days in (f"after:{year + 1}", f"before:{year}"):
        assert "<mark>Pump</mark>" not in titles(text_of(reader, f"/search/?q=pump+{days}")), days


@pytest.mark.parametrize("days", ["after:9999y", "before:0001", "after:0001 before:9999-12-31", "before:9999"])
@pytest.mark.parametrize("zone", ["Pacific/Auckland", "America/Lima"])
def test_the_ends_of_the_calendar_are_days(live_in: Callable[[str], Client], tell: Tell, zone: str, days: str) -> None:
    tell("Pump")
    assert "<h1" in text_of(live_in(zone), f"/search/?q=pump+{days}")


def test_an_alert_begins_with_its_owners_day(aino: Person, bo: Person, make_post: Callable[..., Post]) -> None:
    now = datetime(2026, 11, 22, 20, tzinfo=UTC)  # the 23rd in Auckland
    for person, zone in ((aino, "Pacific/Auckland"), (bo, "UTC")):
        Person.objects.filter(pk=person.pk).update(time_zone=zone)
        saving.save(person, Wanted("Today's seals", "seal after:today", True), timezone.now())
    post = make_post(title="Seals")
    came_at(post, now - timedelta(hours=10))  # the 22nd in UTC, and 23 o'clock of the 22nd in Auckland
    tell_of_matches(now)
    assert [row.recipient for row in Notification.objects.all()] == [bo]


def test_who_lives_where_nobody_knows_lives_with_the_hub(aino: Person) -> None:
    aino.time_zone = "../etc/Atlantis"
    assert str(aino.zone) == "UTC"
