"""The client of the page benchmarks: HTTP/1.1 over asyncio, connections kept when the server keeps them.

Measures from before the connection is made to the last byte. Knows no page.
"""

from __future__ import annotations

import asyncio
import gzip
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from urllib.parse import urlencode


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes  # as sent
    seconds: float

    @property
    def text(self) -> str:
        body = gzip.decompress(self.body) if self.headers.get("content-encoding") == "gzip" else self.body
        return body.decode()


@dataclass(slots=True)
class Browser:
    """One visitor with one connection."""

    port: int
    cookie: str
    _streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = field(default=None)

    async def get(self, path: str, headers: Mapping[str, str]) -> Answer:
        """The answer to a GET."""
        return await self._ask(f"GET {path}", headers, b"")

    async def post(self, path: str, fields: Mapping[str, str], headers: Mapping[str, str]) -> Answer:
        """The answer to a form, sent as a browser sends it."""
        own = {"Origin": f"http://127.0.0.1:{self.port}", "Content-Type": "application/x-www-form-urlencoded"}
        return await self._ask(f"POST {path}", {**own, **headers}, urlencode(fields).encode())

    async def _ask(self, what: str, headers: Mapping[str, str], body: bytes) -> Answer:
        """A kept connection that the server has ended meanwhile is replaced, as browsers do."""
        kept = self._streams is not None
        try:
            return await self._send(what, headers, body)
        except (asyncio.IncompleteReadError, ConnectionError):
            await self.close()
            if not kept:
                raise
            return await self._send(what, headers, body)

    async def _send(self, what: str, headers: Mapping[str, str], body: bytes) -> Answer:
        start = time.perf_counter()
        if self._streams is None:
            self._streams = await asyncio.open_connection("127.0.0.1", self.port, limit=2**22)
        reader, writer = self._streams
        lines = {"Host": f"127.0.0.1:{self.port}", "Cookie": self.cookie, **headers}
        if body:
            lines["Content-Length"] = str(len(body))
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        writer.write(f"{what} HTTP/1.1\r\n{head}\r\n".encode() + body)
        status, found = _head(await reader.readuntil(b"\r\n\r\n"))
        content = await self._body(reader, status, found)
        seconds = time.perf_counter() - start
        if found.get("connection", "").lower() == "close":
            await self.close()
        return Answer(status, found, content, seconds)

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    @staticmethod
    async def _body(reader: asyncio.StreamReader, status: int, headers: Mapping[str, str]) -> bytes:
        if status in {204, 304}:
            return b""
        if "content-length" in headers:
            return await reader.readexactly(int(headers["content-length"]))
        if headers.get("transfer-encoding") != "chunked":
            return await reader.read()
        parts = []
        while size := int(await reader.readline(), 16):
            parts.append(await reader.readexactly(size))
            await reader.readline()
        await reader.readline()
        return b"".join(parts)


def _head(raw: bytes) -> tuple[int, dict[str, str]]:
    first, *lines = raw.decode("latin-1").split("\r\n")
    fields = (line.partition(":") for line in lines if line)
    return int(first.split(" ")[1]), {name.lower(): value.strip() for name, _colon, value in fields}


@dataclass(frozen=True, slots=True)
class Question:
    """A kind of page: where it lies the n-th time it is asked for, and what its answer must be."""

    name: str
    path: Callable[[int], str]
    port: int
    cookie: str = ""
    headers: Mapping[str, str] = field(default_factory=lambda: {"Accept-Encoding": "gzip"})
    status: int = 200

    async def ask(self, browser: Browser, turn: int) -> Answer:
        answer = await browser.get(self.path(turn), self.headers)
        if answer.status != self.status:
            raise UnexpectedAnswerError(f"{self.path(turn)} answered {answer.status}, not {self.status}")
        return answer


class UnexpectedAnswerError(Exception):
    """An answer with another status."""


async def in_turns(questions: list[Question], rounds: int) -> dict[str, list[float]]:
    """Seconds of every answer at one connection. The pages take turns, so that the machine's moods hit all alike."""
    browsers = {question.name: Browser(question.port, question.cookie) for question in questions}
    times: dict[str, list[float]] = {question.name: [] for question in questions}
    for turn in range(rounds):
        for question in questions:
            answer = await question.ask(browsers[question.name], turn)
            times[question.name].append(answer.seconds)
    for browser in browsers.values():
        await browser.close()
    return times


async def at_once(question: Question, visitors: int, seconds: float) -> list[float]:
    """Seconds of every answer while so many visitors ask without a pause."""
    times: list[float] = []
    end = time.perf_counter() + seconds

    async def visit(number: int) -> None:
        browser, turn = Browser(question.port, question.cookie), number
        while time.perf_counter() < end:
            times.append((await question.ask(browser, turn)).seconds)
            turn += visitors
        await browser.close()

    await asyncio.gather(*(visit(number) for number in range(visitors)))
    return times
