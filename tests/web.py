"""A small real HTTP/1.1 server on loopback, for tests that need the other side of a request.

Owns serving and counting, knows nothing of feeds. Routes are bytes, an ``Answer``, or a
function of the request:

    with serve({"/feed": Answer(FEED, headers={"ETag": '"1"'}), "/old": Answer.redirect("/feed")}) as web:
        fetch(web.url + "/feed")
        web.routes["/feed"] = Answer(status=410)  # may change while it runs
        assert web.count("/feed") == 1 and "if-none-match" not in web.last("/feed").headers

An answer with an ETag or Last-Modified becomes a 304 by itself when the request's validator is the same.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from socket import AF_INET, AF_INET6


@dataclass(frozen=True)
class Request:
    """What the client sent; header names in lower case, ``path`` with its query."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """A body of bytes is sent with its length, an iterable in chunks without one; times are in seconds."""

    body: bytes | Iterable[bytes] = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    wait: float = 0.0  # before the status line
    pause: float = 0.0  # before each chunk
    raw: bytes | None = None  # written to the socket instead of everything else

    @classmethod
    def redirect(cls, to: str, status: int = 302) -> Answer:
        return cls(status=status, headers={"Location": to})


Route = bytes | Answer | Callable[[Request], bytes | Answer]


class Web:
    """The running server as a test sees it."""

    def __init__(self, routes: Mapping[str, Route], host: str, scheme: str) -> None:
        self.routes: dict[str, Route] = dict(routes)  # by path without the query; "*" takes the rest
        self.host, self.scheme, self.port = host, scheme, 0
        self.requests: list[Request] = []
        self.connections = self.in_flight = self.most_in_flight = 0
        self.closing = threading.Event()  # set when the test ends: no answer waits longer
        self.lock = threading.Lock()

    @property
    def address(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"

    @property
    def url(self) -> str:
        return f"{self.scheme}://{self.address}"

    def count(self, path: str) -> int:
        return sum(request.path == path for request in self.requests)

    def last(self, path: str) -> Request:
        return next(request for request in reversed(self.requests) if request.path == path)

    def answer(self, request: Request) -> Answer:
        route = self.routes.get(request.path.partition("?")[0], self.routes.get("*", Answer(status=404)))
        found = route(request) if callable(route) else route
        answer = Answer(found) if isinstance(found, bytes) else found
        known = request.headers.get("if-none-match"), request.headers.get("if-modified-since")
        same = known[0] == answer.headers.get("ETag", ""), known[1] == answer.headers.get("Last-Modified", "")
        unchanged = answer.status == 200 and (same[0] if known[0] else same[1])  # RFC 9110 section 13.2.2
        return Answer(status=304, headers=answer.headers) if unchanged else answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    web: Web

    def setup(self) -> None:
        super().setup()
        self.web.connections += 1

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = Request(self.command, self.path, headers, self.rfile.read(length))
        with self.web.lock:
            self.web.requests.append(request)
            self.web.in_flight += 1
            self.web.most_in_flight = max(self.web.most_in_flight, self.web.in_flight)
        try:
            self._send(self.web.answer(request))
        except OSError:  # the client hung up, as the test wanted
            self.close_connection = True
        finally:
            with self.web.lock:
                self.web.in_flight -= 1

    do_HEAD = do_POST = do_GET

    def _send(self, answer: Answer) -> None:
        if answer.wait and self.web.closing.wait(answer.wait):
            raise ConnectionError
        if answer.raw is not None:
            self.wfile.write(answer.raw)
            self.close_connection = True
            return
        self.send_response(answer.status)
        headers = {"Content-Type": "application/xml", **answer.headers}
        if isinstance(answer.body, bytes):
            headers.setdefault("Content-Length", str(len(answer.body)))
        elif answer.status != 304:
            headers["Transfer-Encoding"] = "chunked"
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD" and answer.status != 304:
            self._send_body(answer)

    def _send_body(self, answer: Answer) -> None:
        if isinstance(answer.body, bytes):
            self.wfile.write(answer.body)
            return
        for chunk in answer.body:
            if answer.pause and self.web.closing.wait(answer.pause):
                raise ConnectionError
            self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
        self.wfile.write(b"0\r\n\r\n")

    def log_message(self, *args: object) -> None:
        """Tests read ``web.requests``; nothing is printed."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that breaks off or refuses our certificate is what some tests are about."""


@contextmanager
def serve(
    routes: Mapping[str, Route] | None = None,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    tls: ssl.SSLContext | None = None,
) -> Iterator[Web]:
    """Serve ``routes`` on a free port (or ``port``) of ``host`` until the block ends."""
    web = Web(routes or {}, host, "https" if tls else "http")
    handler = type("Handler", (_Handler,), {"web": web})
    server_class = type("Server", (_Server,), {"address_family": AF_INET6 if ":" in host else AF_INET})
    server = server_class((host, port), handler)
    web.port = server.server_address[1]
    if tls:  # the handshake waits for the first read, so that it happens in the connection's own thread
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield web
    finally:
        web.closing.set()
        server.shutdown()
        with suppress(OSError):
            server.server_close()
        thread.join(5)
