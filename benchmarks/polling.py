"""How fast is a poll, and what does it cost? The whole job: broker, worker, network, parsing, PostgreSQL with fsync.

1,000 blogs of 20 entries on the farm, a real Celery worker with two processes, tasks sent as beat sends them.
(a) the first poll, everything new; (b) nothing has changed, all 304; (c) 5 % have published. Row counts and the farm's
own record are compared after every round.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from django.db import connection
from django.db.models import Q
from django.utils import timezone

from aggregator.models import Blog, Feed, Post, Tag
from benchmarks import floors
from benchmarks.harness import (
    Cost,
    FarmProcess,
    Hub,
    Peak,
    WrongResultError,
    cost_of,
    heading,
    mebibytes,
    middle,
    milliseconds,
    table,
    wait_for,
)
from bloghub.celery import app

CLAIM = "aggregator.tasks.claim_due_feeds"
ENTRIES = 20
LOAD = 1000, 3, 7  # blogs, rounds of (a) and (c), rounds of (b)
QUICK_LOAD = 100, 1, 2
SHARE_CHANGED = 0.05
PATIENCE = 300.0  # s for one round


@dataclass(frozen=True, slots=True)
class Memory:
    total: int  # bytes, PSS of the whole worker tree
    largest: int  # bytes, RSS of its largest process


class Bench:
    """The running parts, and the three rounds."""

    def __init__(self, hub: Hub, blogs: int) -> None:
        self.hub = hub
        self.farm = FarmProcess(hub, blogs=blogs, entries=ENTRIES)
        words = [
            "-A",
            "bloghub",
            "worker",
            "--concurrency=2",
            "--loglevel=WARNING",
            "--without-gossip",
            "--without-mingle",
        ]
        worker = hub.start(
            "worker",
            sys.executable,
            "-m",
            "celery",
            *words,
            environment={"BLOGHUB_FETCH_ALLOW": self.farm.address, "BLOGHUB_ROLE": "worker"},
        )
        self.pids = {"worker": worker.pid, **hub.server_pids}
        self.posts = 0  # that must be stored now
        wait_for(lambda: app.control.ping(timeout=1), "the worker answers")
        self.register()

    def register(self) -> None:
        blogs = Blog.objects.bulk_create(
            Blog(title=f"Blog {number}", slug=f"blog-{number}") for number in range(self.farm.blogs)
        )
        addresses = [self.farm.feed_url(number) for number in range(self.farm.blogs)]
        Feed.objects.bulk_create(
            Feed(blog=blog, url=url, host=urlsplit(url).hostname or "")
            for blog, url in zip(blogs, addresses, strict=True)
        )

    def first(self) -> Cost:
        """(a) Everything is new."""
        self.empty()
        self.posts = self.farm.blogs * ENTRIES
        return self.round({"200": self.farm.blogs})

    def unchanged(self) -> Cost:
        """(b) Nothing has changed."""
        return self.round({"304": self.farm.blogs})

    def changed(self) -> Cost:
        """(c) A few have published."""
        news = self.farm.control(f"changed={SHARE_CHANGED}")
        self.posts += news["entries_new"]
        return self.round({"200": news["blogs_changed"], "304": self.farm.blogs - news["blogs_changed"]})

    def empty(self) -> None:
        """Back to before the first poll: the feeds as registered, no posts, the farm on its first day."""
        with connection.cursor() as cursor:
            cursor.execute(f"TRUNCATE {Post._meta.db_table}, {Tag._meta.db_table} CASCADE")
        Blog.objects.update(post_count=0, last_post_at=None)
        Feed.objects.update(etag="", last_modified="", body_hash="", last_polled_at=None, last_changed_at=None)
        self.farm.control("reset=1")
        self.farm.get("/healthz")

    def round(self, statuses: dict[str, int]) -> Cost:
        """Makes every feed due, claims as beat does, waits for the last one; then looks whether all of it is right."""
        start = timezone.now()
        Feed.objects.update(next_poll_at=start)
        self.farm.stats()

        def job() -> None:
            app.send_task(CLAIM)
            wait_for(lambda: not self.waiting(start), "all feeds are polled", every=0.02, patience=PATIENCE)

        cost = cost_of(job, self.pids)
        self.check(statuses)
        return cost

    def waiting(self, start: datetime) -> bool:
        """Whether a feed has not been polled since."""
        return Feed.objects.filter(Q(last_polled_at=None) | Q(last_polled_at__lt=start)).exists()

    def check(self, statuses: dict[str, int]) -> None:
        seen = self.farm.stats()
        stored, failed = Post.objects.count(), Feed.objects.exclude(last_error="").count()
        problems = [
            stored != self.posts and f"{stored} posts are stored, not {self.posts}",
            failed and f"{failed} feeds failed: {self._trouble()}",
            seen["statuses"] != statuses and f"the farm answered {seen['statuses']}, not {statuses}",
            Feed.objects.exclude(lease_until=None).exists() and "a lease was not given back",
        ]
        if any(problems):
            raise WrongResultError("; ".join(str(problem) for problem in problems if problem))

    @staticmethod
    def _trouble() -> str:
        return str(Feed.objects.exclude(last_error="").values_list("last_error_code", "last_error").first())


def run(hub: Hub, *, quick: bool) -> None:
    """Prints the tables; WrongResultError when what is stored is not what was published."""
    blogs, rounds, short_rounds = QUICK_LOAD if quick else LOAD
    heading(
        f"Polling: {blogs} feeds × {ENTRIES} entries",
        f"`celery worker --concurrency=2`, PostgreSQL with fsync, farm on loopback. Medians of {rounds} rounds, "
        f"{short_rounds} where nothing changed. CPU is that of the worker's whole tree, PostgreSQL and the broker.",
    )
    bench = Bench(hub, blogs)
    with Peak(bench.pids["worker"]) as peak:
        first = [bench.first() for _ in range(rounds)]
    memory = Memory(peak.total, peak.largest)
    unchanged = [bench.unchanged() for _ in range(short_rounds)]
    changed = [bench.changed() for _ in range(rounds)]
    report(bench, [("(a) first poll", first), ("(b) nothing changed", unchanged), ("(c) 5 % changed", changed)], memory)
    report_floors(bench, middle(first), middle(unchanged))


def report(bench: Bench, jobs: Sequence[tuple[str, Sequence[Cost]]], memory: Memory) -> None:
    feeds = bench.farm.blogs
    rows = []
    for name, costs in jobs:
        cost = middle(costs)
        walls = [each.wall for each in costs]
        rows.append(
            (
                name,
                f"{cost.wall:.2f} s ({min(walls):.2f} … {max(walls):.2f})",
                f"{feeds / cost.wall:.0f}",
                *(f"{seconds:.2f} s" for seconds in cost.cpu.values()),
                milliseconds(cost.total / feeds),
            )
        )
    table(["job", "wall", "feeds/s", *(f"CPU {name}" for name in bench.pids), "CPU a feed"], rows)
    first = middle(jobs[0][1])
    posts = feeds * ENTRIES
    print(f"First poll: {posts / first.wall:.0f} posts/s, {milliseconds(first.total / posts)} CPU a post.")
    print(f"Worker at its peak: {mebibytes(memory.total)} (PSS of all its processes), ", end="")
    print(f"its largest process {mebibytes(memory.largest)} (RSS).\n")


def report_floors(bench: Bench, first: Cost, unchanged: Cost) -> None:
    """Each floor of this run, and how far above their sum the jobs are."""
    feeds = bench.farm.blogs
    found = floors.floors(bench.hub, bench.farm)
    table(
        ["floor of a step", "CPU", "wall", "a second"],
        (
            (
                floor.step,
                f"{milliseconds(floor.cpu, 3)} a {floor.unit}",
                milliseconds(floor.wall, 3),
                f"{1 / floor.wall:.0f}",
            )
            for floor in found
        ),
    )
    fetch, conditional, parse, clean, copy = (floor.cpu for floor in found)
    least = fetch + parse + ENTRIES * (clean + copy)
    ratios: list[tuple[str, float, float, Callable[[float], str]]] = [
        ("(a) first poll ÷ (fetch + parse + clean + COPY)", first.total / feeds, least, milliseconds),
        ("(b) nothing changed ÷ bare 304", unchanged.total / feeds, conditional, milliseconds),
    ]
    table(
        ["CPU a feed", "measured", "floor", "ratio"],
        ((name, show(ours), show(floor), f"{ours / floor:.2f}") for name, ours, floor, show in ratios),
    )
