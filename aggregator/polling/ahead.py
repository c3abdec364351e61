"""Examines answers ahead of whoever stores them: documents in a thread of its own, all else at once.

While that thread waits for the parsing process, the caller's thread writes: parser and database work side by side.
Owns the order and the bound on what is ahead. Does not know what an examination is: it is given the function.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from aggregator.polling.types import FetchedFeed

T = TypeVar("T")
AHEAD = 25  # documents: as many as a transaction stores, so that the parser is busy during the longest of them


class Ahead(Generic[T]):
    """One run over handfuls of answers. ``examine`` must not touch the database."""

    def __init__(self, examine: Callable[[FetchedFeed], T]) -> None:
        self._examine = examine
        self._thread = ThreadPoolExecutor(1, "ahead")  # one: there is one parsing process
        self._waiting: deque[Future[T]] = deque()

    def findings(self, handfuls: Iterable[Iterable[FetchedFeed]]) -> Iterator[list[T]]:
        """What is ready, at least once for every handful, so an empty one lets the caller look at the clock.

        Raises what ``examine`` raises.
        """
        for handful in handfuls:
            found: list[T] = []
            for answer in handful:
                if not answer.body:
                    found.append(self._examine(answer))
                    continue
                if len(self._waiting) >= AHEAD:
                    yield [*found, self._waiting.popleft().result()]
                    found = []
                self._waiting.append(self._thread.submit(self._examine, answer))
            yield [*found, *self._done()]
        while self._waiting:
            yield [self._waiting.popleft().result()]

    def _done(self) -> Iterator[T]:
        while self._waiting and self._waiting[0].done():
            yield self._waiting.popleft().result()

    def close(self) -> None:
        """Drops what has not begun; what has ends by itself, within the parser's limit."""
        self._thread.shutdown(wait=False, cancel_futures=True)
