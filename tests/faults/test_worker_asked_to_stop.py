"""SIGTERM, as ``docker compose`` and ``make run`` send it: a poll under way comes to its end, then the worker goes."""

from __future__ import annotations

import signal
from contextlib import AbstractContextManager
from pathlib import Path

from tests.aggregator.feeds import rss
from tests.hub import Hub
from tests.web import Answer, Web, serve

REGISTER = """
from aggregator.models import Blog, Feed
blog = Blog.objects.create(title="Slow", slug="slow")
Feed.objects.create(blog=blog, url="{url}/feed", host="{host}")
"""
ENDS = {"REMAP_SIGTERM": "SIGQUIT", "BLOGHUB_WORKER_SOFT_SHUTDOWN": "8"}


def slow_blog(title: str, wait: float) -> AbstractContextManager[Web]:
    """A blog with one post whose server thinks for ``wait`` seconds."""
    return serve({"/feed": Answer(rss(title), wait=wait)})


def test_a_poll_under_way_is_finished_before_the_worker_stops(tmp_path: Path) -> None:
    with slow_blog("Told in time", 2) as blog, Hub(tmp_path / "hub", allow=blog.address, **ENDS) as hub:
        hub.manage("shell", "-v0", "-c", REGISTER.format(url=blog.url, host=blog.address))
        worker = hub.start("worker")
        hub.tick()
        hub.until(lambda: blog.count("/feed") == 1, "the poll is under way")
        worker.send_signal(signal.SIGTERM)
        hub.until(lambda: worker.poll() is not None, "the worker stops")
        assert hub.rows("SELECT title FROM aggregator_post") == [("Told in time",)]
        assert hub.value("SELECT count(*) FROM aggregator_feed WHERE lease_token IS NOT NULL") == 0


def test_a_poll_that_takes_too_long_is_left_to_the_next_worker(tmp_path: Path) -> None:
    ends = ENDS | {"BLOGHUB_WORKER_SOFT_SHUTDOWN": "1"}
    with slow_blog("Told late", 25) as blog, Hub(tmp_path / "hub", allow=blog.address, **ends) as hub:
        hub.manage("shell", "-v0", "-c", REGISTER.format(url=blog.url, host=blog.address))
        worker = hub.start("worker")
        hub.tick()
        hub.until(lambda: blog.count("/feed") == 1, "the poll is under way")
        worker.send_signal(signal.SIGTERM)
        hub.until(lambda: worker.poll() is not None, "the worker stops", patience=20)
        assert hub.value("SELECT count(*) FROM aggregator_post") == 0
        blog.routes["/feed"] = rss("Told late")
        hub.start("worker")
        hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_post") == 1, "the next worker takes it up")
