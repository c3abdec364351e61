"""How fast does a long list become known, and can the hub be read meanwhile? A dry run of 847 blogs, then all of them
registered: the farm on 50 loopback hosts at 20 ms, rows worked on by a Celery worker as beat sends it.
"""

from __future__ import annotations

import sys
import time
from http.client import HTTPConnection

from django.utils import timezone

from aggregator.importing.reading import Row
from aggregator.importing.starting import start
from aggregator.models import Blog, BlogImport, RowState
from benchmarks.harness import (
    Cost,
    FarmProcess,
    Hub,
    WrongResultError,
    cost_of,
    free_port,
    heading,
    listens,
    milliseconds,
    percentile,
    table,
    wait_for,
)
from bloghub.celery import app

CONTINUE = "aggregator.tasks.continue_imports"
BLOGS, QUICK = 847, 80  # as many as a list of a real planet names
LATENCY = 20  # ms
PATIENCE = 300.0  # s
GOAL = 50.0  # rows a second
LOOK_EVERY = 0.2  # s


class Bench:
    """The worker, a web process, and one list."""

    def __init__(self, hub: Hub, blogs: int) -> None:
        self.farm = FarmProcess(hub, blogs=blogs, entries=20, hosts=50)
        self.farm.control(f"latency_ms={LATENCY}")
        allowed = {"BLOGHUB_FETCH_ALLOW": f"127.0.0.0/8:{self.farm.port}"}
        words = ["-A", "bloghub", "worker", "--concurrency=2", "--loglevel=WARNING", "--without-gossip"]
        environment = {**allowed, "BLOGHUB_ROLE": "worker"}
        worker = hub.start("worker", sys.executable, "-m", "celery", *words, environment=environment)
        hub.manage("collectstatic", "--noinput", "--verbosity=0")
        self.port = free_port()
        serve = ["-m", "gunicorn", "bloghub.wsgi", "-b", f"127.0.0.1:{self.port}", "-w", "1", "--threads", "4"]
        web = hub.start("web", sys.executable, *serve, environment={"BLOGHUB_ROLE": "web"})
        self.pids = {"worker": worker.pid, "web": web.pid, **hub.server_pids}
        wait_for(lambda: app.control.ping(timeout=1), "the worker answers")
        wait_for(lambda: listens(self.port), "the web process listens")
        self.page()
        listed = self.farm.get("/list").decode().split()
        self.blog_import = start([Row(line, url) for line, url in enumerate(listed, 1)], "benchmark")
        self.pages: list[float] = []

    def until_settled(self) -> Cost:
        """Sends the worker, and asks for a page now and then until no row is left to do."""
        self.pages = []

        def job() -> None:
            app.send_task(CONTINUE)
            deadline = time.monotonic() + PATIENCE
            while self.blog_import.rows.pending().exists():
                if time.monotonic() > deadline:
                    raise WrongResultError(f"after {PATIENCE:.0f} s rows are left: {self.blog_import.counts()}")
                self.pages.append(self.page())
                time.sleep(LOOK_EVERY)

        return cost_of(job, self.pids)

    def page(self) -> float:
        """Seconds until a page of the hub has come."""
        began = time.perf_counter()
        connection = HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", "/sign-in/")
            answer = connection.getresponse()
            answer.read()
            if answer.status != 200:
                raise WrongResultError(f"a page was answered with {answer.status}")
        finally:
            connection.close()
        return time.perf_counter() - began

    def check(self, state: RowState) -> None:
        counts = self.blog_import.counts()
        if counts[state] != self.farm.blogs:
            raise WrongResultError(f"not all rows are {state}: {counts}")


def run(hub: Hub, *, quick: bool) -> None:
    """Prints the table; WrongResultError when a row has not become what it must."""
    blogs = QUICK if quick else BLOGS
    heading(
        f"Importing: a list of {blogs} blogs",
        f"`celery worker --concurrency=2`, the farm on 50 hosts with {LATENCY} ms before every answer. "
        f"The page is the sign-in page, asked for every {LOOK_EVERY} s meanwhile. Goal: {GOAL:.0f} rows/s looked at.",
    )
    bench = Bench(hub, blogs)
    rows = []
    looked = bench.until_settled()
    rows.append(_row("dry run: looked at", blogs, looked, bench.pages))
    bench.check(RowState.READY)
    BlogImport.objects.get().choose_ready()
    registered = bench.until_settled()
    rows.append(_row("registered", blogs, registered, bench.pages))
    bench.check(RowState.REGISTERED)
    if Blog.objects.filter(first_seen_at__lte=timezone.now()).count() != blogs:
        raise WrongResultError("not every row has become a blog")
    table(["job", "wall", "rows/s", "CPU a row", "page, median", "page, p95"], rows)


def _row(name: str, blogs: int, cost: Cost, pages: list[float]) -> tuple[str, ...]:
    return (
        name,
        f"{cost.wall:.2f} s",
        f"{blogs / cost.wall:.0f}",
        milliseconds(cost.total / blogs),
        milliseconds(percentile(pages, 0.5)),
        milliseconds(percentile(pages, 0.95)),
    )
