"""Data against what we have: which incoming posts are new, which are edits, which say nothing new. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from aggregator.polling.types import IncomingPost

# No blog is older than the web; dates before it are clocks and converters gone wrong (1970, year 1)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class KnownPost:
    """What is stored of a post, as far as reconciling asks."""

    id: int
    content_hash: str


@dataclass(frozen=True, slots=True)
class Create:
    """A post nobody has seen here. ``published_at`` is where it will stand in rivers."""

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
    known: Mapping[str, KnownPost],
    incoming: Sequence[IncomingPost],
    now: datetime,
    removed: Set[str] = frozenset(),
) -> Intents:
    """Compares the posts of one document with the stored ones, by guid; ``removed`` guids have a tombstone.

    ``incoming`` stands in the order of the document, newest first by custom; posts without a date keep that order.
    """
    create: list[Create] = []
    update: list[Update] = []
    skipped = 0
    for position, post in enumerate(incoming):
        stored = known.get(post.guid)
        if stored is None and post.guid in removed:
            skipped += 1
        elif stored is None:
            create.append(Create(post, river_time(post.published_at or post.updated_at, now, position)))
        elif stored.content_hash != post.content_hash:
            update.append(Update(stored.id, post))
        else:
            skipped += 1
    return Intents(tuple(create), tuple(update), skipped)


def river_time(stated: datetime | None, now: datetime, position: int = 0) -> datetime:
    """Where a new post stands in rivers: the publisher's date, but never the future and never before the web."""
    if stated is None or stated < EARLIEST or stated > now:
        return now - timedelta(milliseconds=position)
    return stated
