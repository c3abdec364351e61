"""Killing a worker with -9 during a poll loses and doubles nothing. ``make soak`` does it thirty times over."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aggregator.feeds import rss
from tests.hub import Hub
from tests.scale import FULL
from tests.web import Answer, Web, serve

FEEDS, POSTS = 40, 3
ROUNDS = 30 if FULL else 2
REGISTER = """
from aggregator.models import Blog, Feed
for number in range({feeds}):
    blog = Blog.objects.create(title=f"Blog {{number}}", slug=f"blog-{{number}}")
    Feed.objects.create(blog=blog, url=f"{url}/{{number}}", host="{host}")
"""


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


def publish(blogs: Web, edition: int) -> None:
    """A new edition of every post, a third of a second slow, so that a kill finds the poll in the middle."""
    for number in range(FEEDS):
        titles = (f"{number}-{post} edition {edition}" for post in range(POSTS))
        blogs.routes[f"/{number}"] = Answer(rss(*titles), wait=0.3)


def stored(hub: Hub, edition: int) -> int:
    count: int = hub.value("SELECT count(*) FROM aggregator_post WHERE title LIKE %s", f"% edition {edition}")
    return count


def test_a_worker_killed_in_the_middle_of_a_poll_loses_and_doubles_nothing(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        hub.manage("shell", "-v0", "-c", REGISTER.format(url=blogs.url, host=blogs.address, feeds=FEEDS))
        for edition in range(ROUNDS):
            publish(blogs, edition)
            hub.rows("UPDATE aggregator_feed SET next_poll_at = now()")
            worker = hub.start("worker")
            hub.tick()
            hub.until(lambda: 0 < stored(hub, edition) < FEEDS * POSTS, "the poll is under way")  # noqa: B023
            hub.end(worker, signal.SIGKILL)
            recover(hub, edition)
            assert hub.rows("SELECT count(*), count(DISTINCT guid) FROM aggregator_post") == [(FEEDS * POSTS,) * 2]
            assert hub.value("SELECT sum(post_count) FROM aggregator_blog") == FEEDS * POSTS
            assert hub.value("SELECT count(*) FROM aggregator_feed WHERE consecutive_failures > 0") == 0


def recover(hub: Hub, edition: int) -> None:
    """A new worker takes over when the leases of the killed one have run out: six minutes, which the test skips."""
    held = "SELECT count(*) FROM aggregator_feed WHERE lease_token IS NOT NULL"
    assert hub.value(held) > 0, "the kill came too late to show anything"
    hub.rows("UPDATE aggregator_feed SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL")
    worker = hub.start("worker")
    hub.tick()
    hub.until(lambda: stored(hub, edition) == FEEDS * POSTS, "all posts are there")
    hub.until(lambda: hub.value(held) == 0, "all leases are given back")
    hub.end(worker)
