"""Serves the demo's blogs on loopback: ``python -m demo.serve --port 8801 --state var/demo``.

Owns what is out by now, HTTP (validators, gzip, ranges) and the demo's epoch: the moment of the first start, kept
in the state folder, so that a restart moves no date. Prints one line when it is ready and nothing else.

It binds to 127.0.0.1 and answers only requests that name a loopback host, so that no page elsewhere can read it
by pointing a name of its own at this machine (DNS rebinding).
"""

from __future__ import annotations

import argparse
import contextlib
import gzip
import hashlib
import re
import signal
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from demo import feeds, pages, sound
from demo.company import HERE, Blog, Company, DatedPost, load

HOST = "127.0.0.1"
EPOCH_FILE = "epoch"
_LOOPBACK_HOST = re.compile(r"(?:127(?:\.\d{1,3}){3}|localhost)(?::\d+)?", re.IGNORECASE)
_RANGE = re.compile(r"bytes=(\d+)-(\d*)")
_COMPRESSIBLE = re.compile(r"text/|application/(?:\w+\+)?(?:xml|json)|image/svg")
_CSP = "default-src 'none'; img-src 'self'; media-src 'self'; style-src 'unsafe-inline'"


def read_epoch(state: Path, now: datetime) -> datetime:
    """The moment all dates are counted from: ``now`` at the first start, the same one ever after."""
    file = state / EPOCH_FILE
    with contextlib.suppress(FileNotFoundError):
        return datetime.fromisoformat(file.read_text(encoding="ascii").strip())
    state.mkdir(parents=True, exist_ok=True)
    fresh = state / f"{EPOCH_FILE}.new"
    fresh.write_text(now.isoformat(), encoding="ascii")
    fresh.replace(file)  # whole or not at all, even if the power goes
    return now


@dataclass(frozen=True, slots=True)
class Answer:
    """What stands at an address: a media type, a body, and when it last changed."""

    media_type: str
    body: bytes
    changed_at: datetime

    @property
    def etag(self) -> str:
        return f'"{hashlib.sha256(self.body).hexdigest()[:20]}"'

    @property
    def last_modified(self) -> str:
        return format_datetime(self.changed_at.astimezone(UTC), usegmt=True)


class Site:
    """All addresses of the demo's server, as a function of the time."""

    def __init__(self, company: Company, epoch: datetime, address: str) -> None:
        self.company = company
        self.epoch = epoch
        self.address = address
        self._dated = company.dated(epoch)

    def posts(self, blog: Blog, now: datetime) -> tuple[DatedPost, ...]:
        """The posts of ``blog`` that are out by ``now``, newest first."""
        return tuple(item for item in self._dated if item.post.blog == blog and item.published_at <= now)

    def answer(self, path: str, now: datetime) -> Answer | None:
        """What stands at ``path``, or None."""
        if path == "/":
            return self._page(pages.company_page(self.company), self.epoch)
        slug, _, rest = path.removeprefix("/").partition("/")
        blog = self.company.blogs.get(slug)
        return self._in_blog(blog, rest, now) if blog else None

    def _in_blog(self, blog: Blog, rest: str, now: datetime) -> Answer | None:
        posts = self.posts(blog, now)
        document = feeds.Document(blog, self.company.domain, self.address, posts)
        if rest == "":
            return self._page(pages.blog_page(blog, posts), document.updated_at)
        if rest == blog.feed:
            return Answer(feeds.FORMATS[blog.format].media_type, feeds.build(document), document.updated_at)
        if rest.startswith("images/"):
            return self._image(blog, rest.removeprefix("images/"))
        return self._post(posts, blog.path + rest)

    def _post(self, posts: tuple[DatedPost, ...], path: str) -> Answer | None:
        for dated in posts:
            if path == dated.post.path:
                return self._page(pages.post_page(dated), dated.updated_at)
            if path == dated.post.audio_path:
                return Answer("audio/wav", sound.wav(dated.post.audio), dated.published_at)
        return None

    def _image(self, blog: Blog, name: str) -> Answer | None:
        # Looked up in a listing, never joined to a path: a name with dots and slashes finds nothing.
        for file in (HERE / "content" / blog.slug / "images").glob("*.svg"):
            if file.name == name:
                return Answer("image/svg+xml", file.read_bytes(), self.epoch)
        return None

    @staticmethod
    def _page(text: str, changed_at: datetime) -> Answer:
        return Answer("text/html; charset=utf-8", text.encode(), changed_at)


class Handler(BaseHTTPRequestHandler):
    """One connection: GET and HEAD, conditional (RFC 9110, 13), in ranges (14) and compressed (8.4.1)."""

    protocol_version = "HTTP/1.1"
    server_version = "BlogHubDemo"
    sys_version = ""
    timeout = 30  # seconds a connection may sit idle
    site: Site
    clock: Callable[[], datetime]

    def do_GET(self) -> None:
        """Answer with the body, a part of it, 304 or 404."""
        if not _LOOPBACK_HOST.fullmatch(self.headers.get("Host", "")):
            self._send(421, "text/plain; charset=utf-8", b"This server answers for loopback only.\n")
            return
        answer = self.site.answer(self.path.partition("?")[0], type(self).clock())
        if answer is None:
            self._send(404, "text/html; charset=utf-8", pages.missing_page().encode())
        elif self._unchanged(answer):
            self._send(304, "", b"", self._validators(answer))
        else:
            self._send_answer(answer)

    do_HEAD = do_GET

    def _unchanged(self, answer: Answer) -> bool:
        wanted = self.headers.get("If-None-Match")
        if wanted is not None:  # the stronger validator decides alone (RFC 9110, 13.2.2)
            tags = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
            return "*" in tags or answer.etag in tags
        with contextlib.suppress(ValueError, TypeError):
            since = parsedate_to_datetime(self.headers.get("If-Modified-Since", ""))
            return answer.changed_at.replace(microsecond=0) <= since
        return False

    def _send_answer(self, answer: Answer) -> None:
        headers = self._validators(answer)
        part = _RANGE.fullmatch(self.headers.get("Range", ""))
        if not _COMPRESSIBLE.match(answer.media_type):
            headers["Accept-Ranges"] = "bytes"
            self._send_part(answer, headers, part)
        elif "gzip" in self.headers.get("Accept-Encoding", ""):
            headers["Content-Encoding"] = "gzip"
            self._send(200, answer.media_type, gzip.compress(answer.body, 6, mtime=0), headers)
        else:
            self._send(200, answer.media_type, answer.body, headers)

    def _send_part(self, answer: Answer, headers: dict[str, str], part: re.Match[str] | None) -> None:
        total = len(answer.body)
        if part is None:
            self._send(200, answer.media_type, answer.body, headers)
            return
        first, last = int(part[1]), min(int(part[2] or total - 1), total - 1)
        if first > last:
            self._send(416, "", b"", {"Content-Range": f"bytes */{total}"})
            return
        headers["Content-Range"] = f"bytes {first}-{last}/{total}"
        self._send(206, answer.media_type, answer.body[first : last + 1], headers)

    @staticmethod
    def _validators(answer: Answer) -> dict[str, str]:
        return {"ETag": f"W/{answer.etag}", "Last-Modified": answer.last_modified, "Vary": "Accept-Encoding"}

    def _send(self, status: int, media_type: str, body: bytes, more: dict[str, str] | None = None) -> None:
        self.send_response(status)
        headers = {
            "Cache-Control": "no-cache",
            "Content-Security-Policy": _CSP,
            "Cross-Origin-Resource-Policy": "cross-origin",  # the hub shows these images and sounds
            "X-Content-Type-Options": "nosniff",
        }
        if media_type:
            headers["Content-Type"] = media_type
        if status != 304:  # noqa: PLR2004 - the status itself
            headers["Content-Length"] = str(len(body))
        for name, value in (headers | (more or {})).items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the console belongs to the hub."""


class Server(ThreadingHTTPServer):
    """The server on loopback. Port 0 takes a free one; ``address`` tells it."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(
        self,
        port: int,
        company: Company,
        epoch: datetime,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        super().__init__((HOST, port), Handler)
        self.address = f"http://{HOST}:{self.server_address[1]}"
        site = Site(company, epoch, self.address)
        self.RequestHandlerClass = type("SiteHandler", (Handler,), {"site": site, "clock": staticmethod(clock)})

    def handle_error(self, request: object, client_address: object) -> None:
        """A reader who hangs up is no news; anything else is."""
        if not isinstance(sys.exc_info()[1], (ConnectionError, TimeoutError)):
            super().handle_error(request, client_address)  # type: ignore[arg-type]  # typeshed's union of sockets


def main() -> None:
    """Serve until SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m demo.serve", description="Serve the demo's blogs.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--state", type=Path, required=True, help="folder that keeps the demo's epoch")
    options = parser.parse_args()
    now = datetime.now(UTC).replace(microsecond=0)
    epoch = read_epoch(options.state, now)
    with Server(options.port, load(), epoch) as server:
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        print(f"demo ready {server.address}", flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            server.serve_forever(poll_interval=0.2)


if __name__ == "__main__":
    main()
