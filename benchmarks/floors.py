"""The least that each step of a poll can cost here: a bare fetch, the parser, the sanitiser and COPY, each alone.

Measured in the run whose figures it stands beside. Uses the libraries themselves, not our modules around them.
"""

from __future__ import annotations

import asyncio
import io
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import aiohttp
import feedparser
import nh3
from django.db import connection

from benchmarks.farm_content import World
from benchmarks.harness import FarmProcess, Hub, cpu_seconds

AT_ONCE = 32  # requests in flight
ROUNDS = 3


@dataclass(frozen=True, slots=True)
class Floor:
    """One step: the best of a few rounds, in seconds of CPU for one unit of work."""

    step: str
    unit: str
    cpu: float
    wall: float


def floors(hub: Hub, farm: FarmProcess) -> list[Floor]:
    """Every floor of a poll, least first in the order of the work."""
    urls = [farm.feed_url(blog) for blog in range(farm.blogs)]
    bodies = asyncio.run(_fetch(urls, {}))
    documents = [body for _etag, body in bodies[: min(100, farm.blogs)]]
    world = World(1, farm.blogs, lambda _blog: f"http://{farm.address}")
    entries = [world.entry(blog, 1 + blog % farm.entries, 0.0).html for blog in range(farm.blogs)]
    etags = {url: etag for url, (etag, _body) in zip(urls, bodies, strict=True)}
    return [
        _best("aiohttp, gzip 200", "feed", len(urls), lambda: asyncio.run(_fetch(urls, {}))),
        _best("aiohttp, 304", "feed", len(urls), lambda: asyncio.run(_fetch(urls, etags))),
        _best("feedparser, sanitising and resolving off", "feed", len(documents), lambda: _parse(documents)),
        _best("nh3.clean", "post", len(entries), lambda: _clean(entries)),
        _copy_floor(hub, entries, farm.blogs * farm.entries),
    ]


async def _fetch(urls: Sequence[str], etags: dict[str, str]) -> list[tuple[str, bytes]]:
    """(ETag, body) of each address, a bounded number at once."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(session: aiohttp.ClientSession, url: str) -> tuple[str, bytes]:
        headers = {"If-None-Match": etags[url]} if url in etags else {}
        async with gate, session.get(url, headers=headers) as response:
            return response.headers.get("ETag", ""), await response.read()

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=AT_ONCE)) as session:
        return await asyncio.gather(*(one(session, url) for url in urls))


def _parse(documents: Iterable[bytes]) -> None:
    for document in documents:
        feedparser.parse(document, sanitize_html=False, resolve_relative_uris=False)


def _clean(entries: Iterable[str]) -> None:
    for entry in entries:
        nh3.clean(entry)


def _best(step: str, unit: str, units: int, job: Callable[[], object]) -> Floor:
    rounds = []
    for _ in range(ROUNDS):
        wall, cpu = time.perf_counter(), time.process_time()
        job()
        rounds.append(((time.process_time() - cpu) / units, (time.perf_counter() - wall) / units))
    cpu, wall = min(rounds)
    return Floor(step, unit, cpu, wall)


def _copy_floor(hub: Hub, entries: Sequence[str], rows: int) -> Floor:
    """COPY into a table with nothing but a key, the CPU of PostgreSQL and of this process together."""
    postgres = hub.server_pids["PostgreSQL"]
    lines = (
        f"{row}\thttp://a.example/{row}\tA title\t{_escaped(entries[row % len(entries)])}\n" for row in range(rows)
    )
    data = io.StringIO("".join(lines))
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE bare (id bigint PRIMARY KEY, permalink text, title text, content_html text)")
        before, wall, cpu = cpu_seconds(postgres), time.perf_counter(), time.process_time()
        cursor.copy_expert("COPY bare FROM STDIN", data)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        cursor.execute("SELECT 1")  # so that the server process has ended its own accounting
        spent = cpu + cpu_seconds(postgres) - before
        cursor.execute("DROP TABLE bare")
    return Floor("COPY into a plain table", "post", spent / rows, wall / rows)


def _escaped(text: str) -> str:
    """As COPY's text format wants it."""
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
