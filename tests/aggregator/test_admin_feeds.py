"""Feeds, posts and tags in the admin, and what an admin can do about polling."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from kombu.exceptions import OperationalError
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator import waking
from aggregator.admin import polling
from aggregator.models import Blog, Feed, FeedState, Post
from aggregator.tasks import claim_due_feeds
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
FEEDS, BLOGS = "/admin/aggregator/feed/", "/admin/aggregator/blog/"


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """One item for each time the workers were told that something is due."""
    told: list[bool] = []
    monkeypatch.setattr(waking, "_publish", lambda *_told: told.append(True))
    return told


def act(desk: Client, action: str, *feeds: Feed, path: str = FEEDS) -> str:
    chosen = [feed.pk if path == FEEDS else feed.blog_id for feed in feeds]
    answer = desk.post(path, {"action": action, "_selected_action": chosen}, follow=True)
    return str(answer.content.decode())


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    """A healthy feed whose time has not come."""
    feed = make_blog("Engines").feeds.get()
    Feed.objects.update(next_poll_at=timezone.now() + timedelta(hours=1))
    return feed


# --- a new address ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_feed_does_not_move_to_another_blog_s_feed_by_another_scheme(
    desk: Client, feed: Feed, make_blog: Callable[..., Blog], scheme: str
) -> None:
    make_blog("Taken already", url=f"{'http' if scheme == 'https' else 'https'}://taken.example/feed")
    answer = desk.post(f"{FEEDS}{feed.pk}/change/", {"url": f"{scheme}://taken.example/feed"})
    assert "Taken already" in answer.content.decode()
    assert Feed.objects.filter(url=feed.url).exists()


def test_a_feed_moves_from_http_to_https(desk: Client, feed: Feed, woken: list[bool]) -> None:
    Feed.objects.update(url="http://blogs.example/feed")
    assert desk.post(f"{FEEDS}{feed.pk}/change/", {"url": "https://blogs.example/feed"}).status_code == 302
    assert Feed.objects.get().url == "https://blogs.example/feed"


# --- actions -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", [FEEDS, BLOGS])
def test_poll_now_makes_the_feed_due_and_wakes_the_workers(
    desk: Client,
    feed: Feed,
    path: str,
    woken: list[bool],
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        html = act(desk, "poll_now", feed, path=path)
    assert feed in Feed.objects.due(timezone.now())
    assert "1 feed is due now" in html
    assert len(woken) == 1


def test_poll_now_leaves_paused_feeds_alone_and_says_so(desk: Client, feed: Feed, woken: list[bool]) -> None:
    feed.pause()
    html = act(desk, "poll_now", feed)
    assert not Feed.objects.due(timezone.now()).exists()
    assert "1 feed is not polled at present" in html
    assert "due now" not in html


@pytest.mark.parametrize("path", [FEEDS, BLOGS])
def test_pause_takes_the_feed_from_whoever_polls_it(desk: Client, feed: Feed, path: str) -> None:
    Feed.objects.update(lease_until=timezone.now(), lease_token=uuid4())
    html = act(desk, "pause", feed, path=path)
    feed.refresh_from_db()
    assert (feed.state, feed.lease_token) == (FeedState.PAUSED, None)
    assert "1 feed is paused" in html


@pytest.mark.parametrize("state", [FeedState.PAUSED, FeedState.QUARANTINED, FeedState.GONE])
def test_resume_polls_again_at_once(desk: Client, feed: Feed, state: FeedState, woken: list[bool]) -> None:
    Feed.objects.update(state=state, attempts=3)
    html = act(desk, "resume", feed)
    feed.refresh_from_db()
    assert (feed.state, feed.attempts) == (FeedState.ACTIVE, 0)
    assert feed in Feed.objects.due(timezone.now())
    assert "1 feed is polled again" in html


@pytest.mark.parametrize("action", ["poll_now", "pause", "resume"])
def test_an_action_twice_is_as_good_as_once(desk: Client, feed: Feed, action: str, woken: list[bool]) -> None:
    act(desk, action, feed)
    before = Feed.objects.values("state", "attempts", "lease_token").get()
    act(desk, action, feed)
    assert Feed.objects.values("state", "attempts", "lease_token").get() == before


@pytest.mark.parametrize("action", ["poll_now", "pause", "resume"])
def test_actions_need_the_permission_to_change(client: Client, aino: Person, feed: Feed, action: str) -> None:
    aino.is_staff = True
    aino.save()
    aino.user_permissions.set(Permission.objects.filter(codename__in=["view_feed", "view_blog"]))
    client.force_login(aino)
    before = Feed.objects.values().get()
    act(client, action, feed)
    act(client, action, feed, path=BLOGS)
    assert Feed.objects.values().get() == before


def test_a_broker_that_is_away_spoils_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def away(**_options: object) -> None:
        raise OperationalError("nobody there")

    monkeypatch.setattr(claim_due_feeds, "apply_async", away)
    waking._publish(claim_due_feeds, "celery")


def test_a_broker_that_is_frozen_holds_up_no_page(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    thaw, done = threading.Event(), threading.Event()

    def publish(*_told: object) -> None:
        thaw.wait(30)
        done.set()

    monkeypatch.setattr(waking, "_publish", publish)
    with django_capture_on_commit_callbacks(execute=True):
        polling.wake_workers()
    assert not done.is_set()  # we are back here, and the broker has not answered yet
    thaw.set()
    assert done.wait(30)


# --- feeds -------------------------------------------------------------------------------------------------------


def test_the_list_tells_state_times_failures_and_the_reason(
    desk: Client, feed: Feed, make_post: Callable[..., Post]
) -> None:
    make_post(feed.blog), make_post(feed.blog)
    Feed.objects.update(
        consecutive_failures=7,
        failing_since=timezone.now() - timedelta(days=3),
        last_polled_at=timezone.now(),
        last_error="BlogHub does not visit port 8080.",
        last_error_hint="BLOGHUB_FETCH_ALLOW=blogs:8080",
    )
    html = desk.get(FEEDS).content.decode()
    shown = (feed.url, "Engines", "failing for 3\xa0days, 7 times in a row", "just now", "next in")
    for words in (*shown, "BlogHub does not visit port 8080.", "<code>BLOGHUB_FETCH_ALLOW=blogs:8080</code>"):
        assert words in html
    assert 'class="field-post_count">2<' in html


def test_the_list_begins_with_what_a_human_must_look_at(desk: Client, make_blog: Callable[..., Blog]) -> None:
    now = timezone.now()
    make_blog("A well")
    make_blog("B paused").feeds.update(state=FeedState.PAUSED, consecutive_failures=1)
    make_blog("C failing").feeds.update(consecutive_failures=2, failing_since=now - timedelta(days=1))
    make_blog("D set aside").feeds.update(state=FeedState.QUARANTINED)
    make_blog("E failing longer").feeds.update(consecutive_failures=1, failing_since=now - timedelta(days=2))
    html = desk.get(FEEDS).content.decode()
    titles = ["E failing longer", "C failing", "D set aside"]
    places = [html.index(f">{title}<") for title in titles]
    assert places == sorted(places)
    assert max(places) < min(html.index(">A well<"), html.index(">B paused<"))
    assert html.index(">B paused<") > 0


def test_the_list_costs_the_same_for_one_feed_and_for_twenty(
    desk: Client, make_blog: Callable[..., Blog], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_blog()
    with django_assert_num_queries(4):
        desk.get(FEEDS)
    for _ in range(20):
        make_blog()
    with django_assert_num_queries(4):
        desk.get(FEEDS)


@pytest.mark.parametrize(
    ("query", "count"), [("health=failing", 2), ("health=well", 1), ("state=quarantined", 1), ("q=Ill", 1)]
)
def test_the_list_is_filtered_and_searched(
    desk: Client, make_blog: Callable[..., Blog], query: str, count: int
) -> None:
    make_blog("Well")
    make_blog("Ill").feeds.update(consecutive_failures=2)
    make_blog("Breaks parsers").feeds.update(state=FeedState.QUARANTINED)
    assert f"{count} feed" in desk.get(f"{FEEDS}?{query}").content.decode()


def test_a_feeds_page_tells_what_an_operator_would_add(desk: Client, feed: Feed) -> None:
    Feed.objects.update(
        consecutive_failures=2,
        failing_since=timezone.now(),
        last_error="BlogHub does not visit port 8080.",
        last_error_hint="BLOGHUB_FETCH_ALLOW=blogs:8080",
        notes="The feed gives no dates.",
    )
    html = desk.get(f"{FEEDS}{feed.pk}/change/").content.decode()
    for shown in ("BlogHub does not visit port 8080.", "BLOGHUB_FETCH_ALLOW=blogs:8080", "The feed gives no dates."):
        assert shown in html


def test_a_feed_can_be_given_a_new_address_and_starts_afresh(desk: Client, feed: Feed, woken: list[bool]) -> None:
    Feed.objects.update(etag='"1"', body_hash="x" * 32, consecutive_failures=9, state=FeedState.GONE, last_error="Gone")
    desk.post(f"{FEEDS}{feed.pk}/change/", {"url": "https://New.example/feed", "state": "paused", "blog": "999"})
    feed.refresh_from_db()
    assert (feed.url, feed.host, feed.etag, feed.body_hash) == ("https://new.example/feed", "new.example", "", "")
    assert (feed.state, feed.consecutive_failures, feed.last_error) == (FeedState.ACTIVE, 0, "")
    assert feed in Feed.objects.due(timezone.now())


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1/feed", "file:///etc/passwd", "http://169.254.169.254/", "http://[::1", ""]
)
def test_a_feed_is_not_given_an_address_that_may_not_be_fetched(
    desk: Client, feed: Feed, url: str, settings: Settings
) -> None:
    settings.FETCH_ALLOW = ""
    assert desk.post(f"{FEEDS}{feed.pk}/change/", {"url": url}).status_code == 200
    assert Feed.objects.get().url == feed.url


def test_a_feed_is_not_given_the_address_of_another(desk: Client, feed: Feed, make_blog: Callable[..., Blog]) -> None:
    other = make_blog().feeds.get()
    html = desk.post(f"{FEEDS}{feed.pk}/change/", {"url": other.url}).content.decode()
    assert f"This is a feed of “{other.blog}” already." in html
    feed.refresh_from_db()
    assert feed.url != other.url


def test_feeds_come_by_registration_only(desk: Client) -> None:
    assert desk.get(f"{FEEDS}add/").status_code == 403
