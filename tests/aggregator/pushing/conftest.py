"""A hub, a feed that names it, and our own web server, all of them real and on loopback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from celery import Task
from django.utils import timezone
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from aggregator import waking
from aggregator.models import Blog, Feed, WebSubLease
from aggregator.polling.poll import poll_feeds, poll_now
from aggregator.pushing import asking, leases, pushes
from tests.web import Web
from tests.websubhub import FakeHub, atom, fake_hub


@dataclass
class Subscription:
    """A feed, its hub, and what has become of the two."""

    web: Web
    hub: FakeHub
    feed: Feed

    @property
    def topic(self) -> str:
        return self.feed.url

    @property
    def lease(self) -> WebSubLease:
        return WebSubLease.objects.get(feed=self.feed)

    def publish(self, *titles: str) -> bytes:
        document = atom(self.hub.url, self.topic, *titles)
        self.web.routes["/feed"] = document
        return document

    def poll(self) -> None:
        list(poll_now(Feed.objects.filter(pk=self.feed.pk)))

    def ask(self) -> dict[str, str]:
        """What the hub is asked for now."""
        WebSubLease.objects.update(ask_at=timezone.now())
        asking.ask(leases.take_to_ask(timezone.now()))
        return self.hub.forms[-1]

    def answer_pushes(self) -> int:
        claim = pushes.answer(timezone.now(), ill=False)
        poll_feeds(claim.feed_ids, claim.token)
        return len(claim.feed_ids)

    def titles(self) -> set[str]:
        return set(self.feed.blog.posts.values_list("title", flat=True))


@pytest.fixture(autouse=True)
def woken(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The tasks that workers were told of, instead of their being told."""
    told: list[str] = []

    class AtOnce:
        def __init__(self, *, args: tuple[Task[[], None], str], **_named: object) -> None:
            self.start = lambda: told.append(f"{args[1]}: {args[0].name}")

    monkeypatch.setattr(waking, "Thread", AtOnce)
    return told


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake_hub() as running:
        yield running


@pytest.fixture
def subscription(
    web: Web, hub: FakeHub, make_blog: Callable[..., Blog], settings: Settings, live_server: LiveServer
) -> Subscription:
    """Polled once, so that its hub is known and not asked yet."""
    settings.PUBLIC_URL = live_server.url
    settings.FETCH_ALLOW = f"{web.address},{hub.web.address}"
    found = Subscription(web, hub, make_blog(url=web.url + "/feed").feeds.get())
    found.publish("One")
    found.poll()
    return found


@pytest.fixture
def active(subscription: Subscription) -> dict[str, str]:
    """The form that led to an active lease."""
    form = subscription.ask()
    assert subscription.hub.verify(form) == (200, b"kz3 &<x>")
    return form
