"""The conversation under one post, as one reader meets it: read with three queries, however long the thread is.

Owns what is asked of the database for it. The order and the pieces are decided in threads.py, how it looks in
templatetags/threads.py, what is written in store.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from django.utils import timezone

from aggregator.models import Post
from bloghub.lib.prepared import Prepared
from bloghub.lib.shelf import Shelf
from bloghub.people.models import name_of_gone
from comments.models.comment import CommentState, Origin
from comments.models.moderation import moderates
from comments.models.watch import Watch
from comments.threads import Bone, Order, Place, Standing, arrange, cut, piece_with

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

UNDO_SECONDS = 10  # for which one's own deleted comment keeps its place, with a way back

# Planned once for a connection, because every post's page asks all three. path[depth] is the parent's
# number: arrays begin at 1, and the path ends with the comment's own number.
SKELETON = Prepared("""
    SELECT comment.number, coalesce(comment.path[comment.depth], 0), comment.vote_count,
           CASE WHEN comment.state = 'deleted' AND comment.author_id = %(person)s AND comment.removed_at > %(undo)s
                THEN 'undoable' ELSE comment.state END,
           comment.author_id, coalesce(nullif(person.display_name, ''), person.username, comment.author_name),
           person.site
      FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
     WHERE comment.post_id = %(post)s
       AND (comment.state <> 'held' OR comment.author_id = %(person)s OR %(moderates)s)
     ORDER BY comment.number
""")
SPOKEN = Prepared("""
    SELECT comment.number, comment.id, comment.html, comment.published_at, comment.edited_at, comment.state,
           comment.removed_because, comment.origin, comment.vote_count, comment.author_id, comment.author_name,
           person.display_name, person.username, person.team, person.site
      FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
     WHERE comment.post_id = %(post)s AND comment.number = ANY(%(numbers)s)
""")
# The stamp changes whenever a row of the thread or of one of its writers does: every version of a row lies at a place
# of its own (ctid), or was written by another transaction (xmin). ``own``: this reader meets other comments than
# everybody does.
STANDING_WITH = Prepared("""
    SELECT thread.stamp, coalesce(thread.own, FALSE),
           (SELECT comments_seen FROM aggregator_reading WHERE person_id = %(person)s AND post_id = %(post)s),
           ARRAY(SELECT vote.comment_id FROM comments_commentvote AS vote
                   JOIN comments_comment AS comment ON comment.id = vote.comment_id
                  WHERE vote.person_id = %(person)s AND comment.post_id = %(post)s),
           (SELECT muted FROM comments_watch WHERE person_id = %(person)s AND post_id = %(post)s),
           (SELECT locked_because FROM comments_thread WHERE post_id = %(post)s AND locked_at IS NOT NULL),
           EXISTS (SELECT FROM comments_suspension WHERE person_id = %(person)s AND lifted_at IS NULL
                      AND (until IS NULL OR until > %(now)s)),
           EXISTS (SELECT FROM aggregator_blog_owners WHERE person_id = %(person)s AND blog_id = %(blog)s)
      FROM (SELECT bit_xor(
                       hashtidextended(comment.ctid, comment.xmin::text::bigint)
                       # coalesce(hashtidextended(person.ctid, person.xmin::text::bigint + comment.id), 0)
                   ) AS stamp,
                   bool_or(comment.state = 'held' AND (comment.author_id = %(person)s OR %(moderates)s)
                           OR comment.author_id = %(person)s AND comment.removed_at > %(undo)s) AS own
              FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
             WHERE comment.post_id = %(post)s) AS thread
""")
_STANDINGS = {
    CommentState.VISIBLE.value: Standing.SAID,
    CommentState.HELD.value: Standing.SAID,
    CommentState.HIDDEN.value: Standing.PLACEHOLDER,
    CommentState.DELETED.value: Standing.GONE,
    "undoable": Standing.PLACEHOLDER,
}


class Outline(NamedTuple):
    """What is known of every comment of the thread. ``site`` is None for a voice known from its blog only, ``name`` is
    empty for somebody whose account is gone."""

    number: int
    parent: int
    votes: int
    state: str
    author_id: int | None
    name: str
    site: str | None


class Spoken(NamedTuple):
    """What the page shows of one comment of its piece."""

    number: int
    pk: int
    html: str
    published_at: datetime
    edited_at: datetime | None
    state: str
    removed_because: str
    origin: str
    votes: int
    author_id: int | None
    author_name: str
    display_name: str | None
    username: str | None
    team: str | None
    site: str | None

    @property
    def from_blog(self) -> bool:
        return self.origin == Origin.BLOG.value

    @property
    def name(self) -> str:
        return self.display_name or self.username or self.author_name or name_of_gone()


@dataclass(frozen=True, slots=True)
class Standpoint:
    """What is the reader's own about this thread. ``seen`` is None on a first visit: then nothing is new."""

    person_id: int | None = None
    moderates: bool = False
    seen: int | None = None
    voted: frozenset[int] = frozenset()
    muted: bool | None = None  # None: does not watch
    locked_because: str | None = None
    suspended: bool = False
    is_host: bool = False  # wrote the post or owns its blog, and so is told of everything

    @property
    def locked(self) -> bool:
        return self.locked_because is not None

    @property
    def watch(self) -> Watch | None:
        """As the buttons for watching show it."""
        return None if self.muted is None else Watch(muted=self.muted)

    @property
    def may_write(self) -> bool:
        """Whether this reader is offered a place to write. Comments of the suspended are held, so they are."""
        return self.person_id is not None and not self.locked


@dataclass(frozen=True, slots=True)
class Asked:
    """What the address asks for: an order, one comment in its place, or a piece (from 1; 0 is whatever holds it)."""

    order: Order = Order.OLDEST
    comment: int = 0
    piece: int = 0
    whole: bool = False
    after: int | None = None  # only what was said after this number, all of it new

    @classmethod
    def read(cls, query: Mapping[str, str]) -> Asked:
        """From a query string; what makes no sense asks for nothing."""
        try:
            order = Order(query.get("order", ""))
        except ValueError:
            order = Order.OLDEST
        piece = query.get("piece", "")
        return cls(order, _number(query.get("comment", "")), _number(piece), whole=piece == "all")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0  # noqa: PLR2004 - an int4's


class Skeleton:
    """What is known of a thread without its words: all comments that one kind of reader meets, and their order."""

    def __init__(self, rows: Iterable[Outline]) -> None:
        self.outlines = {row.number: row for row in rows}
        said = [row for row in self.outlines.values() if row.state == _VISIBLE]
        self.comment_count = len(said)
        self.people_count = len({row.author_id or row.name for row in said})
        self.site_count = len({row.site for row in said if row.site})
        self.to_post_count = sum(not row.parent for row in said)
        self._orders: dict[Order, tuple[list[Place], list[range]]] = {}

    def in_order(self, order: Order) -> tuple[list[Place], list[range]]:
        """All places in this order, and the pieces they are cut into."""
        if order not in self._orders:
            bones = (Bone(row.number, row.parent, row.votes, _STANDINGS[row.state]) for row in self.outlines.values())
            places = arrange(bones, order)
            self._orders[order] = places, cut(places)
        return self._orders[order]

    def said_after(self, number: int, me: int | None) -> frozenset[int]:
        """The numbers of what others than ``me`` have said since."""
        rows = map(self.outlines.get, range(number + 1, max(self.outlines, default=0) + 1))
        return frozenset(row.number for row in rows if row and row.author_id != me and row.state == _VISIBLE)


@dataclass
class Conversation:
    """The thread of one post for one reader: its order, its pieces, and the comments of the piece that is shown.

    ``stamp`` names what everybody meets there, until anything about it changes; None when this reader meets something
    else (what they alone see, or may still bring back), which must not be kept.
    """

    post: Post
    standpoint: Standpoint
    asked: Asked
    skeleton: Skeleton
    stamp: int | None
    index: int = 0

    @property
    def outlines(self) -> dict[int, Outline]:
        return self.skeleton.outlines

    @cached_property
    def places(self) -> list[Place]:
        return self.skeleton.in_order(self.asked.order)[0]

    @cached_property
    def pieces(self) -> list[range]:
        return self.skeleton.in_order(self.asked.order)[1]

    @cached_property
    def shown(self) -> list[Place]:
        """The places of the piece that is on the page."""
        if self.asked.whole:
            return self.places
        if self.asked.after is not None:
            return [place for place in self.places if place.number > self.asked.after]
        piece = self.pieces[self.index]
        return self.places[piece.start : piece.stop]

    @cached_property
    def shown_numbers(self) -> frozenset[int]:
        return frozenset(place.number for place in self.shown)

    @cached_property
    def new(self) -> frozenset[int]:
        """The numbers of what others have said since the reader's last visit."""
        seen = self.standpoint.seen if self.asked.after is None else self.asked.after
        return frozenset() if seen is None else self.skeleton.said_after(seen, self.standpoint.person_id)

    @property
    def first_new(self) -> int:
        """Which new comment the reader meets first; 0 when there is none."""
        return next((place.number for place in self.places if place.number in self.new), 0)

    @property
    def comment_count(self) -> int:
        return self.skeleton.comment_count

    @property
    def people_count(self) -> int:
        return self.skeleton.people_count

    @property
    def site_count(self) -> int:
        """The towns and offices from which they write."""
        return self.skeleton.site_count

    @property
    def to_post_count(self) -> int:
        """How many answer the post; the others answer each other."""
        return self.skeleton.to_post_count

    @property
    def to_each_other_count(self) -> int:
        return self.comment_count - self.to_post_count

    @property
    def earlier_count(self) -> int:
        return 0 if self.asked.whole else self.pieces[self.index].start

    @property
    def later_count(self) -> int:
        return 0 if self.asked.whole else len(self.places) - self.pieces[self.index].stop


def converse(post: Post, reader: Reader, asked: Asked, *, now: datetime | None = None) -> Conversation:
    """The conversation as ``reader``, who may see the post, meets it at the address ``asked`` for."""
    now = now or timezone.now()
    is_moderator = moderates(reader)
    undo = now - timedelta(seconds=UNDO_SECONDS)
    [(stamp, own, seen, voted, muted, because, suspended, owns)] = STANDING_WITH.rows(
        person=reader.pk, post=post.pk, blog=post.blog_id, now=now, undo=undo, moderates=is_moderator
    )
    is_host = owns or (post.author_id is not None and post.author_id == reader.pk)
    standpoint = Standpoint(reader.pk, is_moderator, seen, frozenset(voted), muted, because, suspended, is_host)
    if own:
        rows = SKELETON.rows(post=post.pk, person=reader.pk, moderates=is_moderator, undo=undo)
        found = Conversation(post, standpoint, asked, Skeleton(map(Outline._make, rows)), None)
    else:
        found = Conversation(post, standpoint, asked, _skeleton(post, stamp, undo), stamp or 0)
    found.index = _piece_asked(found, asked)
    return found


def _skeleton(post: Post, stamp: int | None, undo: datetime) -> Skeleton:
    """As everybody meets it, kept for the threads that are read most."""
    if stamp is None:
        return _SILENCE
    key = post.pk, stamp
    kept = _skeletons.get(key)
    if kept is None:
        rows = SKELETON.rows(post=post.pk, person=None, moderates=False, undo=undo)
        kept = Skeleton(map(Outline._make, rows))
        _skeletons.put(key, kept, len(rows))
    return kept


def _piece_asked(found: Conversation, asked: Asked) -> int:
    index = (
        piece_with(found.places, found.pieces, asked.comment) if asked.comment or not asked.piece else asked.piece - 1
    )
    return min(max(index, 0), len(found.pieces) - 1)


def spoken(post: Post, numbers: Sequence[int]) -> dict[int, Spoken]:
    """What the page shows of these comments, by number."""
    if not numbers:
        return {}
    return {row[0]: Spoken._make(row) for row in SPOKEN.rows(post=post.pk, numbers=list(numbers))}


_VISIBLE = CommentState.VISIBLE.value
_SILENCE = Skeleton(())
_skeletons: Shelf[Skeleton] = Shelf(100_000)  # comments; about 0.5 KB each
