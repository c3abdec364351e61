"""Feeds that say they have moved, at rest, or left alone with their server: what an admin sees and decides."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator.models import Blog, Feed, FeedState, Host
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
FEEDS = "/admin/aggregator/feed/"
OLD, NEW = "https://blogs.example/engines", "https://engines.example/feed"


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One item for each time the workers were told that something is due."""
    told: list[bool] = []
    monkeypatch.setattr("aggregator.admin.moves.wake_workers", lambda: told.append(True))
    return told


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    """A healthy feed that has said three times that it has moved to another host."""
    feed = make_blog("Engines", url=OLD).feeds.get()
    Feed.objects.update(
        next_poll_at=timezone.now() + timedelta(hours=1),
        etag='"1"',
        moved_url=NEW,
        moved_times=3,
        moved_state="asks",
    )
    return feed


def decide(client: Client, feed: Feed, what: str, url: str = NEW) -> str:
    answer = client.post(f"{FEEDS}{feed.pk}/move/{what}/", {"moved_url": url}, follow=True)
    assert answer.status_code == 200
    return str(answer.content.decode())


def test_adopting_gives_the_new_address_and_polls_at_once(desk: Client, feed: Feed, woken: list[bool]) -> None:
    html = decide(desk, feed, "adopt")
    feed.refresh_from_db()
    assert (feed.url, feed.host, feed.etag) == (NEW, "engines.example", "")
    assert (feed.moved_url, feed.moved_times, feed.moved_state) == ("", 0, "")
    assert feed in Feed.objects.due(timezone.now())
    assert woken == [True]
    assert f"“Engines” is polled at {NEW} from now on." in html


def test_a_paused_feed_gets_the_new_address_and_stays_paused(desk: Client, feed: Feed) -> None:
    feed.pause()
    decide(desk, feed, "adopt")
    assert Feed.objects.values("url", "state").get() == {"url": NEW, "state": FeedState.PAUSED}


def test_staying_keeps_the_address_and_asks_no_more(desk: Client, feed: Feed, woken: list[bool]) -> None:
    html = decide(desk, feed, "stay")
    feed.refresh_from_db()
    assert (feed.url, feed.etag, feed.moved_state) == (OLD, '"1"', "stays")
    assert f"“Engines” stays at {OLD}." in html
    assert "Adopt the new address" not in html
    assert "(not followed)" in html
    assert not woken


@pytest.mark.parametrize("what", ["adopt", "stay"])
def test_deciding_twice_is_as_good_as_once(desk: Client, feed: Feed, what: str) -> None:
    decide(desk, feed, what)
    before = Feed.objects.values("url", "moved_state", "next_poll_at").get()
    html = decide(desk, feed, what)
    assert Feed.objects.values("url", "moved_state", "next_poll_at").get() == before
    assert "look again" not in html


@pytest.mark.parametrize("what", ["adopt", "stay"])
def test_a_decision_holds_for_the_address_that_was_shown(desk: Client, feed: Feed, what: str) -> None:
    for url in ("https://evil.example/feed", ""):
        assert "look again" in decide(desk, feed, what, url)
    assert Feed.objects.values("url", "moved_url", "moved_state").get() == {
        "url": OLD,
        "moved_url": NEW,
        "moved_state": "asks",
    }


def test_the_address_of_another_feed_is_not_given_twice(
    desk: Client, feed: Feed, make_blog: Callable[..., Blog]
) -> None:
    make_blog("Turbines", url=NEW.replace("https", "http"))
    html = decide(desk, feed, "adopt")
    assert "The new address is that of a feed of “Turbines” already." in html
    feed.refresh_from_db()
    assert (feed.url, feed.moved_state) == (OLD, "asks")
    page = desk.get(f"{FEEDS}{feed.pk}/change/").content.decode()
    assert "The new address is that of a feed of “Turbines” already." in page


def test_an_address_that_is_not_allowed_by_now_is_not_adopted(desk: Client, feed: Feed, settings: Settings) -> None:
    settings.FETCH_ALLOW = "only, blogs.example"
    decide(desk, feed, "adopt")
    assert Feed.objects.get().url == OLD


@pytest.mark.parametrize("what", ["adopt", "stay"])
def test_a_decision_is_posted_by_those_who_may_change_feeds(
    client: Client, desk: Client, aino: Person, feed: Feed, what: str
) -> None:
    path = f"{FEEDS}{feed.pk}/move/{what}/"
    assert desk.get(path).status_code == 405
    assert desk.post(f"{FEEDS}999999/move/{what}/", {"moved_url": NEW}).status_code == 404
    aino.is_staff = True
    aino.save()
    aino.user_permissions.set(Permission.objects.filter(codename="view_feed"))
    client.force_login(aino)
    assert client.post(path, {"moved_url": NEW}).status_code == 403
    client.logout()
    assert client.post(path, {"moved_url": NEW}).status_code == 302  # to sign-in
    assert Feed.objects.values("url", "moved_state").get() == {"url": OLD, "moved_state": "asks"}


@pytest.mark.parametrize(("page", "form"), [("", "changelist-form"), ("{pk}/change/", "feed-move")])
def test_the_buttons_belong_to_a_form_with_a_token(desk: Client, feed: Feed, page: str, form: str) -> None:
    html = desk.get(FEEDS + page.format(pk=feed.pk)).content.decode()
    for what in ("adopt", "stay"):
        owner = f' form="{form}"' if page else ""
        assert f'value="{NEW}" formaction="{FEEDS}{feed.pk}/move/{what}/" formnovalidate{owner}>' in html
    begin = html.index(f'<form id="{form}" method="post"')
    assert "csrfmiddlewaretoken" in html[begin : html.index("</form>", begin)]
    assert page or "formaction" in html[begin : html.index("</form>", begin)]


@pytest.mark.parametrize(
    ("situation", "columns", "shown"),
    [
        ("seen once", {"moved_times": 1, "moved_state": "seen"}, "(seen 1 of 3 times)"),
        ("seen twice, to be asked about", {"moved_times": 2}, "(seen 2 of 3 times)"),
        ("declined", {"moved_state": "stays"}, "(not followed)"),
    ],
)
def test_a_move_that_needs_nobody_has_no_buttons(
    desk: Client, feed: Feed, situation: str, columns: dict[str, object], shown: str
) -> None:
    Feed.objects.update(**columns)
    html = desk.get(FEEDS).content.decode()
    assert shown in html, situation
    assert "formaction" not in html


def test_those_that_wait_for_a_decision_come_after_the_ill_and_are_found(
    desk: Client, feed: Feed, make_blog: Callable[..., Blog]
) -> None:
    make_blog("A healthy one")
    make_blog("Z ill").feeds.update(consecutive_failures=1, failing_since=timezone.now())
    html = desk.get(FEEDS).content.decode()
    assert html.index(">Z ill<") < html.index(">Engines<") < html.index(">A healthy one<")
    found = desk.get(f"{FEEDS}?health=moved").content.decode()
    assert ">Engines<" in found
    assert ">Z ill<" not in found


# --- at rest, left alone, and what is asked for ------------------------------------------------------------------


def test_a_feed_at_rest_is_shown_as_such(desk: Client, feed: Feed) -> None:
    Feed.objects.update(
        state=FeedState.RESTING, consecutive_failures=30, failing_since=timezone.now() - timedelta(days=20)
    )
    for page in (FEEDS, "/admin/aggregator/blog/"):
        assert "resting: failing for 2\xa0weeks, tried once a day" in desk.get(page).content.decode()


def test_a_server_that_is_left_alone_is_named_with_its_feeds(desk: Client, feed: Feed) -> None:
    Host.objects.create(name="blogs.example", slow_until=timezone.now() + timedelta(minutes=9, seconds=30))
    words = "its server refused several feeds and is left alone for 9\xa0minutes"
    Feed.objects.update(host="blogs.example")
    for page in (FEEDS, f"{FEEDS}{feed.pk}/change/"):
        assert words in desk.get(page).content.decode()
    Feed.objects.update(next_poll_at=timezone.now())
    assert "next now" not in desk.get(FEEDS).content.decode()  # due, and not polled all the same
    Host.objects.update(slow_until=timezone.now() - timedelta(seconds=1))
    assert words not in desk.get(FEEDS).content.decode()


def test_the_feed_s_page_tells_what_its_publisher_asks_for(desk: Client, feed: Feed) -> None:
    Feed.objects.update(ttl=5400, skip_hours=0b1001, skip_days=0b1000001)
    html = desk.get(f"{FEEDS}{feed.pk}/change/").content.decode()
    assert f"{FEEDS}{feed.pk}/polls/" in html
    assert "90 minutes between polls; no polls at 0, 3 o&#x27;clock (UTC); no polls on Monday, Sunday" in html


def test_the_list_costs_the_same_however_many_have_moved(
    desk: Client, feed: Feed, make_blog: Callable[..., Blog], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(20):
        make_blog()
    Feed.objects.update(moved_url=NEW, moved_times=3, moved_state="asks")
    Host.objects.create(name="blogs.example", slow_until=timezone.now() + timedelta(minutes=9))
    with django_assert_num_queries(4):
        desk.get(FEEDS)
