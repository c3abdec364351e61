"""The database is restarted under load, and a stranger takes all its connections: pages say so and come back.

Nobody restarts anything. Every comment that was taken is there afterwards, once; polls go on.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import psycopg2
import pytest

from bloghub import embedded
from tests import moulds
from tests.embedded.hands import keeper_of, processes
from tests.faults.blogs import RUN_OUT, Blogs
from tests.faults.readers import Readers
from tests.hub import Hub
from tests.scale import FULL, at_length
from tests.web import Web, serve

FEEDS = 20
PEOPLE = 400 if FULL else 120  # newcomers: two comments a minute each
AWAY = 10.0 if FULL else 2.0  # s without database
TAKEN = 60.0 if FULL else 3.0  # s without a free connection


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


@contextmanager
def database_away(hub: Hub) -> Iterator[None]:
    """Stopped at once, as by ``pg_ctl stop -m immediate``, and started again by its keeper after the block."""
    keeper, server = keeper_of(hub.data_dir), processes(hub.data_dir)["postgres"]
    keeper.suspend()
    try:
        server.send_signal(signal.SIGQUIT)
        psutil.wait_procs([server], 20)
        yield
    finally:
        keeper.resume()


@contextmanager
def no_connection_free(hub: Hub) -> Iterator[None]:
    url = embedded.addresses(hub.data_dir).database_url
    held = []
    try:
        with suppress(psycopg2.OperationalError):
            while True:
                held.append(psycopg2.connect(url))
        yield
    finally:
        for connection in held:
            connection.close()


@at_length
def test_pages_and_polls_come_back_by_themselves_and_no_comment_is_lost(tmp_path: Path, blogs: Web) -> None:
    pages = {"BLOGHUB_STATIC_ROOT": str(moulds.static_files())}
    with Hub(tmp_path / "hub", allow=blogs.address, **pages) as hub:
        all_blogs = Blogs(blogs, FEEDS, wait=0.2)
        all_blogs.register(hub)
        started = hub.start("worker"), hub.start("web")
        all_blogs.publish()
        all_blogs.make_due(hub)
        hub.until(lambda: all_blogs.is_stored(hub), "the first poll")
        with Readers(hub, PEOPLE) as readers:
            hub.until(lambda: len(readers.taken) >= 5, "comments are written")
            for fault, seconds in ((database_away, AWAY), (no_connection_free, TAKEN)):
                all_blogs.publish()
                all_blogs.make_due(hub)
                hub.until(lambda: all_blogs.under_way > 0, "the poll is under way")
                with fault(hub):
                    before = len(readers.hasty)
                    time.sleep(seconds)
                    assert readers.page() in ({503} if fault is database_away else {200, 503})
                    assert fault is no_connection_free or len(readers.hasty) > before
                come_back(hub, readers, all_blogs)
        readers.check()
        assert [process.poll() for process in started] == [None, None]


def come_back(hub: Hub, readers: Readers, blogs: Blogs) -> None:
    """Nobody does anything; what was leased is due when its lease has run out, which is not waited for."""
    hub.until(lambda: readers.page() == 200, "pages answer again")
    count = len(readers.taken)
    hub.until(lambda: len(readers.taken) > count, "comments are taken again")
    with suppress(psycopg2.Error):
        hub.database.close()
    hub.database = psycopg2.connect(embedded.addresses(hub.data_dir).database_url)
    hub.database.autocommit = True
    hub.until(lambda: blogs.under_way == 0, "the servers have answered")
    hub.rows(RUN_OUT)
    hub.tick()
    hub.until(lambda: blogs.is_stored(hub), "the worker polls again")
    blogs.check(hub)
