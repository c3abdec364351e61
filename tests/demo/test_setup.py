"""``setup_demo`` registers the company on a hub that is not in use, and nowhere else."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Feed
from aggregator.tasks import hurry_demo_feeds
from bloghub.people.models import Person
from tests.demo.kaltiva import KALTIVA

pytestmark = pytest.mark.django_db


def test_it_registers_the_company() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    assert Blog.objects.count() == 13
    assert {urlsplit(feed.url).path for feed in Feed.objects.all()} == {
        blog.feed_path for blog in KALTIVA.blogs.values()
    }
    assert Feed.objects.due(datetime.now(UTC)).count() == 13
    assert Blog.objects.get(title="Pump House Diary").owners.count() == 2


def test_nobody_in_the_demo_has_a_password_or_rights() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    people = Person.objects.filter(is_demo=True)
    assert people.count() == 14
    assert not any(person.has_usable_password() or person.is_staff or person.is_superuser for person in people)
    assert people.get(username="haruka.nishimura").email == "haruka.nishimura@kaltiva.example"


def test_the_works_council_blog_is_for_its_members() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    blog = Blog.objects.filter(title="Round Table")
    assert blog.visible_to(Person.objects.get(username="elin.sjogren")).exists()
    assert not blog.visible_to(Person.objects.get(username="tiago.moura")).exists()


def test_twice_is_once_and_a_new_address_is_followed() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    Feed.objects.update(next_poll_at=datetime.now(UTC) + timedelta(hours=1))
    call_command("setup_demo", address="127.0.0.1:9901")
    assert (Blog.objects.count(), Person.objects.count()) == (13, 14)
    assert not Feed.objects.exclude(url__startswith="http://127.0.0.1:9901/").exists()
    assert not Blog.objects.exclude(homepage_url__startswith="http://127.0.0.1:9901/").exists()
    assert Feed.objects.due(datetime.now(UTC)).count() == 13


def test_what_was_learned_about_the_old_address_is_forgotten() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    token = Feed.objects.all().claim(datetime.now(UTC), limit=20).token
    Feed.objects.update(etag='"1"', body_hash="hash", consecutive_failures=3, last_error="No answer.")
    call_command("setup_demo", address="127.0.0.1:9901")
    assert not Feed.objects.held(token).exists()
    assert Feed.objects.due(datetime.now(UTC)).count() == 13
    assert set(Feed.objects.values_list("etag", "body_hash", "last_error")) == {("", "", "")}


def test_at_the_same_address_everything_learned_is_kept() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    Feed.objects.update(etag='"1"', body_hash="hash")
    call_command("setup_demo", address="127.0.0.1:8801")
    assert set(Feed.objects.values_list("etag", "body_hash")) == {('"1"', "hash")}


def test_its_feeds_are_hurried_and_no_others(settings: Settings, make_blog: Callable[..., Blog]) -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    make_blog(url="http://127.0.0.1:88012/feed")
    Feed.objects.update(next_poll_at=datetime.now(UTC) + timedelta(hours=1))
    settings.DEMO_ADDRESS = "127.0.0.1:8801"
    with CaptureQueriesContext(connection) as seen:
        hurry_demo_feeds()
    assert Feed.objects.due(datetime.now(UTC)).count() == 13
    [locked] = [query["sql"] for query in seen.captured_queries if query["sql"].startswith("SELECT")]
    assert locked.endswith("ORDER BY 1 ASC FOR UPDATE SKIP LOCKED")


def test_a_deleted_demo_blog_stays_deleted() -> None:
    call_command("setup_demo", address="127.0.0.1:8801")
    Blog.objects.get(title="Hot Metal").delete()
    call_command("setup_demo", address="127.0.0.1:8801")
    assert Blog.objects.count() == 12


def test_it_stays_away_from_a_hub_in_use() -> None:
    Blog.objects.create(title="A real one", slug="a-real-one")
    call_command("setup_demo", address="127.0.0.1:8801")
    assert Blog.objects.count() == 1 and not Person.objects.exists()


def test_a_real_colleague_of_the_same_name_is_left_alone() -> None:
    Person.objects.create_user("Eero.Nurmi", "eero@company.example", display_name="Eero N.")
    call_command("setup_demo", address="127.0.0.1:8801")
    real = Person.objects.get(username="Eero.Nurmi")
    assert (real.is_demo, real.display_name, real.blogs.count()) == (False, "Eero N.", 0)


@pytest.mark.parametrize("address", ["", "10.0.0.1:80", "127.0.0.1", "127.0.0.1:80.attacker.example"])
def test_it_knows_no_other_address_than_loopback(address: str) -> None:
    with pytest.raises(CommandError, match="only"):
        call_command("setup_demo", address=address)
