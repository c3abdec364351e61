"""Rows of search written anew, after an upgrade has changed what is made of a text, or was the first with a search.

The hub does it by itself, a few minutes at a time (``catch_up``); ``manage.py index_search`` does it at once. Owns the
order; which rows and how, each kind knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from aggregator.models import SearchTally
from aggregator.search.index import INDEX_VERSION
from aggregator.search.kinds import Kind, kinds

CATCH_UP_FOR = timedelta(seconds=50)  # a task, of which one begins every minute


@dataclass(frozen=True, slots=True)
class Progress:
    """After one transaction: which kind it was, how many rows it wrote, and the id of its last post or comment."""

    kind: Kind
    rows: int
    last_id: int


@dataclass(frozen=True, slots=True)
class Start:
    """Where to begin: beyond this id of this kind, the kinds before it are done."""

    kind: str = ""
    after: int = 0


def renew(*, everything: bool = False, start: Start = Start()) -> Iterator[Progress]:
    """Writes the rows that are absent or of another version, or all, a batch a transaction; may end anywhere, as each
    batch is stored before it is told. Safe beside the running hub and beside itself."""
    for kind, after in to_renew(start):
        last_id = after
        while batch := kind.renew(last_id, everything):
            yield Progress(kind, batch.rows, batch.last_id)
            last_id = batch.last_id
    if not start.kind:
        SearchTally.objects.update_or_create(pk=1, defaults={"version": INDEX_VERSION})


def to_renew(start: Start) -> list[tuple[Kind, int]]:
    """The kinds from the one to start with on, each with the id to go on after."""
    names = [kind.name for kind in kinds()]
    first = names.index(start.kind) if start.kind else 0
    return [(kind, start.after if kind.name == start.kind else 0) for kind in kinds()[first:]]


def catch_up(now: datetime) -> None:
    """Goes on with it for a while, when this version has never been through all rows."""
    if SearchTally.objects.filter(version=INDEX_VERSION).exists():
        return
    for _progress in renew():
        if timezone.now() - now > CATCH_UP_FOR:
            return
