"""The order in which posts are locked: whoever stores, moves or removes one holds the feeds that it is in, all of them
at once and in the order of their ids. Which feeds those are is often found out only when some are held already; then
all is begun anew with more.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TypeVar

from django.db import transaction

from aggregator.models import Feed

Result = TypeVar("Result")


class Further(Exception):
    """Raised inside ``holding``: these feeds are needed, too."""

    def __init__(self, feed_ids: Collection[int]) -> None:
        super().__init__(f"{len(feed_ids)} more feeds are needed")
        self.feed_ids = frozenset(feed_ids)


def holding(feed_ids: Collection[int], work: Callable[[frozenset[int]], Result]) -> Result:
    """What ``work`` makes of these feeds and those that it asks for by ``Further``, in one transaction; ``work`` locks
    them first (``lock``). It is undone and called again until it asks for no more."""
    asked = frozenset(feed_ids)
    while True:
        try:
            with transaction.atomic():
                return work(asked)
        except Further as further:
            if further.feed_ids <= asked:
                raise AssertionError("asked for what it had") from further
            asked |= further.feed_ids


def lock(feed_ids: Collection[int]) -> None:
    """Keeps polls and everybody else who changes posts from these feeds until the transaction ends."""
    list(Feed.objects.filter(pk__in=feed_ids).order_by("pk").select_for_update().values_list("pk"))
