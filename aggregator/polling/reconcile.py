"""Data against what we have: which incoming posts are new, which are edits, which say nothing new. Pure.

Does not own who is who in a feed (``identity.py``), nor which posts of several feeds are one (``homes.py``).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from aggregator.polling.identity import Document, KnownPost, credible, free_name, is_removed, recognise
from aggregator.polling.types import IncomingPost

# Where the posts without a date of a newly registered blog stand: beyond what a weekly digest or an alert tells of, and
# near enough for the blog not to pass for a silent one
HISTORY = timedelta(days=8)
CLOCKS_DIFFER = timedelta(days=1)  # a date that lies no further ahead is a time zone gone wrong


@dataclass(frozen=True, slots=True)
class Create:
    """A post nobody has seen here, its ``guid`` free. ``published_at`` is where it will stand in rivers."""

    post: IncomingPost
    published_at: datetime


@dataclass(frozen=True, slots=True)
class Update:
    """An edit of a stored post; its place in the rivers stays. ``edits`` are the small ones in a row, with this one."""

    known: KnownPost
    post: IncomingPost
    edits: int = 0

    @property
    def id(self) -> int:
        return self.known.id


@dataclass(frozen=True, slots=True)
class Intents:
    """What to store; ``skipped`` counts the posts that are as we have them, or that were removed here.

    ``again`` are edits of posts whose home is another feed, with the ids of their appearances: no reader sees them.
    """

    create: tuple[Create, ...] = ()
    update: tuple[Update, ...] = ()
    again: tuple[Update, ...] = ()
    skipped: int = 0


def reconcile(
    known: Iterable[KnownPost],
    incoming: Sequence[IncomingPost],
    now: datetime,
    removed: Set[str] = frozenset(),
    *,
    is_first: bool = False,
) -> Intents:
    """Compares the posts of one document with the stored ones (see ``recognise``); ``removed`` names have a tombstone.

    ``incoming`` stands in the order of the document, newest first by custom; posts without a date keep that order.
    ``is_first``: the feed has never brought a document before, so what it brings is history.
    """
    known = list(known)
    found = recognise(known, incoming, now)
    unknown = [(n, post) for n, post in enumerate(incoming) if n not in found]
    create = tuple(_create(unknown, known, Document(incoming, now), removed, is_first=is_first))
    edited = [
        Update(row, incoming[n]) for n, row in sorted(found.items()) if row.content_hash != incoming[n].content_hash
    ]
    update = tuple(edit for edit in edited if not edit.known.is_guest)
    again = tuple(edit for edit in edited if edit.known.is_guest)
    return Intents(create, update, again, len(incoming) - len(create) - len(update))


def _create(
    unknown: Iterable[tuple[int, IncomingPost]],
    known: Iterable[KnownPost],
    document: Document,
    removed: Set[str],
    *,
    is_first: bool,
) -> list[Create]:
    taken = {row.guid for row in known} | removed
    create: list[Create] = []
    for position, post in unknown:
        name = "" if is_removed(post, document, removed) else free_name(post, document, taken)
        if name:
            taken.add(name)
            stands = river_time(post.published_at or post.updated_at, document.now, position, is_first=is_first)
            create.append(Create(post if name == post.guid else replace(post, guid=name), stands))
    return create


def river_time(stated: datetime | None, now: datetime, position: int = 0, *, is_first: bool = False) -> datetime:
    """Where a new post stands in rivers: the publisher's date, but never the future and never before the web.

    One without a date to believe is new, for its feed did not have it before; at the first poll it is history.
    """
    moment = credible(stated, now)
    if moment is not None:
        return moment
    is_new = not is_first or (stated is not None and now < stated <= now + CLOCKS_DIFFER)
    return (now if is_new else now - HISTORY) - timedelta(milliseconds=position)
