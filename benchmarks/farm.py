"""The farm: a loopback server of synthetic blogs, the load of our benchmarks. Standard library only.

Same seed, same bytes, on any machine. It counts what its clients do, so that a benchmark can check conditional
requests, compression and politeness as well as speed. Content is ``farm_content.py``, documents ``farm_feeds.py``.

    python -m benchmarks.farm --port 8900 --blogs 1000 --entries 20 --warm
    python -m benchmarks.farm --host-spread 100          blog i lives on the (i % 100)-th of 127.0.1.1, 127.0.1.2, …
    python -m benchmarks.farm --dump 20000               the same entries as NDJSON on stdout, no server

    /blog/<i>/        homepage with <link rel=alternate>     /blog/<i>/feed   ETag, Last-Modified, 304, gzip
    /blog/<i>/<n>     entry n (1 is the oldest)              /list            one feed address a line
    /stats            what clients did; ?reset=1 starts anew /healthz
    /control?…        all optional: changed=0.05 one tick, this share of the blogs publishes one or two entries;
                      edited=0.01 rewrites the newest entry; latency_ms=100 before every answer; reset=1 the first day;
                      a share of the feeds with a fault: errors (500), gone (410), redirect (301 to feed/new),
                      malformed, slow (answers after slow_s), drip (sends over slow_s), novalidators
"""

from __future__ import annotations

import argparse
import asyncio
import json
import resource
import sys
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from email.utils import formatdate, parsedate_to_datetime
from http import HTTPStatus
from urllib.parse import parse_qsl

from benchmarks.farm_content import World
from benchmarks.farm_feeds import Blogs, Document, entry_page, homepage

REQUEST_LIMIT = 65_536  # bytes of one request's head
DRIPS = 20  # pieces of a dripping answer
UNCOUNTED = {"control", "stats", "list", "healthz"}


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    media_type: str = "text/plain"
    body: bytes = b""
    headers: str = ""  # complete lines


@dataclass
class Stats:
    """What clients did since the last reset. A host is what they wrote in ``Host``."""

    requests: int = 0
    statuses: Counter[int] = field(default_factory=Counter)
    conditional: int = 0  # requests with a validator
    compressed: int = 0  # answers in gzip
    bytes_sent: int = 0
    connections: int = 0
    aborted: int = 0  # clients that left before their answer
    most_in_flight: int = 0
    most_in_flight_one_host: int = 0
    in_flight: Counter[str] = field(default_factory=Counter)

    def start(self, host: str, headers: Mapping[str, str]) -> None:
        self.requests += 1
        self.in_flight[host] += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight.total())
        self.most_in_flight_one_host = max(self.most_in_flight_one_host, self.in_flight[host])
        self.conditional += "if-none-match" in headers or "if-modified-since" in headers

    def end(self, host: str) -> None:
        self.in_flight[host] -= 1
        if self.in_flight[host] <= 0:
            del self.in_flight[host]


class Farm:
    """The blogs and the record of who asked for what."""

    def __init__(self, blogs: Blogs) -> None:
        self.blogs = blogs
        self.stats = Stats()

    def reply(self, path: str, headers: Mapping[str, str]) -> Reply:
        """The answer to a GET; anything it does not know is a 404."""
        target, _mark, query = path.partition("?")
        parts = target.strip("/").split("/")
        with suppress(ValueError, IndexError):
            if parts[0] in UNCOUNTED:
                return self._desk(parts[0], dict(parse_qsl(query)))
            if parts[0] == "blog":
                return self._blog(int(parts[1]), parts[2:], headers)
        return Reply(404, body=b"not found\n")

    def delay(self, path: str) -> tuple[float, float]:
        """Seconds to wait before the answer, and seconds to send it over."""
        blogs, parts = self.blogs, path.split("/")
        if len(parts) < 4 or not parts[2].isdigit() or not parts[3].startswith("feed"):
            return blogs.latency, 0.0
        blog = int(parts[2])
        slow = blogs.slow_s if blog in blogs.faults["slow"] else 0.0
        return blogs.latency + slow, blogs.slow_s if blog in blogs.faults["drip"] else 0.0

    def _desk(self, what: str, wish: dict[str, str]) -> Reply:
        world = self.blogs.world
        if what == "control":
            return Reply(200, "application/json", json.dumps(self.blogs.control(wish)).encode())
        if what == "stats":
            report = json.dumps(vars(self.stats)).encode()
            if wish.get("reset"):
                self.stats = Stats()
            return Reply(200, "application/json", report)
        if what == "list":
            feeds = "".join(f"{world.base(blog)}/blog/{blog}/feed\n" for blog in range(world.blogs))
            return Reply(200, body=feeds.encode())
        return Reply(200, body=b"ok\n")

    def _blog(self, blog: int, rest: list[str], headers: Mapping[str, str]) -> Reply:
        blogs = self.blogs
        if not 0 <= blog < blogs.world.blogs:
            return Reply(404)
        if not rest:
            return Reply(200, "text/html; charset=utf-8", homepage(blogs, blog).encode())
        if rest[0] == "feed":
            return self._feed(blog, headers, moved=len(rest) > 1)
        number = int(rest[0])
        if not 1 <= number <= blogs.count(blog):
            return Reply(404)
        return Reply(200, "text/html; charset=utf-8", entry_page(blogs, blog, number).encode())

    def _feed(self, blog: int, headers: Mapping[str, str], *, moved: bool) -> Reply:
        faults = self.blogs.faults
        if blog in faults["errors"]:
            return Reply(500, body=b"internal error\n")
        if blog in faults["gone"]:
            return Reply(410, body=b"gone\n")
        if blog in faults["redirect"] and not moved:
            return Reply(301, headers=f"Location: {self.blogs.world.base(blog)}/blog/{blog}/feed/new\r\n")
        return self._conditional(self.blogs.document(blog), headers, validators=blog not in faults["novalidators"])

    def _conditional(self, document: Document, headers: Mapping[str, str], *, validators: bool) -> Reply:
        extra = "Vary: Accept-Encoding\r\n"
        if validators:
            extra += f"ETag: {document.etag}\r\nLast-Modified: {document.last_modified}\r\n"
            if unchanged(document, headers):
                return Reply(304, headers=extra)
        if "gzip" in headers.get("accept-encoding", ""):
            self.stats.compressed += 1
            extra += "Content-Encoding: gzip\r\n"
            return Reply(200, document.media_type, document.packed, extra)
        return Reply(200, document.media_type, document.body, extra)


def unchanged(document: Document, headers: Mapping[str, str]) -> bool:
    """Whether the client has it already; If-None-Match goes before If-Modified-Since (RFC 9110 section 13.2.2)."""
    known = headers.get("if-none-match")
    if known is not None:
        return known == "*" or document.etag in (tag.strip().removeprefix("W/") for tag in known.split(","))
    try:
        return document.modified <= parsedate_to_datetime(headers["if-modified-since"]).timestamp()
    except (KeyError, TypeError, ValueError):
        return False


class Connection(asyncio.Protocol):
    """One client's connection: HTTP/1.1 with keep-alive and pipelining, one answer after the other."""

    def __init__(self, farm: Farm) -> None:
        self.farm = farm
        self.buffer = b""
        self.busy = False
        self.host: str | None = None  # of the counted request in work
        self.keep = True

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.farm.stats.connections += 1

    def connection_lost(self, exc: Exception | None) -> None:
        if self.host is not None:
            self.farm.stats.aborted += 1
            self._finished()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if len(self.buffer) > REQUEST_LIMIT:
            self.transport.abort()
            return
        self._next()

    def _next(self) -> None:
        while not self.busy and not self.transport.is_closing():
            head, end, rest = self.buffer.partition(b"\r\n\r\n")
            if not end:
                return
            self.buffer = rest
            self._request(head.decode("latin-1").split("\r\n"))

    def _request(self, lines: list[str]) -> None:
        method, path, _version = (*lines[0].split(" "), "", "", "")[:3]
        fields = (line.partition(":") for line in lines[1:])
        headers = {name.lower(): value.strip() for name, _colon, value in fields}
        self.keep = headers.get("connection", "").lower() != "close"
        if method != "GET":
            self._send(Reply(405, headers="Allow: GET\r\n"))
            return
        wait = over = 0.0
        if path.strip("/").partition("/")[0].partition("?")[0] not in UNCOUNTED:
            self.host = headers.get("host", "")
            self.farm.stats.start(self.host, headers)
            wait, over = self.farm.delay(path)
        self.busy = True
        if wait:
            asyncio.get_running_loop().call_later(wait, self._answer, path, headers, over)
        else:
            self._answer(path, headers, over)

    def _answer(self, path: str, headers: Mapping[str, str], over: float) -> None:
        if self.transport.is_closing():
            return
        reply = self.farm.reply(path, headers)
        if self.host is not None:
            self.farm.stats.statuses[reply.status] += 1
        if over and reply.body:
            self.transport.write(self._head(reply))
            self._drip(reply.body, over / DRIPS, -(-len(reply.body) // DRIPS))
            return
        self._send(reply)

    def _drip(self, body: bytes, pause: float, piece: int) -> None:
        if self.transport.is_closing():
            return
        self.transport.write(body[:piece])
        self.farm.stats.bytes_sent += len(body[:piece])
        if len(body) > piece:
            asyncio.get_running_loop().call_later(pause, self._drip, body[piece:], pause, piece)
        else:
            self._sent()

    def _send(self, reply: Reply) -> None:
        data = self._head(reply) + reply.body
        if self.host is not None:
            self.farm.stats.bytes_sent += len(data)
        self.transport.write(data)
        self._sent()

    def _sent(self) -> None:
        self._finished()
        self.busy = False
        if not self.keep:
            self.transport.close()
        elif self.buffer:
            self._next()

    def _finished(self) -> None:
        if self.host is not None:
            self.farm.stats.end(self.host)
            self.host = None

    def _head(self, reply: Reply) -> bytes:
        lines = f"HTTP/1.1 {reply.status} {HTTPStatus(reply.status).phrase}\r\nServer: farm\r\n"
        lines += f"Date: {formatdate(usegmt=True)}\r\n{reply.headers}"
        if reply.status != 304:
            lines += f"Content-Type: {reply.media_type}\r\nContent-Length: {len(reply.body)}\r\n"
        return (lines + ("\r\n" if self.keep else "Connection: close\r\n\r\n")).encode("latin-1")


def loopback(number: int) -> str:
    """The loopback hosts in turn: 127.0.1.1 … 127.0.1.250, 127.0.2.1 …"""
    return f"127.0.{1 + number // 250}.{1 + number % 250}"


async def serve(options: argparse.Namespace) -> None:
    """Serves until it is cancelled; says ``farm ready port=N`` on stdout when it can be asked."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    hosts = [loopback(number) for number in range(options.host_spread)] or ["127.0.0.1"]
    addresses: dict[str, str] = {}
    world = World(options.seed, options.blogs, lambda blog: addresses[hosts[blog % len(hosts)]], options.json_every)
    farm = Farm(Blogs(world, options.entries))
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Connection(farm), "127.0.0.1", options.port, backlog=2048)
    port = server.sockets[0].getsockname()[1]
    addresses |= {host: f"http://{host}:{port}" for host in hosts}
    if options.host_spread:
        await loop.create_server(lambda: Connection(farm), hosts, port, backlog=512)
    if options.warm:
        farm.blogs.warm()
    print(f"farm ready port={port}", flush=True)
    await server.serve_forever()


def dump(options: argparse.Namespace) -> None:
    """Writes entries as NDJSON, the newest of every blog first."""
    world = World(options.seed, options.blogs, lambda _blog: f"http://127.0.0.1:{options.port}", options.json_every)
    live = -(-options.dump // options.blogs)
    for turn in range(options.dump):
        blog, number = turn % options.blogs, live - turn // options.blogs
        entry = world.entry(blog, number, world.published(blog, number, live))
        sys.stdout.write(json.dumps(asdict(entry), ensure_ascii=False) + "\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in {"port": 8900, "blogs": 1000, "entries": 20, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    for name in ("json-every", "host-spread", "dump"):
        parser.add_argument(f"--{name}", type=int, default=0)
    parser.add_argument("--warm", action="store_true")
    options = parser.parse_args()
    if options.dump:
        dump(options)
        return
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(options))


if __name__ == "__main__":
    main()
