"""The health page: what a human must look at first, whether polling goes on, and who may look."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from aggregator.models import Blog, Feed, FeedState, Host, LeaseState, PollHour, Post, WebSubLease
from aggregator.models.poll_hour import PollSums
from aggregator.polling.history import Visit, pack
from bloghub.people.models import Person
from tests.aggregator.ills import be_well, fall_ill, move_away, read

pytestmark = pytest.mark.django_db
PAGE = "/admin/aggregator/feed/health/"
NOW = timezone.now()


@pytest.fixture(autouse=True)
def at_now(monkeypatch: pytest.MonkeyPatch) -> None:
    """However long the tests before took."""
    monkeypatch.setattr(timezone, "now", lambda: NOW)


def text_of(html: str) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", html)))


def page(desk: Client) -> str:
    answer = desk.get(PAGE)
    assert answer.status_code == 200
    return text_of(answer.content.decode())


def chapters(desk: Client) -> list[str]:
    html = desk.get(PAGE).content.decode()
    return re.findall(r'<h2 id="need-(\w+)">', html)


# --- what a human must look at -----------------------------------------------------------------------------------


def test_a_hub_that_is_well_says_so(desk: Client, make_blog: Callable[..., Blog]) -> None:
    be_well(make_blog("Well"), NOW)
    shown = page(desk)
    assert "All feeds are well. Nobody has to do anything." in shown
    assert "stands still" not in shown


def test_a_hub_without_feeds_says_so(desk: Client) -> None:
    assert "No feed is registered yet." in page(desk)


def test_an_ill_feed_is_shown_with_reason_advice_times_and_readers(
    desk: Client, make_blog: Callable[..., Blog], make_post: Callable[..., Post], aino: Person, bo: Person
) -> None:
    blog = make_blog("Engines", last_post_at=NOW - timedelta(hours=5))
    fall_ill(blog, NOW, ago=timedelta(hours=30), last_good_at=NOW - timedelta(hours=31))
    post, other = make_post(blog), make_post(blog)
    read(post, aino, bo, at=NOW - timedelta(days=1))
    read(other, aino, at=NOW - timedelta(days=2))
    shown = page(desk)
    for words in ("Failing for over a day 1", "Engines", "ended on 3 May 2026.", "renew or correct its certificate"):
        assert words in shown
    assert "Readers in 30 days 2" in shown
    assert "Failing for 1 day, 6 hours" in shown
    assert "Last post 5 hours ago" in shown


def test_readings_of_long_ago_are_not_counted(
    desk: Client, make_blog: Callable[..., Blog], make_post: Callable[..., Post], aino: Person
) -> None:
    blog = make_blog()
    fall_ill(blog, NOW)
    read(make_post(blog), aino, at=NOW - timedelta(days=31))
    assert "Readers in 30 days 0" in page(desk)


def test_each_need_has_its_place_the_most_urgent_first(desk: Client, make_blog: Callable[..., Blog]) -> None:
    fall_ill(make_blog("hiccup"), NOW, ago=timedelta(hours=2))
    fall_ill(make_blog("resting"), NOW, ago=timedelta(days=20), state=FeedState.RESTING)
    fall_ill(make_blog("long"), NOW)
    fall_ill(make_blog("gone"), NOW, state=FeedState.GONE, last_error_code="http_410")
    fall_ill(make_blog("breaks"), NOW, state=FeedState.QUARANTINED, last_error_code="parser_died")
    move_away(make_blog("moved"), NOW, "https://new.example/feed")
    fall_ill(make_blog("paused"), NOW, state=FeedState.PAUSED)
    assert chapters(desk) == ["moved", "quarantined", "gone", "failing", "resting", "hiccup"]
    shown = page(desk)
    assert "Need somebody 4" in shown
    assert "paused" not in shown.partition("The last two days")[0]


def test_among_equals_the_most_read_come_first(
    desk: Client, make_blog: Callable[..., Blog], make_post: Callable[..., Post], aino: Person
) -> None:
    fall_ill(make_blog("Long silent"), NOW, ago=timedelta(days=300))
    blog = make_blog("Much read")
    fall_ill(blog, NOW, ago=timedelta(days=2))
    read(make_post(blog), aino, at=NOW)
    shown = page(desk)
    assert shown.index("Much read") < shown.index("Long silent")


def test_a_move_is_decided_from_here(desk: Client, make_blog: Callable[..., Blog]) -> None:
    feed = move_away(make_blog("Moved"), NOW, "https://new.example/feed")
    html = desk.get(PAGE).content.decode()
    assert "https://new.example/feed" in html
    action = re.search(r'formaction="([^"]+/move/stay/)"', html)
    assert action
    desk.post(action[1], {"moved_url": feed.moved_url})
    assert "moved" not in chapters(desk)


def test_a_web_page_where_a_feed_was_asks_whether_the_blog_moved(desk: Client, make_blog: Callable[..., Blog]) -> None:
    fall_ill(
        make_blog(),
        NOW,
        last_good_at=NOW - timedelta(days=4),
        last_error="The address answers with a web page, not a feed.",
        last_error_code="web_page",
    )
    assert "The address now answers with a web page, not a feed; did the blog move?" in page(desk)


def test_what_the_policy_refuses_shows_the_line_to_add(desk: Client, make_blog: Callable[..., Blog]) -> None:
    fall_ill(make_blog(), NOW, last_error_code="blocked_port", last_error_hint="BLOGHUB_FETCH_ALLOW=blogs:8080")
    assert "BLOGHUB_FETCH_ALLOW=blogs:8080" in page(desk)


def test_hosts_left_alone_and_hubs_that_refused_are_shown(desk: Client, make_blog: Callable[..., Blog]) -> None:
    feed = be_well(make_blog("Pushed"), NOW)
    Host.objects.create(name="slow.example", slow_until=NOW + timedelta(minutes=10))
    Host.objects.create(name="fine.example", slow_until=NOW - timedelta(minutes=10))
    WebSubLease.objects.create(
        feed=feed, hub_url="https://hub.example/", topic_url=feed.url, state=LeaseState.REFUSED, last_error="No."
    )
    shown = page(desk)
    assert "slow.example" in shown
    assert "fine.example" not in shown
    assert "Pushed : https://hub.example/ , No." in shown


def test_many_in_need_are_cut_and_counted(desk: Client, make_blog: Callable[..., Blog]) -> None:
    for number in range(27):
        fall_ill(make_blog(f"Ill {number:02}"), NOW, ago=timedelta(days=40 - number))
    shown = page(desk)
    assert "Failing for over a day 27" in shown
    assert "All 27 in the list of feeds" in shown
    assert "Ill 14" in shown
    assert "Ill 15" not in shown


def test_what_strangers_wrote_stays_text(desk: Client, make_blog: Callable[..., Blog]) -> None:
    fall_ill(make_blog("<script>alert(1)</script>"), NOW, last_error="<img src=x onerror=alert(2)>")
    html = desk.get(PAGE).content.decode()
    assert "<script>alert" not in html
    assert "<img src=x" not in html


# --- the watchdog ------------------------------------------------------------------------------------------------


def test_a_feed_that_nobody_takes_raises_the_alarm(desk: Client, make_blog: Callable[..., Blog]) -> None:
    be_well(make_blog(), NOW)
    Feed.objects.update(next_poll_at=NOW - timedelta(minutes=4))
    html = desk.get(PAGE).content.decode()
    assert 'role="alert"' in html
    assert "Polling stands still: a feed has been due for 4 minutes and no worker takes it." in text_of(html)


@pytest.mark.parametrize(
    "columns",
    [
        {"next_poll_at": NOW - timedelta(minutes=1)},  # the next tick takes it
        {"next_poll_at": NOW - timedelta(hours=1), "lease_until": NOW + timedelta(minutes=5)},  # somebody is at it
        {"next_poll_at": NOW - timedelta(days=9), "state": FeedState.PAUSED},
    ],
)
def test_no_alarm_while_polling_goes_on(
    desk: Client, make_blog: Callable[..., Blog], columns: dict[str, object]
) -> None:
    be_well(make_blog(), NOW)
    Feed.objects.update(**columns)
    assert 'role="alert"' not in desk.get(PAGE).content.decode()


def test_when_nothing_answers_the_alarm_names_the_way_out(desk: Client, make_blog: Callable[..., Blog]) -> None:
    for _ in range(5):
        fall_ill(make_blog(), NOW, ago=timedelta(minutes=20), last_good_at=NOW - timedelta(minutes=25))
    assert "No feed has answered for 25 minutes, though many were asked." in page(desk)


# --- charts ------------------------------------------------------------------------------------------------------


def test_charts_have_bars_and_the_numbers_as_a_table(desk: Client, make_blog: Callable[..., Blog]) -> None:
    fall_ill(make_blog(), NOW)
    hour = NOW - timedelta(hours=1)
    PollHour.objects.add(PollSums(polls=40, changed=3, failed=10, posts=7, lag_total=80.0, lag_most=9.5), hour)
    html = desk.get(PAGE).content.decode()
    assert html.count('<rect class="good"') == html.count('<rect class="failed" x=') == 1
    shown = text_of(html)
    assert "40 10 7 2.0 9.5" in shown
    assert "Polls in the last full hour 40 10 failed" in shown
    assert "certificate 1" in shown
    assert "<script" not in html.partition('id="content"')[2].partition("</main>")[0]


def test_hours_add_up_and_old_ones_go(db: None) -> None:
    for moment in (NOW, NOW, NOW - timedelta(days=36)):
        PollHour.objects.add(PollSums(polls=2, failed=1, lag_total=3.0, lag_most=2.0), moment)
    PollHour.objects.forget(NOW)
    [hour] = PollHour.objects.all()
    assert (hour.polls, hour.failed, hour.lag_mean, hour.lag_most) == (4, 2, 1.5, 2.0)


# --- a feed's last polls -----------------------------------------------------------------------------------------


def test_a_feeds_page_has_its_last_polls_the_newest_first(desk: Client, make_blog: Callable[..., Blog]) -> None:
    feed = fall_ill(make_blog("Engines"), NOW)
    visits = [Visit(NOW - timedelta(hours=2), "changed", 0.42, 3), Visit(NOW, "http_404", 1.5)]
    Feed.objects.update(history=[pack(visit) for visit in visits])
    shown = text_of(desk.get(f"/admin/aggregator/feed/{feed.pk}/polls/").content.decode())
    assert shown.index("not found (404)") < shown.index("0.42 s")
    assert "read 0.42 s 3" in shown
    assert "failed: not found (404)" in shown


def test_a_feed_without_polls_says_so(desk: Client, make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    assert "It has not been polled yet." in text_of(
        desk.get(f"/admin/aggregator/feed/{feed.pk}/polls/").content.decode()
    )


def test_no_page_for_a_feed_that_is_not_there(desk: Client) -> None:
    assert desk.get("/admin/aggregator/feed/999999/polls/").status_code == 404


# --- who, and at what price --------------------------------------------------------------------------------------


@pytest.fixture
def paths(make_blog: Callable[..., Blog]) -> Iterator[list[str]]:
    pk = make_blog().feeds.get().pk
    yield [PAGE, f"/admin/aggregator/feed/{pk}/polls/", f"/admin/aggregator/feed/{pk}/test/"]


def test_nobody_but_admins_finds_it(client: Client, aino: Person, paths: list[str]) -> None:
    for path in paths:
        assert client.get(path).status_code == 302
    client.force_login(aino)
    for path in paths:
        assert client.get(path).status_code in (302, 403, 404)
        assert "Health of the feeds" not in client.get(path, follow=True).content.decode()


def test_staff_without_the_permission_do_not_see_it(client: Client, aino: Person, paths: list[str]) -> None:
    aino.is_staff = True
    aino.save()
    client.force_login(aino)
    assert [client.get(path).status_code for path in paths] == [403, 403, 403]


def test_who_may_only_look_gets_no_button(client: Client, aino: Person, make_blog: Callable[..., Blog]) -> None:
    feed = fall_ill(make_blog(), NOW)
    aino.is_staff = True
    aino.save()
    aino.user_permissions.set(Permission.objects.filter(codename="view_feed"))
    client.force_login(aino)
    assert "Test now" not in client.get(PAGE).content.decode()
    assert client.post(f"/admin/aggregator/feed/{feed.pk}/test/").status_code == 403


def test_the_admins_index_leads_there(desk: Client) -> None:
    assert f'href="{PAGE}"' in desk.get("/admin/").content.decode()


def test_it_costs_the_same_for_one_feed_and_for_thirty(
    desk: Client, make_blog: Callable[..., Blog], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    fall_ill(make_blog(), NOW)
    desk.get(PAGE)
    with django_assert_num_queries(14):
        desk.get(PAGE)
    for _ in range(30):
        fall_ill(make_blog(), NOW)
    with django_assert_num_queries(14):
        desk.get(PAGE)
