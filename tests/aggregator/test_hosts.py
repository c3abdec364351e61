"""Servers that refuse: who waits, who is left alone, and for how long."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from aggregator.models import Blog, Feed, Host
from aggregator.models.host import LONGEST_HOST_REST
from aggregator.polling.hosts import HOST_REST, Rebuff, Refusal, note, rebuffs
from aggregator.polling.poll import poll_now
from tests.aggregator.feeds import rss
from tests.web import Answer, Web

MakeBlog = Callable[..., Blog]
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("situation", "refusals", "found"),
    [
        ("nobody", [], []),
        ("one feed", [Refusal("a", 1)], [Rebuff("a", 1, False, HOST_REST)]),
        ("the same feed twice", [Refusal("a", 1)] * 2, [Rebuff("a", 1, False, HOST_REST)]),
        ("two feeds", [Refusal("a", 1), Refusal("a", 2)], [Rebuff("a", 2, True, HOST_REST)]),
        (
            "two feeds of two servers",
            [Refusal("b", 1), Refusal("a", 2)],
            [Rebuff("a", 2, False, HOST_REST), Rebuff("b", 1, False, HOST_REST)],
        ),
        (
            "the longer wait counts",
            [Refusal("a", 1, 1200), Refusal("a", 2, 60)],
            [Rebuff("a", 2, True, timedelta(minutes=20))],
        ),
        ("never long", [Refusal("a", 1, 10**9), Refusal("a", 2)], [Rebuff("a", 2, True, LONGEST_HOST_REST)]),
        ("a feed without a host", [Refusal("", 1), Refusal("", 2)], []),
    ],
)
def test_a_handful_of_refusals_by_server(situation: str, refusals: list[Refusal], found: list[Rebuff]) -> None:
    assert rebuffs(refusals) == found, situation


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("situation", "second", "after", "slow"),
    [
        ("another feed within the minute", 2, 59 * SECOND, True),
        ("another feed after a minute", 2, 61 * SECOND, False),
        ("the same feed within the minute", 1, 59 * SECOND, False),
        ("another feed, the clock was set back", 2, -3600 * SECOND, False),
    ],
)
def test_two_feeds_within_a_minute_mean_the_server(situation: str, second: int, after: timedelta, slow: bool) -> None:
    note(rebuffs([Refusal("blogs.example", 1)]), NOW)
    assert Host.objects.get().slow_until is None
    note(rebuffs([Refusal("blogs.example", second, 1200)]), NOW + after)
    host = Host.objects.get()
    assert host.slow_until == (NOW + after + timedelta(minutes=20) if slow else None), situation
    assert (host.refused_feed_id, host.refused_at) == (second, NOW + after)


@pytest.mark.django_db
def test_a_rest_is_not_shortened_by_a_later_refusal() -> None:
    note(rebuffs([Refusal("blogs.example", 1, 3600), Refusal("blogs.example", 2)]), NOW)
    note(rebuffs([Refusal("blogs.example", 3), Refusal("blogs.example", 4)]), NOW + SECOND)
    assert Host.objects.get().slow_until == NOW + timedelta(hours=1)


# --- polls -------------------------------------------------------------------------------------------------------


def poll_all() -> None:
    Feed.objects.update(next_poll_at=timezone.now())
    list(poll_now(Feed.objects.all()))


@pytest.mark.parametrize("status", [429, 503])
def test_a_feed_that_is_refused_alone_waits_alone(web: Web, make_blog: MakeBlog, status: int) -> None:
    web.routes |= {"/good": rss("One"), "/busy": Answer(status=status, headers={"Retry-After": "7200"})}
    good, busy = (make_blog(url=f"{web.url}/{name}").feeds.get() for name in ("good", "busy"))
    Feed.objects.update(host="127.0.0.1")
    poll_all()
    Feed.objects.filter(pk=good.pk).update(next_poll_at=timezone.now())
    assert list(Feed.objects.due(timezone.now())) == [good]
    busy.refresh_from_db()
    assert busy.next_poll_at > timezone.now() + timedelta(minutes=119)


def test_a_date_to_retry_after_is_kept(web: Web, make_blog: MakeBlog) -> None:
    from email.utils import format_datetime  # noqa: PLC0415 - for one header

    moment = timezone.now().astimezone(UTC) + timedelta(hours=5)
    web.routes["/busy"] = Answer(status=503, headers={"Retry-After": format_datetime(moment, usegmt=True)})
    make_blog(url=f"{web.url}/busy")
    poll_all()
    assert Feed.objects.get().next_poll_at >= moment - timedelta(seconds=2)


def test_a_server_that_refuses_two_feeds_is_asked_no_more_for_a_while(web: Web, make_blog: MakeBlog) -> None:
    web.routes["*"] = Answer(status=429)
    for number in range(20):
        make_blog(url=f"{web.url}/{number}")
    Feed.objects.update(host="127.0.0.1")
    elsewhere = make_blog(url="https://elsewhere.example/feed").feeds.get()
    list(poll_now(Feed.objects.filter(host="127.0.0.1")))
    assert len(web.requests) <= 4  # two at a time, until the answers were there
    Feed.objects.update(next_poll_at=timezone.now() - SECOND)
    assert list(Feed.objects.due(timezone.now())) == [elsewhere]
    untried = Feed.objects.filter(host="127.0.0.1", last_polled_at=None)
    assert untried.count() >= 16
    assert not untried.exclude(lease_token=None).exists()
    later = timezone.now() + HOST_REST + SECOND
    assert Feed.objects.due(later).count() == 21


# --- the claim ---------------------------------------------------------------------------------------------------


def test_the_claim_asks_once_however_many_servers_rest(
    make_blog: MakeBlog, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(30):
        make_blog(url=f"https://{number}.example/feed")
    now = timezone.now()
    Host.objects.bulk_create(Host(name=f"{number}.example", slow_until=now + SECOND) for number in range(20))
    with django_assert_num_queries(4):  # look and take, in a savepoint
        claim = Feed.objects.due(now).claim(now, limit=100)
    assert len(claim.feed_ids) == 10


def test_the_claim_reads_the_index_of_what_is_due(make_blog: MakeBlog) -> None:
    make_blog()
    with connection.cursor() as cursor:
        # As in a hub with ten thousand feeds of a thousand servers, of which a handful is due
        cursor.execute(
            """
            INSERT INTO aggregator_feed (blog_id, url, kind, state, host, format, title, notes, next_poll_at, interval,
                                         attempts, etag, last_modified, body_hash, consecutive_failures, last_error,
                                         last_error_kind, last_error_code, last_error_hint)
            SELECT blog_id, 'http://' || n || '.example/', kind, state, (n % 1000) || '.example', '', '', '',
                   now() + n * interval '1 second', 1800, 0, '', '', '', 0, '', '', '', ''
              FROM aggregator_feed, generate_series(1, 10000) AS n
            """
        )
        cursor.execute("ANALYZE aggregator_feed")
    with CaptureQueriesContext(connection) as queries:
        Feed.objects.due(timezone.now()).claim(timezone.now(), limit=2000)
    [look] = [query["sql"] for query in queries if "SKIP LOCKED" in query["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("EXPLAIN " + look)
        plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "feed_due" in plan
    assert "Seq Scan on aggregator_feed" not in plan
