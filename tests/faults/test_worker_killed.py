"""Killing a worker with -9 during a poll loses and doubles nothing."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.aggregator.feeds import rss
from tests.hub import Hub
from tests.web import Answer, Web, serve

FEEDS, POSTS = 40, 3
REGISTER = """
from aggregator.models import Blog, Feed
for number in range({feeds}):
    blog = Blog.objects.create(title=f"Blog {{number}}", slug=f"blog-{{number}}")
    Feed.objects.create(blog=blog, url=f"{url}/{{number}}", host="{host}")
"""


@pytest.fixture
def blogs() -> Iterator[Web]:
    """Forty blogs, a third of a second slow, so that a kill finds the poll in the middle."""
    routes = {
        f"/{number}": Answer(rss(*(f"{number}-{post} title" for post in range(POSTS))), wait=0.3)
        for number in range(FEEDS)
    }
    with serve(routes) as web:
        yield web


def test_a_worker_killed_in_the_middle_of_a_poll_loses_and_doubles_nothing(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        hub.manage("shell", "-v0", "-c", REGISTER.format(url=blogs.url, host=blogs.address, feeds=FEEDS))
        worker = hub.start("worker")
        hub.tick()
        hub.until(
            lambda: 0 < hub.value("SELECT count(*) FROM aggregator_post") < FEEDS * POSTS, "the poll is under way"
        )
        hub.end(worker, signal.SIGKILL)
        held = hub.value("SELECT count(*) FROM aggregator_feed WHERE lease_token IS NOT NULL")
        assert held > 0, "the kill came too late to show anything"
        # A lease lasts six minutes; the test makes that time pass
        hub.rows("UPDATE aggregator_feed SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL")
        hub.start("worker")
        hub.tick()
        hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_post") == FEEDS * POSTS, "all posts are there")
        hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_feed WHERE lease_token IS NOT NULL") == 0)
        assert hub.value("SELECT count(DISTINCT guid) FROM aggregator_post") == FEEDS * POSTS
        assert hub.value("SELECT sum(post_count) FROM aggregator_blog") == FEEDS * POSTS
        assert hub.value("SELECT count(*) FROM aggregator_feed WHERE consecutive_failures > 0") == 0
