"""Many fetches at once in a thread of their own, handed over to the thread that works on them.

Owns the order (hosts take turns, a slow one holds up only itself), the bound on what waits, and the end of it all.
Does not know what a fetch is: it is given the function.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import Counter, deque
from collections.abc import Awaitable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from math import inf
from queue import Empty, SimpleQueue
from typing import Protocol
from urllib.parse import urlsplit

from aggregator.polling.schedule import TWICE_WITHIN
from aggregator.polling.types import FeedRequest, FetchedFeed, Trouble, TroubleKind
from bloghub.lib.http import FEED_LIMITS, PER_HOST, Client, Limits

log = logging.getLogger(__name__)

WAITING_BODIES = 32  # fetched and not yet taken; then no further fetch begins
WAITING_BYTES = 32 * 1024 * 1024
HANDFUL = 200  # answers without a body: one UPDATE, one commit
HANDFUL_SECONDS = 0.2  # an unchanged feed can wait so long for its write
SLOW_AFTER = 2.0  # s; who has not answered by then is waited for beside the others, not in their place
MOST_SLOW = 192  # waited for so; a quarter of the files that a process may usually have open


@dataclass(frozen=True, slots=True)
class Pace:
    """How hard to work: fetches at once in all and for one host, ``seconds`` for all of them, limits of each."""

    concurrency: int = 64
    per_host: int = PER_HOST
    seconds: float = 120.0  # a batch's soft limit is 165 s, and what came last is yet to be stored
    limits: Limits = FEED_LIMITS


FULL_PACE = Pace()


class Fetch(Protocol):
    """``aggregator.polling.fetch.fetch_feed``."""

    def __call__(
        self, client: Client, request: FeedRequest, *, limits: Limits, last: bool
    ) -> Awaitable[FetchedFeed]: ...


class Turns:
    """Requests by host: gives out the next whose host has a place free, hosts taking turns."""

    def __init__(self, requests: Iterable[FeedRequest], per_host: int) -> None:
        self._per_host = per_host
        self._waiting: dict[str, deque[FeedRequest]] = {}
        for request in requests:
            self._waiting.setdefault(_host(request.url), deque()).append(request)
        self._ready = deque(self._waiting)  # each host with a place free and a request waiting, once
        self._active: Counter[str] = Counter()

    @property
    def places(self) -> int:
        """The most requests that can be out at once."""
        return sum(min(self._per_host, len(waiting)) for waiting in self._waiting.values())

    def take(self) -> tuple[str, FeedRequest, bool] | None:
        """A host, its next request, and whether that is its last; None when no host is ready.

        Who gets None may stop asking: the other requests' hosts are busy, and whoever gives them back asks again.
        """
        if not self._ready:
            return None
        host = self._ready.popleft()
        waiting = self._waiting[host]
        request = waiting.popleft()
        self._active[host] += 1
        if waiting and self._active[host] < self._per_host:
            self._ready.append(host)
        return host, request, not waiting

    def give_back(self, host: str) -> None:
        """The request that was taken for ``host`` is done."""
        if self._waiting[host] and self._active[host] == self._per_host:
            self._ready.append(host)
        self._active[host] -= 1

    def drop(self, host: str) -> list[FeedRequest]:
        """What waits for this host; nothing more is given out for it."""
        dropped = list(self._waiting[host])
        self._waiting[host].clear()
        with suppress(ValueError):
            self._ready.remove(host)
        return dropped

    def rest(self) -> Iterator[FeedRequest]:
        """What has not been taken."""
        for waiting in self._waiting.values():
            yield from waiting


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""  # it will be refused


class Courier:
    """One run over ``requests``: ``start``, take ``handfuls``, ``stop``, in one thread; the fetching is in another."""

    def __init__(self, requests: list[FeedRequest], client: Client, fetch: Fetch, pace: Pace) -> None:
        self._client, self._fetch, self._pace = client, fetch, pace
        self._turns = Turns(requests, pace.per_host)
        self._ready: SimpleQueue[list[FetchedFeed] | None] = SimpleQueue()  # None is the end
        self._outbox: list[FetchedFeed] = []
        self._timer: asyncio.TimerHandle | None = None
        self._refused: dict[str, float] = {}  # when each host last did
        self._bodies = self._bytes = 0  # of what waits in the outbox and in the queue
        self._lanes = self._slow = 0  # how many run, and of them those beside which another has been opened
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="courier", daemon=True)
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def handfuls(self, pulse: float | None = None) -> Iterator[list[FetchedFeed]]:
        """All that is ready, each time, until everything is; nothing after ``pulse`` seconds in which nothing came.

        Raises what broke the fetching.
        """
        handful: list[FetchedFeed] | None = []
        while handful is not None:
            taken: list[FetchedFeed] = []
            with suppress(Empty):
                handful = self._ready.get(timeout=pulse)
                while handful is not None:
                    taken += handful
                    handful = self._ready.get_nowait()
            if taken:
                self._tell(self._make_room, taken)
            if taken or handful is not None:
                yield taken
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Cancel what is under way and wait for the thread's end; harmless before the start and after the end."""
        if self._thread.ident is None:
            return
        self._started.wait()
        if self._task is not None:
            self._tell(self._task.cancel)
        self._thread.join()

    def _tell(self, do: object, *args: object) -> None:
        with suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(do, *args)  # type: ignore[arg-type]

    # From here on, in the other thread.

    def _run(self) -> None:
        try:
            asyncio.run(self._work())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # raised again by handfuls()
            self._error = error
        finally:
            self._started.set()
            self._ready.put(None)

    async def _work(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._task = asyncio.current_task()
        self._room = asyncio.Event()
        self._room.set()
        self._started.set()
        lanes = min(self._pace.concurrency, self._turns.places)
        async with self._client as client:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._pace.seconds), asyncio.TaskGroup() as group:
                    for _ in range(lanes):
                        group.create_task(self._lane(client, group))
        for request in self._turns.rest():
            self._deliver(_not_tried(request))
        self._flush()

    async def _lane(self, client: Client, group: asyncio.TaskGroup) -> None:
        """Fetch one after the other, whichever host's turn it is, while no more lanes than agreed are quick ones."""
        self._lanes += 1
        try:
            while self._lanes - self._slow <= self._pace.concurrency:
                await self._room.wait()
                turn = self._turns.take()
                if turn is None:
                    return
                await self._fetch_beside(client, group, *turn)
        finally:
            self._lanes -= 1

    async def _fetch_beside(
        self, client: Client, group: asyncio.TaskGroup, host: str, request: FeedRequest, last: bool
    ) -> None:
        """One fetch; when it turns out to be slow, another lane is opened beside it."""
        is_slow = False

        def open_another() -> None:
            nonlocal is_slow
            if self._slow < MOST_SLOW:
                is_slow = True
                self._slow += 1
                group.create_task(self._lane(client, group))

        patience = self._loop.call_later(SLOW_AFTER, open_another)
        try:
            await self._fetch_one(client, host, request, last)
        finally:
            patience.cancel()
            self._slow -= is_slow

    async def _fetch_one(self, client: Client, host: str, request: FeedRequest, last: bool) -> None:
        begun = self._loop.time()
        try:
            fetched = await self._fetch(client, request, limits=self._pace.limits, last=last)
        except asyncio.CancelledError:
            self._deliver(_not_tried(request))  # its own limit is shorter: it had no fair chance
            raise
        except Exception:  # a bug of ours in reading one server's answer must not end the others' fetches
            log.exception("fetch of feed %s failed", request.feed_id)
            fetched = _failed(request)
        self._turns.give_back(host)
        self._deliver(replace(fetched, seconds=self._loop.time() - begun))
        if fetched.is_refused:
            self._mind_refusal(host)

    def _mind_refusal(self, host: str) -> None:
        """Stops asking a host that refuses; ``hosts.py`` keeps it from the next batches."""
        now = self._loop.time()
        if now - self._refused.get(host, -inf) < TWICE_WITHIN.total_seconds():
            for request in self._turns.drop(host):
                self._deliver(_not_tried(request))
        self._refused[host] = now

    def _deliver(self, fetched: FetchedFeed) -> None:
        self._outbox.append(fetched)
        if fetched.body:
            self._bodies += 1
            self._bytes += len(fetched.body)
            self._mind_room()
        if fetched.body or len(self._outbox) >= HANDFUL:
            self._flush()
        elif self._timer is None:
            self._timer = self._loop.call_later(HANDFUL_SECONDS, self._flush)

    def _flush(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._outbox:
            self._ready.put(self._outbox)
            self._outbox = []

    def _make_room(self, taken: list[FetchedFeed]) -> None:
        self._bodies -= sum(1 for fetched in taken if fetched.body)
        self._bytes -= sum(len(fetched.body) for fetched in taken)
        self._mind_room()

    def _mind_room(self) -> None:
        if self._bodies >= WAITING_BODIES or self._bytes >= WAITING_BYTES:
            self._room.clear()
        else:
            self._room.set()


def _failed(request: FeedRequest) -> FetchedFeed:
    reason = "BlogHub itself failed on this server's answer; its log says why."
    return FetchedFeed(request.feed_id, 0, request.url, trouble=Trouble(TroubleKind.NOT_REACHABLE, "internal", reason))


def _not_tried(request: FeedRequest) -> FetchedFeed:
    trouble = Trouble(TroubleKind.TOO_SLOW, "not_tried", "BlogHub had no time left for this feed.")
    return FetchedFeed(request.feed_id, 0, request.url, trouble=trouble)
