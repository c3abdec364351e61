"""A feed that hangs the process that parses, and one that crashes it: set aside and shown, the others go on."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil
import pytest

from tests.faults.blogs import HELD, POSTS, Blogs, parsers
from tests.hub import Hub
from tests.scale import FULL, at_length
from tests.web import Web, serve

FEEDS = 8
ENDLESS = b'{"version":"https://jsonfeed.org/version/1.1","title":"t","items":[' + b"{}," * 1_200_000 + b'{"id":"2"}]}'
STATE = "SELECT state, attempts, last_error_code FROM aggregator_feed WHERE url LIKE %s"
DUE = "UPDATE aggregator_feed SET next_poll_at = now(), body_hash = '' WHERE url LIKE %s AND lease_token IS NULL"


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


@contextmanager
def every_parser_dies(worker: int) -> Iterator[None]:
    """As soon as it is there: what a document does that crashes it."""
    over = threading.Event()

    def kill() -> None:
        while not over.wait(0.02):
            for parser in parsers(worker):
                with suppress(psutil.NoSuchProcess):
                    parser.kill()

    killer = threading.Thread(target=kill, daemon=True)
    killer.start()
    try:
        yield
    finally:
        over.set()
        killer.join(10)


def poll(hub: Hub, feed: str) -> tuple[str, int, str]:
    """One more poll of it; what it left the feed in."""
    hub.rows(DUE, feed)
    hub.tick()
    hub.until(lambda: hub.value("SELECT next_poll_at > now() FROM aggregator_feed WHERE url LIKE %s", feed))
    [found] = hub.rows(STATE, feed)
    return found


@at_length
def test_such_feeds_are_quarantined_after_three_attempts_and_disturb_no_other(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        all_blogs = Blogs(blogs, FEEDS)
        all_blogs.register(hub)
        worker = hub.start("worker")
        all_blogs.publish()
        hangs(hub, all_blogs)
        with every_parser_dies(worker.pid):
            found = [poll(hub, "%/1") for _ in range(3)]
        assert found == [("active", 1, "parser_died"), ("active", 2, "parser_died"), ("quarantined", 3, "parser_died")]
        all_blogs.publish()
        all_blogs.make_due(hub)
        hub.until(lambda: all_blogs.stored(hub) == (FEEDS - 2) * POSTS, "the others go on")
        assert set(all_blogs.polls) == {f"/{number}" for number in range(2, FEEDS)}  # those two are not asked any more
        assert all_blogs.doubled == {}


def hangs(hub: Hub, blogs: Blogs) -> None:
    """One takes too long, in one batch with the healthy ones. At full length three times, else for the third time."""
    blogs.web.routes["/0"] = ENDLESS
    if not FULL:
        hub.rows("UPDATE aggregator_feed SET attempts = 2 WHERE url LIKE %s", "%/0")
    blogs.make_due(hub)
    hub.until(lambda: blogs.stored(hub) == (FEEDS - 1) * POSTS, "the healthy ones are read")
    hub.until(lambda: hub.value(HELD) == 0, "the batch is done")
    found = [poll(hub, "%/0") for _ in range(2)] if FULL else hub.rows(STATE, "%/0")
    assert found[-1] == ("quarantined", 3, "parser_timeout")
