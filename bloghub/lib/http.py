"""THE outbound client: every request that leaves BlogHub goes through here.

Owns the exchange: connecting only to addresses that the fetch policy passed, and the limits. Does not own the policy
(``addresses.py``), redirects (``journey.py``) or names (``lookup.py``). A client is made for one piece of work and
closed after it: what it has looked up and judged holds for its life.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from bloghub.lib.addresses import FetchPolicy, Refusal, read_url
from bloghub.lib.decoding import ACCEPT_ENCODING, BrokenCodingError, Decoder, TooMuchError
from bloghub.lib.http_errors import (
    CERTIFICATE_EXPIRED,
    NOT_ALLOWED,
    NOT_REACHABLE,
    TOO_LARGE,
    TOO_SLOW,
    FetchError,
    expired,
    explain,
)
from bloghub.lib.journey import FEED_LIMITS, MIB, Answer, Journey, Limits
from bloghub.lib.lookup import ClosedError, Lookup
from bloghub.lib.networks import literal_address
from bloghub.lib.observing import SILENT, Connection, Observer, disclosed
from bloghub.lib.sender import Sender

__all__ = ["FEED_LIMITS", "PER_HOST", "Answer", "Client", "FetchError", "FetchPolicy", "Limits", "Sender"]

PER_HOST = 2  # requests at once to one host name: a company server carries hundreds of blogs
MAX_HEADERS = 100
MAX_HEADER_LINE = 65_536  # bytes
KEEP_ALIVE = 5.0  # seconds an idle connection is kept for the host's next feed

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAME_METHOD = frozenset({307, 308})
_NO_BODY = frozenset({204, 304})


class Client:
    """``async with Client(policy, Sender("BlogHub (+https://hub.example/)")) as client: await client.get(url)``.

    No proxy or password is taken from the environment and no cookie is kept. What goes through the proxy of ``sender``
    is judged as far as this machine can tell: the address, and those that its name has here; a name that only the
    proxy can look up is left to its rules.
    """

    def __init__(
        self,
        policy: FetchPolicy,
        sender: Sender | None = None,
        *,
        per_host: int = PER_HOST,
        observer: Observer = SILENT,
    ) -> None:
        self._policy = policy
        self._sender = sender or Sender()
        self._per_host = per_host
        self._observer = observer
        self._turns: dict[str, asyncio.Semaphore] = {}
        self._judged: set[tuple[str | None, int | None]] = set()  # host and port of good addresses

    async def __aenter__(self) -> Self:
        self._lookup = Lookup(self._policy, self._observer)
        if self._sender.proxy is not None:
            self._lookup.trust(self._sender.proxy.url.raw_host or "", self._sender.proxy.url.port or 0)
        self._session = aiohttp.ClientSession(
            connector=_Connector(
                self._observer,
                resolver=_Resolver(self._lookup),
                use_dns_cache=False,  # Lookup has its own
                socket_factory=self._open_socket,
                ssl=_tls(self._sender.ca_file) if self._sender.ca_file else True,
                limit=0,  # whoever asks knows how many requests it starts
                keepalive_timeout=KEEP_ALIVE,
            ),
            headers={"User-Agent": self._sender.user_agent, "Accept-Encoding": ACCEPT_ENCODING},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            trace_configs=[] if self._observer is SILENT else [_tracing(self._observer)],
            auto_decompress=False,
            max_line_size=MAX_HEADER_LINE,
            max_field_size=MAX_HEADER_LINE,
            max_headers=MAX_HEADERS,
        )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._session.close()

    async def get(self, url: str, *, headers: Mapping[str, str] | None = None, limits: Limits = FEED_LIMITS) -> Answer:
        """Fetch ``url``; follow redirects, each judged like the first address. Raises FetchError.

        Statuses of 400 and above are answers. A refresh in a page or a header is never followed. The clock starts
        when the host has a place free, so waiting behind our own requests is not held against it.
        """
        return await self._travel(Journey(self._judge(read_url(url)), dict(headers or {}), limits))

    async def post(self, url: str, form: Mapping[str, str], *, limits: Limits = FEED_LIMITS) -> Answer:
        """Send a form to ``url`` by all the rules of ``get``, but that 307 and 308 alone take it elsewhere.

        Any other redirect is the answer: it would have to be followed with GET, which is not what was asked.
        """
        return await self._travel(Journey(self._judge(read_url(url)), {}, limits, form=form))

    async def _travel(self, journey: Journey) -> Answer:
        loop = asyncio.get_running_loop()
        deadline = 0.0
        while True:
            async with self._turn(journey.target):
                deadline = deadline or loop.time() + journey.limits.total
                try:
                    async with asyncio.timeout_at(deadline):
                        answer = await self._exchange(journey)
                except (aiohttp.ClientError, OSError, ValueError) as error:
                    raise await self._explain(error, journey) from error
            if answer is not None:
                return answer

    async def _explain(self, error: Exception, journey: Journey) -> FetchError:
        """Python tells that a certificate is over but not since when, so that one is looked at once more."""
        cause = getattr(error, "certificate_error", None)
        if getattr(cause, "verify_code", None) != CERTIFICATE_EXPIRED:
            return _explain(error, journey)
        try:
            async with asyncio.timeout(journey.limits.connect):
                return expired(await self._certificate(journey.target), journey.who)
        except OSError:
            return expired(b"", journey.who)

    async def _certificate(self, target: URL) -> bytes:
        """The certificate (DER) that a judged server shows; nothing is sent to it."""
        host, port = target.raw_host or "", target.port or 0
        [(family, address), *_] = await self._lookup.find(host, port)
        self._lookup.check(address, port, family)
        _, writer = await asyncio.open_connection(address, port, ssl=_any_tls(), server_hostname=host)
        try:
            return bytes(writer.get_extra_info("ssl_object").getpeercert(binary_form=True) or b"")
        finally:
            writer.transport.abort()

    def _turn(self, target: URL) -> asyncio.Semaphore:
        host = target.raw_host or ""
        turn = self._turns.get(host)
        if turn is None:
            turn = self._turns[host] = asyncio.Semaphore(self._per_host)
        return turn

    async def _exchange(self, journey: Journey) -> Answer | None:
        """One request; None when the answer sends us elsewhere and ``journey`` has moved on."""
        journey.sign_in(self._sender.credential_for(journey.target))
        async with self._session.request(
            "GET" if journey.form is None else "POST",
            journey.target,
            data=journey.form,
            allow_redirects=False,
            timeout=_timeouts(journey.limits),
            **await self._way(journey),
        ) as response:
            if self._observer is not SILENT:
                self._observer.answered(response.status, response.reason or "", disclosed(response.headers))
            followed = _REDIRECTS if journey.form is None else _SAME_METHOD
            location = response.headers.get("Location") if response.status in followed else None
            if location is None:
                return journey.arrive(response.status, response.headers, await self._read(response, journey))
            journey.leave(response.status, str(journey.target))
            journey.move_to(self._judge(journey.next_target(location), journey))
            return None

    async def _way(self, journey: Journey) -> dict[str, Any]:
        """How aiohttp gets there, by itself or through the proxy, and with which headers."""
        proxy, target = self._sender.proxy, journey.target
        if proxy is None or not proxy.serves(target):
            return {"headers": journey.headers}
        with suppress(socket.gaierror):  # names of the world outside may be known to the proxy alone
            await self._lookup.find(target.raw_host or "", target.port or 0)
        own = {"Proxy-Authorization": proxy.authorization} if proxy.authorization else {}
        if target.scheme == "https":  # asked of the proxy alone, for a tunnel that it cannot look into
            return {"headers": journey.headers, "proxy": proxy.url, "proxy_headers": own}
        return {"headers": {**journey.headers, **own}, "proxy": proxy.url}

    async def _read(self, response: aiohttp.ClientResponse, journey: Journey) -> bytes:
        wire, body = await _read_body(response, journey)
        self._observer.received(wire, len(body))
        return body

    def _judge(self, target: URL | Refusal, journey: Journey | None = None) -> URL:
        """Pass a target or raise FetchError; where it came from decides what is said."""
        refusal = target if isinstance(target, Refusal) else self._refusal(target)
        self._observer.judged_target(str(target) if isinstance(target, URL) else "", refusal)
        if refusal is None:
            assert isinstance(target, URL)  # noqa: S101 - for the type checker
            return target
        raise (
            journey.refused(refusal) if journey else FetchError(NOT_ALLOWED, refusal.code, refusal.reason, refusal.hint)
        )

    def _refusal(self, target: URL) -> Refusal | None:
        key = target.raw_host, target.port
        if key in self._judged:
            return None
        refusal = self._policy.judge_target(target)
        if refusal is None:
            self._judged.add(key)
            address = literal_address(target.raw_host or "")
            if address is not None:  # aiohttp asks no resolver about it
                self._lookup.add(address, target.port or 0)
        return refusal

    def _open_socket(self, info: tuple[Any, ...]) -> socket.socket:
        """The last wall: whatever happened before, no socket for an address that was not judged."""
        family, kind, protocol, _, address = info
        self._lookup.check(address[0], address[1], family)
        return socket.socket(family, kind, protocol)


class _Connector(aiohttp.TCPConnector):
    """Tells what it has connected to."""

    def __init__(self, observer: Observer, **options: Any) -> None:
        super().__init__(**options)
        self._observer = observer

    async def connect(self, *args: Any, **options: Any) -> aiohttp.connector.Connection:
        connection = await super().connect(*args, **options)
        if self._observer is not SILENT and connection.transport is not None:
            tell = connection.transport.get_extra_info
            address, port = (tell("peername") or ("", 0))[:2]
            cipher = tell("cipher") or ("", "")
            self._observer.connected(Connection(str(address), int(port), cipher[1], cipher[0]))
        return connection


def _tracing(observer: Observer) -> aiohttp.TraceConfig:
    """aiohttp tells which headers it really sends."""

    async def sent(_session: object, _context: object, what: aiohttp.TraceRequestHeadersSentParams) -> None:
        observer.sent(what.method, str(what.url), disclosed(what.headers))

    tracing = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(sent)
    return tracing


class _Resolver(AbstractResolver):
    """What aiohttp asks for names."""

    def __init__(self, lookup: Lookup) -> None:
        self._lookup = lookup

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await self._lookup.find(host, port)
        return [
            ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=0)
            for family, address in found
        ]

    async def close(self) -> None:
        self._lookup.close()


async def _read_body(response: aiohttp.ClientResponse, journey: Journey) -> tuple[int, bytes]:
    """Bytes on the wire, and the body, decoded, read no further than the limits. Raises FetchError."""
    if response.status in _NO_BODY:
        return 0, b""
    limits, wire, pieces = journey.limits, 0, []
    try:
        decoder = Decoder.for_header(response.headers.get("Content-Encoding", ""), limits.decoded)
        if (response.content_length or 0) > limits.wire:
            raise TooMuchError
        async for piece in response.content.iter_any():
            wire += len(piece)
            if wire > limits.wire:
                raise TooMuchError
            pieces.append(decoder.feed(piece) if decoder else piece)
        if decoder:
            decoder.finish()
    except TooMuchError:
        response.close()
        reason = f"What {journey.who} sends is larger than BlogHub takes ({_most(limits)})."
        raise FetchError(TOO_LARGE, "too_large", reason) from None
    except BrokenCodingError as error:
        response.close()
        reason = f"What {journey.who} sends is compressed in a way that BlogHub cannot read."
        raise FetchError(NOT_REACHABLE, "content_coding", reason) from error
    return wire, b"".join(pieces)


def _most(limits: Limits) -> str:
    return f"{limits.wire / MIB:.3g} MiB, or {limits.decoded / MIB:.3g} MiB unpacked"


def _explain(error: Exception, journey: Journey) -> FetchError:
    """The FetchError for whatever aiohttp raised."""
    who = journey.who
    cause = getattr(error, "certificate_error", None) or getattr(error, "os_error", None) or error
    if isinstance(cause, ClosedError):
        return journey.refused(cause.refusal)
    for kinds, kind, code, sentence in _SENTENCES:
        if isinstance(error, kinds):
            return FetchError(kind, code, sentence.format(who=who))
    if isinstance(cause, OSError):
        return explain(cause, who)
    return FetchError(NOT_REACHABLE, "unreachable", f"No server answers at {who}.")


# The first that fits; a silent port is as good as a closed one, so it is not called slow.
_SENTENCES: tuple[tuple[type[Exception], str, str, str], ...] = (
    (aiohttp.ConnectionTimeoutError, NOT_REACHABLE, "connect_timeout", "No server answers at {who}."),
    (aiohttp.SocketTimeoutError, TOO_SLOW, "stalled", "The server at {who} stopped answering."),
    (TimeoutError, TOO_SLOW, "deadline", "The server at {who} takes too long to send its answer."),
    (aiohttp.ClientPayloadError, NOT_REACHABLE, "cut_short", "What {who} sends breaks off before its end."),
    (aiohttp.ServerDisconnectedError, NOT_REACHABLE, "disconnected", "The server at {who} hung up without an answer."),
    (aiohttp.ClientResponseError, NOT_REACHABLE, "bad_http", "The server at {who} does not speak proper HTTP."),
    (aiohttp.InvalidURL, NOT_ALLOWED, "bad_address", "The address of {who} cannot be read."),
)


@lru_cache(maxsize=32)
def _timeouts(limits: Limits) -> aiohttp.ClientTimeout:
    """The total is kept by ``Client.get``, over all hops."""
    return aiohttp.ClientTimeout(total=None, sock_connect=limits.connect, sock_read=limits.read)


def _any_tls() -> ssl.SSLContext:
    """Trusts everybody: only for reading a certificate that was refused already."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


@lru_cache(maxsize=4)
def _tls(ca_file: Path) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.load_verify_locations(cafile=ca_file)
    context.set_alpn_protocols(["http/1.1"])
    return context
