"""What a process keeps between requests, bounded by its size: what was not asked for longest goes first.

``lru_cache`` counts entries; this weighs them, for pages differ from 1 KB to several MB.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock
from typing import Generic, TypeVar

Kept = TypeVar("Kept")


class Shelf(Generic[Kept]):
    """Holds things of ``limit`` characters in all, and none of more than a quarter of that. Threads may share it."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._weight = 0
        self._lock = Lock()
        self._things: OrderedDict[Hashable, tuple[int, Kept]] = OrderedDict()

    def get(self, key: Hashable) -> Kept | None:
        with self._lock:
            found = self._things.get(key)
            if found is None:
                return None
            self._things.move_to_end(key)
            return found[1]

    def put(self, key: Hashable, thing: Kept, weight: int) -> None:
        if weight > self._limit // 4:
            return
        with self._lock:
            self._weight += weight - self._things.pop(key, (0, None))[0]
            self._things[key] = weight, thing
            while self._weight > self._limit:
                _key, (gone, _thing) = self._things.popitem(last=False)
                self._weight -= gone

    def clear(self) -> None:
        with self._lock:
            self._things.clear()
            self._weight = 0
