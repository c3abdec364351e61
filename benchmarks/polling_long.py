"""Does polling hold? Hosts that stall, ten thousand feeds, twenty thousand fetches, several workers.

The farm's own record is compared after every part: how often each feed was asked, and how many requests one host had at
once. The peers' figures for stalled hosts: FreshRSS 340 s, Miniflux 31 s.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from aggregator.models import Blog, Feed, Post, Tag
from aggregator.tasks import claim_due_feeds
from benchmarks.farm_content import spread_over
from benchmarks.harness import (
    FarmProcess,
    Hub,
    WrongResultError,
    heading,
    mebibytes,
    milliseconds,
    percentile,
    proportional_bytes,
    running,
    table,
    tree,
    wait_for,
)
from bloghub.celery import app

SEED = 1  # the farm's
STALLED, STALL = 11, 30.0  # hosts, seconds
PER_HOST = 2  # requests at once, for each of the two processes that poll
TICK = 10.0  # s, as beat does it
SPREAD = 180.0  # s over which all feeds come due: half an hour at ten times the speed
FIRST_FETCHES = 2_000
PATIENCE = 600.0  # s for one part


class Polls:
    """A farm, its feeds, and workers as a part wants them."""

    def __init__(self, hub: Hub, *, blogs: int, entries: int, hosts: int = 0) -> None:
        self.hub, self.blogs = hub, blogs
        self.farm = FarmProcess(hub, blogs=blogs, entries=entries, hosts=hosts)
        self.allow = f"127.0.0.0/8:{self.farm.port}"
        Blog.objects.all().delete()
        made = Blog.objects.bulk_create(Blog(title=f"Blog {n}", slug=f"blog-{n}") for n in range(blogs))
        urls = self.farm.get("/list").decode().split()
        Feed.objects.bulk_create(
            Feed(blog=blog, url=url, host=urlsplit(url).hostname or "") for blog, url in zip(made, urls, strict=True)
        )

    @contextmanager
    def workers(self, count: int, *, processes: int = 1) -> Iterator[list[int]]:
        """So many workers of so many processes each; their process ids."""
        words = ["-A", "bloghub", "worker", f"--concurrency={processes}", "--loglevel=WARNING", "--without-gossip"]
        environment = {"BLOGHUB_FETCH_ALLOW": self.allow, "BLOGHUB_ROLE": "worker"}
        with ExitStack() as stack:
            started = [
                stack.enter_context(
                    running(
                        [sys.executable, "-m", "celery", *words, "-n", f"w{number}@%h"],
                        self.hub.log("worker"),
                        environment=environment,
                    )
                )
                for number in range(count)
            ]
            wait_for(lambda: len(app.control.ping(timeout=1) or []) == count, "the workers answer")
            yield [worker.pid for worker in started]

    def forget(self) -> None:
        """Back to before the first poll."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Post._meta.db_table}, {Tag._meta.db_table} CASCADE")
        Blog.objects.update(post_count=0, last_post_at=None)
        Feed.objects.update(etag="", last_modified="", body_hash="", last_polled_at=None)

    def round(self, *, but: int = 0) -> float:
        """Makes all due at once; seconds until all but so many are polled."""
        start = timezone.now()
        Feed.objects.update(next_poll_at=start)
        waiting = Feed.objects.filter(Q(last_polled_at=None) | Q(last_polled_at__lt=start))
        begun = time.perf_counter()
        claim_due_feeds()

        def is_done() -> bool:
            if Feed.objects.due(timezone.now()).exists():  # what was beyond the first claim's limit
                claim_due_feeds()
            return waiting.count() <= but

        wait_for(is_done, "feeds are polled", patience=PATIENCE)
        return time.perf_counter() - begun

    def seen(self, *, requests: int, per_host: int | None = None) -> dict[str, Any]:
        """The farm's record since it was last asked; WrongResultError when a feed was polled twice."""
        seen = self.farm.stats()
        if seen["requests"] != requests:
            raise WrongResultError(f"the farm was asked {seen['requests']} times, not {requests}")
        if per_host and seen["most_in_flight_one_host"] > per_host:
            raise WrongResultError(f"one host had {seen['most_in_flight_one_host']} requests at once")
        return seen


def run(hub: Hub, *, quick: bool) -> None:
    """Prints the tables; WrongResultError when a feed was polled twice or not at all."""
    part = 10 if quick else 1
    stalled_hosts(hub, blogs=1_000 // part)
    several_workers(hub, blogs=1_000 // part)
    steady_state(hub, blogs=10_000 // part, seconds=60.0 if not quick else 22.0)
    many_fetches(hub, blogs=1_000 // part, rounds=20)


def stalled_hosts(hub: Hub, *, blogs: int) -> None:
    """The stalled ones are chosen by the farm; each blog has a host of its own."""
    heading(
        f"Polling: {blogs} feeds, each on its own host, of which about {STALLED} stall for {STALL:.0f} s",
        "Every answer takes 100 ms. One worker of two processes. Floor: a hundred milliseconds, and for the stalled "
        "ones the deadline of a fetch.",
    )
    polls = Polls(hub, blogs=blogs, entries=20, hosts=blogs)
    share = STALLED / blogs
    stalled = sum(spread_over(share, SEED, "slow", blog) for blog in range(blogs))  # as the farm chooses them
    polls.farm.control(f"latency_ms=100&slow={share}&slow_s={STALL}")
    rows = []
    with polls.workers(1, processes=2):
        for name in ("first poll", "nothing changed"):
            polls.farm.stats()
            quick_ones = polls.round(but=stalled)
            left = time.perf_counter()
            wait_for(lambda: not Feed.objects.exclude(lease_token=None).exists(), "the stalled ones are given up")
            everything = quick_ones + time.perf_counter() - left
            polls.seen(requests=blogs, per_host=PER_HOST)
            rows.append((name, f"{quick_ones:.2f} s", f"{everything:.2f} s"))
    table(["round", f"all but the {stalled} stalled", "all"], rows)


def several_workers(hub: Hub, *, blogs: int) -> None:
    heading(f"Polling: {blogs} feeds shared by workers", "First poll of 20 entries each, workers of one process.")
    polls = Polls(hub, blogs=blogs, entries=20)
    walls = {}
    for count in (1, 2, 4):
        polls.forget()
        with polls.workers(count):
            polls.farm.stats()
            walls[count] = polls.round()
            polls.seen(requests=blogs)
    rows = [(f"{count}", f"{wall:.2f} s", f"{walls[1] / wall:.2f}", "0") for count, wall in walls.items()]
    table(["workers", "wall", "times as fast as one", "double polls"], rows)


def steady_state(hub: Hub, *, blogs: int, seconds: float) -> None:
    heading(
        f"Polling: {blogs} feeds, steady state",
        f"Unchanged feeds that come due evenly over {SPREAD:.0f} s; a claim every {TICK:.0f} s, as beat does it, for "
        f"{seconds:.0f} s. Lag: from the time a feed is due to the end of its poll; the tick itself is half of it.",
    )
    polls = Polls(hub, blogs=blogs, entries=3)
    with polls.workers(1, processes=2):
        polls.round()
        feeds = list(Feed.objects.order_by("pk"))
        begun = timezone.now() + timedelta(seconds=1)
        for number, feed in enumerate(feeds):
            feed.next_poll_at = begun + timedelta(seconds=SPREAD * (number + 1) / blogs)
        Feed.objects.bulk_update(feeds, ["next_poll_at"], batch_size=2_000)
        due = {feed.pk: feed.next_poll_at for feed in feeds}
        polls.farm.stats()
        before, ticks = written(), [tick(begun, number) for number in range(1, int(seconds / TICK) + 1)]
        wait_for(lambda: not Feed.objects.exclude(lease_token=None).exists(), "the last ones are polled")
        polled = [(feed.pk, feed.last_polled_at) for feed in Feed.objects.filter(last_polled_at__gte=begun)]
        after = written()
    lags = [(at - due[pk]).total_seconds() for pk, at in polled if at is not None]
    polls.seen(requests=len(polled))
    rows = {name: (after[name] - before.get(name, 0)) / len(polled) for name in after}
    feed_rows = rows.pop("aggregator_feed")
    table(
        ["claim tick, median", "claim tick, longest", "lag, p95", "rows of feeds a poll (claim + poll)", "other rows"],
        [
            (
                milliseconds(percentile(ticks, 0.5)),
                milliseconds(max(ticks)),
                f"{percentile(lags, 0.95):.1f} s",
                f"{feed_rows:.2f}",
                f"{sum(rows.values()):.3f}",
            )
        ],
    )


def tick(begun: Any, number: int) -> float:
    """One claim in its time; the seconds that it took."""
    time.sleep(max(0.0, (begun + timedelta(seconds=TICK * number) - timezone.now()).total_seconds()))
    start = time.perf_counter()
    claim_due_feeds()
    return time.perf_counter() - start


def written() -> dict[str, int]:
    """Rows written so far, by table; sessions tell their sums when they are idle, a second later at most."""
    time.sleep(1.5)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute("SELECT relname, n_tup_ins + n_tup_upd + n_tup_del FROM pg_stat_user_tables")
        return dict(cursor.fetchall())


def many_fetches(hub: Hub, *, blogs: int, rounds: int) -> None:
    fetches = blogs * rounds
    heading(f"Polling: {fetches} fetches", "One worker of two processes; 5 % of the blogs publish before every round.")
    polls = Polls(hub, blogs=blogs, entries=20)
    rows = []
    with polls.workers(1, processes=2) as [pid]:
        for number in range(1, rounds + 1):
            polls.farm.control("changed=0.05")
            polls.round()
            if number in (max(1, rounds * FIRST_FETCHES // 20_000), rounds):
                rows.append((number * blogs, proportional_bytes(pid), files(pid), keys()))
    first, last = rows
    table(
        ["fetches", "memory of the worker (PSS)", "open files", "Redis keys"],
        [(count, mebibytes(memory), opened, known) for count, memory, opened, known in rows],
    )
    print(f"Memory at the end ÷ at the beginning: {last[1] / first[1]:.2f}.\n", flush=True)


def files(pid: int) -> int:
    """Open files of the whole tree."""
    return sum(len(list(Path(f"/proc/{member}/fd").iterdir())) for member in tree(pid))


def keys() -> int:
    with app.connection_for_write() as broker:
        channel: Any = broker.default_channel
        return int(channel.client.dbsize())
