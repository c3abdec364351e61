"""A WebSub hub on loopback, over real HTTP: it takes subscriptions, verifies them and pushes, honestly or not.

with fake_hub() as hub:
    hub.web.url + "/hub"      # for a feed's rel=hub
    hub.forms[-1]             # what a subscriber asked for
    hub.verify(hub.forms[-1])
    hub.push(hub.forms[-1], b"<feed/>")
"""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.client import HTTPConnection
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.web import Answer, Request, Web, serve

Form = Mapping[str, str]


class FakeHub:
    """What a test makes the hub do."""

    def __init__(self, web: Web) -> None:
        self.web = web
        self.status = 202
        self.forms: list[dict[str, str]] = []
        web.routes["/hub"] = self._subscribe

    @property
    def url(self) -> str:
        return self.web.url + "/hub"

    def _subscribe(self, request: Request) -> Answer:
        self.forms.append(dict(parse_qsl(request.body.decode())))
        return Answer(status=self.status)

    def verify(self, form: Form, **said: str) -> tuple[int, bytes]:
        """Comes to the callback (section 5.3); ``said`` replaces what an honest hub would say."""
        query = {name: form[f"hub.{name}"] for name in ("mode", "topic", "lease_seconds")}
        query = {f"hub.{name}": value for name, value in (query | {"challenge": "kz3 &<x>"} | said).items() if value}
        parts = urlsplit(form["hub.callback"])
        return _exchange("GET", form["hub.callback"], f"{parts.path}?{urlencode(query)}")

    def push(self, form: Form, body: bytes, *, method: str = "sha256", secret: str = "", topic: str = "") -> int:
        """Tells of something new (section 7)."""
        signature = hmac.new((secret or form["hub.secret"]).encode(), body, method or "sha256").hexdigest()
        link = f'<{self.url}>; rel="hub", <{topic or form["hub.topic"]}>; rel="self"'
        headers = {"Link": link, "Content-Type": "application/xml"}
        headers |= {"X-Hub-Signature": f"{method}={signature}"} if method else {}
        return _exchange("POST", form["hub.callback"], "", body, headers)[0]


def _exchange(
    method: str, url: str, path: str = "", body: bytes = b"", headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    parts = urlsplit(url)
    connection = HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    try:
        connection.request(method, path or parts.path, body, dict(headers or {}))
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def atom(hub: str, topic: str, *titles: str) -> bytes:
    """An Atom feed that names its hub."""
    entries = "".join(
        f"<entry><id>urn:{title}</id><title>{title}</title><link href='https://blogs.example/{title}'/>"
        f"<updated>2026-11-{20 - number:02}T09:00:00Z</updated></entry>"
        for number, title in enumerate(titles)
    )
    return (
        f"<?xml version='1.0'?><feed xmlns='http://www.w3.org/2005/Atom'><id>urn:f</id><title>Small</title>"
        f"<link rel='hub' href='{hub}'/><link rel='self' href='{topic}'/>{entries}</feed>"
    ).encode()


@contextmanager
def fake_hub() -> Iterator[FakeHub]:
    with serve({}) as web:
        yield FakeHub(web)
