"""Data against what we have: which incoming posts are new, which are edits, which say nothing new. Pure.

Does not own who is who: that is ``identity.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.polling.identity import Document, KnownPost, credible, free_name, is_removed, recognise
from aggregator.polling.types import IncomingPost


@dataclass(frozen=True, slots=True)
class Create:
    """A post nobody has seen here, its ``guid`` free. ``published_at`` is where it will stand in rivers."""

    post: IncomingPost
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Update:
    """An edit of a stored post; its place in the rivers stays."""

    id: int
    post: IncomingPost


@dataclass(frozen=True, slots=True)
class Intents:
    """What to store; ``skipped`` counts the posts that are as we have them, or that were removed here."""

    create: tuple[Create, ...] = ()
    update: tuple[Update, ...] = ()
    skipped: int = 0


def reconcile(
    known: Iterable[KnownPost],
    incoming: Sequence[IncomingPost],
    now: datetime,
    removed: Set[str] = frozenset(),
) -> Intents:
    """Compares the posts of one document with the stored ones (see ``recognise``); ``removed`` names have a tombstone.

    ``incoming`` stands in the order of the document, newest first by custom; posts without a date keep that order.
    """
    known = list(known)
    found = recognise(known, incoming, now)
    create = _create(
        [(n, post) for n, post in enumerate(incoming) if n not in found], known, Document(incoming, now), removed
    )
    update = [
        Update(row.id, incoming[n]) for n, row in sorted(found.items()) if row.content_hash != incoming[n].content_hash
    ]
    return Intents(tuple(create), tuple(update), len(incoming) - len(create) - len(update))


def _create(
    unknown: Iterable[tuple[int, IncomingPost]], known: Iterable[KnownPost], document: Document, removed: Set[str]
) -> list[Create]:
    taken = {row.guid for row in known} | removed
    create: list[Create] = []
    for position, post in unknown:
        name = "" if is_removed(post, document, removed) else free_name(post, document, taken)
        if name:
            taken.add(name)
            stands = river_time(post.published_at or post.updated_at, document.now, position)
            create.append(Create(post if name == post.guid else replace(post, guid=name), stands))
    return create


def river_time(stated: datetime | None, now: datetime, position: int = 0) -> datetime:
    """Where a new post stands in rivers: the publisher's date, but never the future and never before the web."""
    return credible(stated, now) or now - timedelta(milliseconds=position)
