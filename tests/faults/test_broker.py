"""The broker dies under a poll, and forgets everything: what is due is in PostgreSQL, and nobody restarts a worker."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest
from kombu.exceptions import OperationalError

from tests.embedded.hands import keeper_of, processes
from tests.faults.blogs import RUN_OUT, Blogs
from tests.hub import Hub
from tests.scale import FULL, at_length
from tests.web import Web, serve

FEEDS = 30
ROUNDS = 5 if FULL else 1
PATIENCE = 60.0  # s until the worker takes work again


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


@contextmanager
def broker_down(hub: Hub, *, forgets: bool = False) -> Iterator[None]:
    """Killed, and not yet started again by its keeper; with ``forgets`` what it had written down is gone, too."""
    keeper, broker = keeper_of(hub.data_dir), processes(hub.data_dir)["valkey-server"]
    keeper.suspend()
    try:
        broker.kill()
        psutil.wait_procs([broker], 10)
        if forgets:
            shutil.rmtree(hub.data_dir / "redis" / "appendonlydir")
        yield
    finally:
        keeper.resume()


@at_length
def test_the_broker_dies_and_forgets_and_the_same_worker_goes_on(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        all_blogs = Blogs(blogs, FEEDS)
        all_blogs.register(hub)
        worker = hub.start("worker")
        for round_ in range(2 * ROUNDS):
            all_blogs.publish()
            with all_blogs.held():
                all_blogs.make_due(hub)
                hub.until(lambda: all_blogs.under_way > 0, "the poll is under way")
                with broker_down(hub, forgets=round_ % 2 == 1):
                    pass
            go_on(hub, all_blogs)
            all_blogs.check(hub)
        assert worker.poll() is None


def go_on(hub: Hub, blogs: Blogs) -> None:
    """Ticks come as from beat; what was leased when the broker died is due when that lease has run out."""
    hub.until(lambda: blogs.under_way == 0, "the servers have answered")
    hub.rows(RUN_OUT)
    deadline = time.monotonic() + PATIENCE
    while not blogs.is_stored(hub):
        assert time.monotonic() < deadline, "no worker takes work again"
        with suppress(OperationalError):  # the broker is not quite there
            hub.tick()
        time.sleep(1)
