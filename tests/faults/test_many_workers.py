"""Four workers share the feeds of one database and one broker: each feed has one poll, by its server's own count."""

from __future__ import annotations

import signal
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from bloghub.lib.http import PER_HOST
from tests.faults.blogs import POSTS, Blogs, run_out
from tests.hub import Hub
from tests.scale import FULL, at_length
from tests.web import Web, serve

FEEDS = 1_000 if FULL else 200
WORKERS, TICKS = 4, 8
ROUNDS = 10 if FULL else 1
UNCLAIMED = "SELECT count(*) FROM aggregator_feed WHERE lease_token IS NULL AND next_poll_at <= now()"
DUE_PART = "UPDATE aggregator_feed SET next_poll_at = now() WHERE id %% %s = %s"


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


@at_length
def test_none_is_polled_twice_and_killing_all_of_them_loses_none(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        all_blogs = Blogs(blogs, FEEDS)
        all_blogs.register(hub)
        for _ in range(ROUNDS):
            share(hub, all_blogs)
            all_killed(hub, all_blogs)


def share(hub: Hub, blogs: Blogs) -> None:
    """They come due in parts, so that there is something for everybody; claims go on while they are polled."""
    while len([process for process in hub.processes if process.poll() is None]) < WORKERS:
        hub.start("worker")
    blogs.wait = 0.3
    blogs.publish()
    hub.rows("UPDATE aggregator_feed SET next_poll_at = now() + interval '1 day'")
    for part in range(TICKS):
        hub.rows(DUE_PART, TICKS, part)
        hub.tick()
        hub.until(lambda: hub.value(UNCLAIMED) == 0, "they are claimed")
    for _ in range(TICKS):
        hub.tick()
    hub.until(lambda: blogs.is_stored(hub), "all is stored")
    blogs.check(hub)
    assert Counter(blogs.polls.values()) == {1: FEEDS}
    assert blogs.web.most_in_flight > PER_HOST, "one process did it all"


def all_killed(hub: Hub, blogs: Blogs) -> None:
    """All at once, in the middle; what they had done is not done again."""
    blogs.publish()
    blogs.make_due(hub)
    hub.until(lambda: 0 < blogs.stored(hub) < FEEDS * POSTS, "the polls are under way")
    for worker in hub.processes:
        hub.end(worker, signal.SIGKILL)
    hub.until(lambda: blogs.under_way == 0, "the servers have let go of them")
    done = {
        f"/{url.rpartition('/')[2]}" for (url,) in hub.rows("SELECT url FROM aggregator_feed WHERE lease_token IS NULL")
    }
    run_out(hub)
    blogs.wait = 0.0
    hub.start("worker")
    hub.tick()
    hub.until(lambda: blogs.is_stored(hub), "the next ones take over")
    blogs.check(hub)
    assert {blogs.polls[feed] for feed in done} == {1}
    assert max(blogs.polls.values()) == 2
