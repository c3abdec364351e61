"""/metrics: the numbers of the health page, for those who may read them; to everybody else nothing is there."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator.health.figures import Figure, exposition
from aggregator.models import Blog, FeedState, Host, PollHour
from aggregator.models.poll_hour import PollSums
from bloghub.people.models import Person
from tests.aggregator.ills import be_well, fall_ill, move_away

pytestmark = pytest.mark.django_db
NOW = timezone.now()
TOKEN = "a-token-of-thirty-two-characters"


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the tests before took."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def numbers(client: Client, **headers: str) -> dict[str, float]:
    """Name with labels → value, as a machine reads it."""
    answer = client.get("/metrics", headers=headers)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
    lines = [line for line in answer.content.decode().splitlines() if line and not line.startswith("#")]
    return {name: float(value) for name, value in (line.rsplit(" ", 1) for line in lines)}


@pytest.fixture
def some_trouble(make_blog: Callable[..., Blog]) -> None:
    be_well(make_blog("Well"), NOW)
    fall_ill(make_blog("Long"), NOW)
    fall_ill(make_blog("Hiccup"), NOW, ago=timedelta(hours=1), last_error_code="dns")
    fall_ill(make_blog("Gone"), NOW, state=FeedState.GONE, last_error_code="http_410")
    move_away(make_blog("Moved"), NOW, "https://new.example/feed")
    be_well(make_blog("Due"), NOW).blog.feeds.update(next_poll_at=NOW - timedelta(minutes=10))
    Host.objects.create(name="slow.example", slow_until=NOW + timedelta(minutes=10))
    PollHour.objects.add(PollSums(40, 3, 10, 7, 80.0, 9.5), NOW - timedelta(hours=1))


# --- what it says ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("some_trouble")
def test_it_tells_states_needs_reasons_and_the_watchdog(desk: Client) -> None:
    told = numbers(desk)
    assert told['bloghub_feeds{state="active"}'] == 5
    assert told['bloghub_feeds{state="gone"}'] == told['bloghub_feeds_in_trouble{need="gone"}'] == 1
    assert told['bloghub_feeds_in_trouble{need="failing"}'] == told['bloghub_feeds_in_trouble{need="hiccup"}'] == 1
    assert told['bloghub_feed_errors{reason="certificate"}'] == told['bloghub_feed_errors{reason="dns"}'] == 1
    assert told["bloghub_oldest_due_feed_seconds"] >= 600
    assert told["bloghub_newest_good_poll_seconds"] >= 60
    assert told["bloghub_polling_stands_still"] == 1
    assert told['bloghub_poll_lag_seconds{hour="previous"}'] == 2


@pytest.mark.usefixtures("some_trouble")
def test_it_agrees_with_the_health_page(desk: Client) -> None:
    told = numbers(desk)
    html = desk.get("/admin/aggregator/feed/health/").content.decode()
    page = re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))
    feeds = sum(value for name, value in told.items() if name.startswith("bloghub_feeds{"))
    assert f"Feeds {feeds:.0f}" in page
    in_need = sum(told[f'bloghub_feeds_in_trouble{{need="{need}"}}'] for need in ("moved", "gone", "failing"))
    assert f"Need somebody {in_need:.0f}" in page
    assert f"Due, and nobody at it yet {told['bloghub_feeds_due']:.0f}" in page
    polls, failed = (told[f'bloghub_polls{which}{{hour="previous"}}'] for which in ("", "_failed"))
    assert f"Polls in the last full hour {polls:.0f} {failed:.0f} failed" in page
    assert f"Servers left alone for a while {told['bloghub_hosts_slowed']:.0f}" in page
    assert ("stands still" in page) == bool(told["bloghub_polling_stands_still"])
    certificates = told['bloghub_feed_errors{reason="certificate"}']
    assert f"certificate {certificates:.0f}" in page


@pytest.mark.usefixtures("some_trouble")
def test_every_name_is_explained_once_and_stands_together(desk: Client) -> None:
    lines = desk.get("/metrics").content.decode().splitlines()
    names = [re.split(r"[{ ]", line)[0] for line in lines if not line.startswith("#")]
    together = [name for place, name in enumerate(names) if place == 0 or names[place - 1] != name]
    assert len(together) == len(set(together))
    assert [line.split()[2] for line in lines if line.startswith("# TYPE")] == together
    assert all(re.fullmatch(r'[a-z_]+(\{[a-z]+="[^"]*"\})? -?[0-9.e+-]+', line) for line in lines if line[0] != "#")


def test_an_empty_hub_has_metrics_too(desk: Client) -> None:
    told = numbers(desk)
    assert told['bloghub_feeds{state="active"}'] == told["bloghub_polling_stands_still"] == 0
    assert "bloghub_newest_good_poll_seconds" not in told


def test_labels_are_escaped() -> None:
    figure = Figure("x", 1.5, 'a\n"b"\\', (("reason", 'a"b\\c\nd'),))
    assert exposition([figure]) == '# HELP x a\\n"b"\\\\\n# TYPE x gauge\nx{reason="a\\"b\\\\c\\nd"} 1.5\n'


def test_it_costs_a_fixed_number_of_queries(
    desk: Client, make_blog: Callable[..., Blog], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        fall_ill(make_blog(), NOW)
    desk.get("/metrics")
    with django_assert_num_queries(10):
        desk.get("/metrics")


# --- who may read it ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "wrong", f"{TOKEN}x", TOKEN[:-1], f"{TOKEN}é"])
def test_without_the_right_token_nothing_is_there(client: Client, settings: Settings, token: str) -> None:
    settings.METRICS_TOKEN = TOKEN
    answer = client.get("/metrics", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 404
    assert b"bloghub_" not in answer.content


def test_with_the_token_a_machine_may_read(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = TOKEN
    assert numbers(client, Authorization=f"Bearer {TOKEN}")
    assert numbers(client, Authorization=f"bearer {TOKEN}")


@pytest.mark.parametrize("sent", ["Bearer ", "Bearer", "", "Basic Og=="])
def test_without_a_token_in_the_settings_none_is_right(client: Client, settings: Settings, sent: str) -> None:
    settings.METRICS_TOKEN = ""
    assert client.get("/metrics", headers={"Authorization": sent}).status_code == 404


def test_strangers_and_readers_find_nothing(client: Client, aino: Person) -> None:
    local = {"X-Forwarded-For": "127.0.0.1"}
    assert client.get("/metrics", headers=local).status_code == 404
    client.force_login(aino)
    assert client.get("/metrics", headers=local).status_code == 404
    aino.is_staff = True
    aino.save()
    assert client.get("/metrics").status_code == 404


def test_it_is_never_kept(desk: Client) -> None:
    assert "no-store" in desk.get("/metrics")["Cache-Control"]


def test_it_rejects_post(desk: Client) -> None:
    assert desk.post("/metrics").status_code == 405
