"""From the push to the page, with real processes: no beat runs, so whatever is here came by the push."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from xmlrpc.client import ServerProxy

import pytest

from tests.hub import Hub
from tests.scale import at_length
from tests.web import Answer, Request, Web, serve
from tests.websubhub import atom, fake_hub

REGISTER = """
from aggregator.models import Blog, Feed
blog = Blog.objects.create(title="Bo", slug="bo", homepage_url="{url}/", hook_key="{key}")
Feed.objects.create(blog=blog, url="{url}/feed", host="{host}")
"""
KEY = "k" * 43
SECONDS = 5.0  # that a post may take from the push to the page
RUN = "from aggregator.tasks import {task} as task; task.delay()"
POSTS = "SELECT count(*) FROM aggregator_post"


@contextmanager
def running(hub: Hub, blog: Web) -> Iterator[Hub]:
    """The blog is registered and polled once; web and a worker run."""
    hub.manage("shell", "-v0", "-c", REGISTER.format(url=blog.url, host=blog.address, key=KEY))
    hub.start("worker")
    hub.start("web")
    hub.tick()
    hub.until(lambda: hub.value(POSTS) == 1, "the first poll")
    hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_feed WHERE lease_token IS NULL") == 1)
    hub.until(lambda: status(hub, "GET", "/readyz") == 200, "web answers")
    yield hub


@contextmanager
def one_blog(tmp_path: Path) -> Iterator[tuple[Hub, Web]]:
    with (
        serve({"/feed": atom("", "", "One")}) as blog,
        Hub(tmp_path / "hub", allow=blog.address) as hub,
        running(hub, blog),
    ):
        yield hub, blog


def status(hub: Hub, method: str, path: str) -> int:
    connection = HTTPConnection("127.0.0.1", hub.port, timeout=30)
    try:
        connection.request(method, path, b"")
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def pushed_by_hook(hub: Hub, blog: Web) -> None:
    assert status(hub, "POST", f"/hook/{KEY}/") == 202


def pushed_by_ping(hub: Hub, blog: Web) -> None:
    assert ServerProxy(f"{hub.url}/RPC2").weblogUpdates.ping("Bo", blog.url) == {
        "flerror": False,
        "message": "Thanks for the ping.",
    }


@pytest.mark.parametrize("push", [pushed_by_hook, pushed_by_ping])
def test_a_post_is_on_the_page_within_seconds_of_the_push(tmp_path: Path, push: Callable[[Hub, Web], None]) -> None:
    with one_blog(tmp_path) as (hub, blog):
        blog.routes["/feed"] = atom("", "", "Two", "One")
        push(hub, blog)
        hub.until(lambda: hub.value(POSTS) == 2, "the post is here", patience=SECONDS)


def test_a_hub_tells_and_the_post_is_on_the_page(tmp_path: Path) -> None:
    with serve({}) as blog, fake_hub() as teller:
        blog.routes["/feed"] = atom(teller.url, blog.url + "/feed", "One")
        allow = f"{blog.address},{teller.web.address}"
        with Hub(tmp_path / "hub", allow=allow) as hub, running(hub, blog):
            hub.manage("shell", "-v0", "-c", RUN.format(task="ask_hubs"))
            hub.until(lambda: bool(teller.forms), "the hub is asked")
            assert teller.verify(teller.forms[0])[0] == 200
            blog.routes["/feed"] = document = atom(teller.url, blog.url + "/feed", "Two", "One")
            assert teller.push(teller.forms[0], document) == 202
            hub.until(lambda: hub.value(POSTS) == 2, "the post is here", patience=SECONDS)


@at_length
def test_a_push_during_a_poll_brings_what_that_poll_did_not_see(tmp_path: Path) -> None:
    with one_blog(tmp_path) as (hub, blog):

        def slowly(request: Request) -> Answer:
            """Read before the new post, sent after the push."""
            blog.routes["/feed"] = atom("", "", "Two", "One")
            return Answer(atom("", "", "One"), wait=2)

        blog.routes["/feed"] = slowly
        hub.rows("UPDATE aggregator_feed SET next_poll_at = now(), body_hash = ''")
        hub.tick()
        hub.until(lambda: blog.count("/feed") == 2, "the poll is under way")
        pushed_by_hook(hub, blog)
        hub.until(lambda: hub.value("SELECT count(*) FROM aggregator_feed WHERE lease_token IS NULL") == 1)
        assert hub.value(POSTS) == 1
        hub.manage("shell", "-v0", "-c", RUN.format(task="answer_pushes"))  # what beat does every five seconds
        hub.until(lambda: hub.value(POSTS) == 2, "the post is here")


@at_length
def test_a_push_that_no_worker_heard_of_is_answered_later(tmp_path: Path) -> None:
    with one_blog(tmp_path) as (hub, blog):
        hub.end(hub.processes[0])  # the worker; what it is told ends unheard
        blog.routes["/feed"] = atom("", "", "Two", "One")
        pushed_by_hook(hub, blog)
        time.sleep(11)  # longer than a page's word to the workers is good for
        hub.start("worker")
        assert hub.value("SELECT count(*) FROM aggregator_push WHERE is_open") == 1
        hub.manage("shell", "-v0", "-c", RUN.format(task="answer_pushes"))
        hub.until(lambda: hub.value(POSTS) == 2, "the post is here")
