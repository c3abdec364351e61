"""A worker killed with -9 while it fetches, while it parses, while it stores: whole, or only the process that polls.

Whoever takes over finds what is due; nothing is lost, doubled or half written.
"""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager

import psutil
import psycopg2
import pytest

from bloghub import embedded
from tests.faults.blogs import HELD, Blogs, parsers, run_out
from tests.hub import Hub
from tests.scale import FULL
from tests.web import serve

FEEDS = 12
ROUNDS = 10 if FULL else 1
Worker = subprocess.Popen[bytes]
Moment = Callable[[Hub, Blogs, Worker], AbstractContextManager[None]]
LOCKED = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND query LIKE '%%aggregator_post%%'"


@pytest.fixture(scope="module")
def blogs() -> Iterator[Blogs]:
    with serve({}) as web:
        yield Blogs(web, FEEDS)


@pytest.fixture(scope="module")
def hub(blogs: Blogs, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """One for all the ways to die."""
    with Hub(tmp_path_factory.mktemp("killed") / "hub", allow=blogs.web.address) as hub:
        blogs.register(hub)
        yield hub


def the_worker(hub: Hub) -> Worker:
    """The one that runs, or another."""
    running = [process for process in hub.processes if process.poll() is None]
    return running[0] if running else hub.start("worker")


@contextmanager
def in_fetch(hub: Hub, blogs: Blogs, worker: Worker) -> Iterator[None]:
    """The blogs' servers are asked and have not answered."""
    with blogs.held():
        blogs.make_due(hub)
        hub.until(lambda: blogs.under_way > 0, "the worker fetches")
        yield


@contextmanager
def in_parse(hub: Hub, blogs: Blogs, worker: Worker) -> Iterator[None]:
    """The document is in the parsing process, which stands still."""
    frozen: dict[int, psutil.Process] = {}

    def is_parsing() -> bool:
        for parser in parsers(worker.pid):
            parser.suspend()
            frozen[parser.pid] = parser
        return bool(frozen) and len(blogs.polls) == FEEDS and blogs.under_way == 0

    is_parsing()
    blogs.make_due(hub)
    hub.until(is_parsing, "the worker parses")
    time.sleep(0.3)  # the answers are on their way to the parser
    assert blogs.stored(hub) == 0
    yield
    for parser in frozen.values():
        parser.kill()


@contextmanager
def in_store(hub: Hub, blogs: Blogs, worker: Worker) -> Iterator[None]:
    """In the middle of the transaction, held up by somebody who reads posts and lets nobody write any."""
    with closing(psycopg2.connect(embedded.addresses(hub.data_dir).database_url)) as stranger:
        stranger.cursor().execute("LOCK TABLE aggregator_post IN SHARE MODE")
        blogs.make_due(hub)
        hub.until(lambda: hub.value(LOCKED) > 0, "the worker stores")
        yield


@pytest.mark.parametrize("moment", [in_fetch, in_parse, in_store] if FULL else [in_parse])
def test_a_worker_killed_loses_and_doubles_nothing(hub: Hub, blogs: Blogs, moment: Moment) -> None:
    for _ in range(ROUNDS):
        blogs.publish()
        worker = the_worker(hub)
        with moment(hub, blogs, worker):
            hub.end(worker, signal.SIGKILL)
        assert blogs.stored(hub) == 0
        run_out(hub)
        the_worker(hub)
        hub.tick()
        hub.until(lambda: blogs.is_stored(hub), "the next worker takes over")
        blogs.check(hub)


@pytest.mark.parametrize("moment", [in_fetch, in_parse, in_store] if FULL else [in_store])
def test_when_only_the_process_that_polls_is_killed_its_worker_takes_up_the_work_again(
    hub: Hub, blogs: Blogs, moment: Moment
) -> None:
    blogs.publish()
    worker = the_worker(hub)
    with moment(hub, blogs, worker):
        for child in psutil.Process(worker.pid).children():
            child.kill()
    assert hub.value(HELD) == FEEDS  # under the same lease, which nobody shortens here
    hub.until(lambda: blogs.is_stored(hub), "the same worker goes on")
    blogs.check(hub)
