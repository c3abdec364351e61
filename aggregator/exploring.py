"""Looks behind many addresses at once, and gives what it finds as it comes.

Owns the pace (how many side by side, how many on one host) and the thread the network is waited for in. What is tried
behind one address is ``polling/explore.py``'s; what a find means for the hub is ``registration.py``'s.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections import defaultdict
from collections.abc import Generator, Sequence
from contextlib import closing, suppress
from queue import Empty, SimpleQueue
from time import monotonic

from aggregator.fetching import hub_policy, hub_sender
from aggregator.polling.explore import Found, explore, spellings
from aggregator.polling.fetch import fetch_feed
from aggregator.polling.sandbox import Parser
from aggregator.polling.types import FeedRequest, FetchedFeed, Trouble, TroubleKind
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import PER_HOST, Client, Sender
from bloghub.lib.urls import host_of

AT_ONCE = 48  # side by side: enough that a dozen dead hosts do not hold up the others
HANDFUL_SECONDS = 0.2  # that a find may wait for others: each handful costs its taker some statements and a commit

type_Outcome = tuple[int, Found | Trouble]

log = logging.getLogger(__name__)


def explored(
    addresses: Sequence[str],
    *,
    policy: FetchPolicy | None = None,
    sender: Sender | None = None,
    pulse: float | None = None,
) -> Generator[list[type_Outcome]]:
    """What is behind each address, by its place in ``addresses``: handfuls of what comes together, in no order.

    When nothing came for ``pulse`` seconds, an empty handful does. Closing the generator ends what is under way. The
    hub's own fetch policy applies unless another is given, and the hub asks as itself.
    """
    crew = _Crew(addresses, policy or hub_policy(), sender or hub_sender())
    try:
        crew.start()
        yield from crew.handfuls(pulse)
    finally:
        crew.stop()


class _Crew:
    """The thread that explores, because the caller's may have an event loop of its own running, and a database."""

    def __init__(self, addresses: Sequence[str], policy: FetchPolicy, sender: Sender) -> None:
        self._addresses, self._policy, self._sender = addresses, policy, sender
        self._ready: SimpleQueue[type_Outcome | None] = SimpleQueue()  # None is the end
        self._started = threading.Event()
        self._thread = threading.Thread(target=self._run, name="explore", daemon=True)
        self._task: asyncio.Task[None] | None = None
        self._error: BaseException | None = None

    def start(self) -> None:
        self._thread.start()
        self._started.wait()

    def handfuls(self, pulse: float | None) -> Generator[list[type_Outcome]]:
        is_over = False
        while not is_over:
            taken: list[type_Outcome] = []
            with suppress(Empty):
                one = self._ready.get(timeout=pulse)
                until = monotonic() + HANDFUL_SECONDS
                while one is not None:
                    taken.append(one)
                    one = self._ready.get(timeout=max(0.0, until - monotonic()))
                is_over = True
            if taken or not is_over:
                yield taken
        if self._error is not None:
            raise self._error

    def stop(self) -> None:
        """Harmless before the start and after the end."""
        if self._thread.ident is None:
            return
        self._started.wait()
        if self._task is not None:
            with suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._task.cancel)
        self._thread.join()

    # From here on, in the other thread.

    def _run(self) -> None:
        try:
            with closing(Parser()) as self._parser:
                asyncio.run(self._work())
        except asyncio.CancelledError:
            pass
        except BaseException as error:  # raised again by handfuls()
            self._error = error
        finally:
            self._started.set()
            self._ready.put(None)

    async def _work(self) -> None:
        self._loop, self._task = asyncio.get_running_loop(), asyncio.current_task()
        self._started.set()
        self._turns: dict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(PER_HOST))
        self._lanes = asyncio.Semaphore(AT_ONCE)
        async with (
            Client(self._policy, self._sender) as self._client,
            asyncio.TaskGroup() as group,
        ):
            for number, address in enumerate(self._addresses):
                group.create_task(self._look(number, address))

    async def _look(self, number: int, address: str) -> None:
        async with self._turns[_host(address)], self._lanes:  # the clock starts when the host is free for us
            try:
                outcome = await explore(address, self._fetch, self._parser.parse)
            except Exception:  # a bug of ours in reading one server's answer must not end the others' exploration
                log.exception("what is behind an address could not be found out")
                reason = "BlogHub itself failed on this server's answer; its log says why."
                outcome = Trouble(TroubleKind.NOT_REACHABLE, "internal", reason)
        self._ready.put((number, outcome))

    async def _fetch(self, url: str) -> FetchedFeed:
        return await fetch_feed(self._client, FeedRequest(0, url))


def _host(address: str) -> str:
    urls = spellings(address)
    return "" if isinstance(urls, Trouble) else host_of(urls[0])
