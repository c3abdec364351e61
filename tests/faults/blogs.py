"""Blogs for fault tests, on a server that counts what must not happen: two polls of one feed at once.

blogs = Blogs(web, 40)
blogs.register(hub)
blogs.publish()                  # each has its next edition of the same posts
with blogs.held(): …             # who asks meanwhile gets no answer until the end of the block
blogs.check(hub)                 # everything is stored, once, by polls that came one after the other
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

import psutil

from tests.aggregator.feeds import rss
from tests.hub import Hub
from tests.web import Answer, Request, Web

POSTS = 3  # a blog
REGISTER = """
from aggregator.models import Blog, Feed
blogs = Blog.objects.bulk_create(Blog(title=f"Blog {{n}}", slug=f"blog-{{n}}") for n in range({count}))
Feed.objects.bulk_create(Feed(blog=b, url=f"{url}/{{n}}", host="{host}") for n, b in enumerate(blogs))
"""
HELD = "SELECT count(*) FROM aggregator_feed WHERE lease_token IS NOT NULL"
DUE = "UPDATE aggregator_feed SET next_poll_at = now() WHERE lease_token IS NULL"
RUN_OUT = "UPDATE aggregator_feed SET lease_until = now() - interval '1 second' WHERE lease_token IS NOT NULL"


class Blogs:
    """``count`` blogs on ``web``; each answer takes ``wait`` seconds."""

    def __init__(self, web: Web, count: int, *, wait: float = 0.0) -> None:
        self.web, self.count, self.wait, self.edition = web, count, wait, 0
        self.body = "<p>Hello.</p>"  # of every post
        self.polls: Counter[str] = Counter()  # by feed, since the last edition came out
        self.doubled: Counter[str] = Counter()  # polled while they were being polled
        self._under_way: Counter[str] = Counter()
        self._open = threading.Event()
        self._open.set()
        self._lock = threading.Lock()
        web.routes["*"] = self._answer

    @property
    def under_way(self) -> int:
        return sum(self._under_way.values())

    def register(self, hub: Hub) -> None:
        hub.manage("shell", "-v0", "-c", REGISTER.format(url=self.web.url, host=self.web.host, count=self.count))

    def publish(self) -> None:
        """The next edition; nobody has polled it yet."""
        self.edition += 1
        self.polls.clear()

    def make_due(self, hub: Hub) -> None:
        hub.rows(DUE)
        hub.tick()

    @contextmanager
    def held(self) -> Iterator[None]:
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    def stored(self, hub: Hub) -> int:
        """Posts that are here as the present edition has them."""
        count: int = hub.value("SELECT count(*) FROM aggregator_post WHERE title LIKE %s", f"% edition {self.edition}")
        return count

    def is_stored(self, hub: Hub) -> bool:
        return self.stored(hub) == self.count * POSTS and hub.value(HELD) == 0

    def check(self, hub: Hub) -> None:
        """Nothing lost, doubled or half written, and no feed was polled twice at once."""
        assert self.stored(hub) == self.count * POSTS
        assert hub.rows("SELECT count(*), count(DISTINCT (feed_id, guid)) FROM aggregator_post") == [
            (self.count * POSTS,) * 2
        ]
        assert hub.value("SELECT count(*) FROM aggregator_blog WHERE post_count != %s", POSTS) == 0
        assert hub.value("SELECT count(*) FROM aggregator_feed WHERE consecutive_failures > 0") == 0
        assert hub.value("SELECT count(*) FROM aggregator_feed WHERE next_poll_at > now() + interval '13 hours'") == 0
        assert self.doubled == {}

    def _answer(self, request: Request) -> Answer:
        feed, edition = request.path, self.edition
        with self._lock:
            self.polls[feed] += 1
            self._under_way[feed] += 1
            if self._under_way[feed] > 1:
                self.doubled[feed] += 1
        try:
            self.web.closing.wait(self.wait)
            while not self._open.wait(0.05) and not self.web.closing.is_set():
                pass
        finally:
            with self._lock:
                self._under_way[feed] -= 1
        name = feed.strip("/")
        return Answer(rss(*(f"{name}-{post} edition {edition}" for post in range(POSTS)), body=self.body))


def run_out(hub: Hub) -> None:
    """The leases of whoever was killed come to their end: six minutes, which a test skips."""
    assert hub.value(HELD) > 0, "the fault came too late to show anything"
    hub.rows(RUN_OUT)


def parsers(pid: int) -> list[psutil.Process]:
    """The processes that parse for this worker."""
    found = []
    for process in psutil.Process(pid).children(recursive=True):
        try:
            if any("sandbox" in word for word in process.cmdline()):
                found.append(process)
        except psutil.NoSuchProcess:
            continue
    return found
