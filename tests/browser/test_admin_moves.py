"""An admin decides on a feed that says it has moved: one click, from the list and from the feed's own page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from aggregator.models import Blog, Feed, Host
from bloghub.people.models import Person
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
OLD, NEW = "https://blogs.example/engines", "https://engines.example/feed"


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    """A feed that has said three times that it has moved to another host."""
    now = timezone.now()
    feed = make_blog("Engines", url=OLD).feeds.get()
    Feed.objects.update(
        **{"moved_url": NEW, "moved_times": 3, "moved_state": "asks", "next_poll_at": now + timedelta(hours=1)},
        **{"ttl": 5400, "skip_hours": 0b111111, "last_polled_at": now, "last_good_at": now},
    )
    Host.objects.create(name="blogs.example", slow_until=now + timedelta(minutes=9))
    return feed


@pytest.mark.parametrize("width", [1440, 390])
def test_one_click_in_the_list_adopts_the_new_address(
    open_page: OpenPage, admin: Person, feed: Feed, width: int
) -> None:
    page = open_page("/admin/aggregator/feed/", person=admin, width=width)
    page.get_by_role("button", name="Adopt the new address").click()
    expect(page.get_by_text(f"is polled at {NEW} from now on.")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]  # kept by tests.browser.conftest.watch
    assert Feed.objects.get().url == NEW


@pytest.mark.parametrize("width", [1440, 390])
def test_one_click_on_the_feed_s_page_stays(open_page: OpenPage, admin: Person, feed: Feed, width: int) -> None:
    page = open_page(f"/admin/aggregator/feed/{feed.pk}/change/", person=admin, width=width)
    page.get_by_role("button", name="Stay").click()
    expect(page.get_by_text(f"stays at {OLD}.")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]  # kept by tests.browser.conftest.watch
    assert Feed.objects.values("url", "moved_state").get() == {"url": OLD, "moved_state": "stays"}


def test_enter_in_the_address_saves_it_and_decides_nothing(open_page: OpenPage, admin: Person, feed: Feed) -> None:
    page = open_page(f"/admin/aggregator/feed/{feed.pk}/change/", person=admin)
    page.get_by_label("Address").fill("https://third.example/feed")
    page.get_by_label("Address").press("Enter")
    expect(page.get_by_text("was changed successfully")).to_be_visible()
    assert Feed.objects.get().url == "https://third.example/feed"
