"""The conversation under one post, as one reader meets it: read with three queries, however long the thread is.

Owns what is the reader's own, and the words of the comments that are shown. What is known of all of them is in
outlines.py; the order and the pieces are decided in threads.py, how it looks in templatetags/threads.py, what is
written in store.py.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from django.utils import timezone

from aggregator.models import Post
from bloghub.lib.prepared import Prepared
from bloghub.people.models import name_of_gone
from comments.asked import Asked
from comments.limits import UNDO
from comments.models.comment import Origin
from comments.models.moderation import moderates
from comments.models.watch import Watch
from comments.outlines import Outline, Skeleton, Tally, grown_branches, own_skeleton, skeleton, tally_of
from comments.threads import Place, piece_with

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

# Planned once for a connection, because every post's page asks them
SPOKEN = Prepared("""
    SELECT comment.number, comment.id, comment.html, comment.published_at, comment.edited_at, comment.state,
           comment.removed_because, comment.origin, comment.vote_count, comment.author_id, comment.author_name,
           person.display_name, person.username, person.team, person.site
      FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
     WHERE comment.post_id = %(post)s AND comment.number = ANY(%(numbers)s)
""")
_OWN = """
    (SELECT comments_seen FROM aggregator_reading WHERE person_id = %(person)s AND post_id = %(post)s),
    ARRAY(SELECT vote.comment_id FROM comments_commentvote AS vote
            JOIN comments_comment AS comment ON comment.id = vote.comment_id
           WHERE vote.person_id = %(person)s AND comment.post_id = %(post)s),
    (SELECT muted FROM comments_watch WHERE person_id = %(person)s AND post_id = %(post)s),
    (SELECT locked_because FROM comments_thread WHERE post_id = %(post)s AND locked_at IS NOT NULL),
    EXISTS (SELECT FROM comments_suspension WHERE person_id = %(person)s AND lifted_at IS NULL
               AND (until IS NULL OR until > %(now)s)),
    EXISTS (SELECT FROM aggregator_blog_owners WHERE person_id = %(person)s AND blog_id = %(blog)s)
"""
STANDPOINT = Prepared(f"SELECT {_OWN}")
# The stamp changes whenever a row of the thread or of one of its writers does: every version of a row lies at a place
# of its own (ctid), or was written by another transaction (xmin). ``own``: this reader meets other comments than
# everybody does.
STANDING_WITH = Prepared(f"""
    SELECT thread.stamp, coalesce(thread.own, FALSE), {_OWN}
      FROM (SELECT bit_xor(
                       hashtidextended(comment.ctid, comment.xmin::text::bigint)
                       # coalesce(hashtidextended(person.ctid, person.xmin::text::bigint + comment.id), 0)
                   ) AS stamp,
                   bool_or(comment.state = 'held' AND (comment.author_id = %(person)s OR %(moderates)s)
                           OR comment.author_id = %(person)s AND comment.removed_at > %(undo)s) AS own
              FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
             WHERE comment.post_id = %(post)s) AS thread
""")  # noqa: S608 - a constant


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

    @cached_property
    def tally(self) -> Tally:
        return self.skeleton.tally if self.asked.after is None else tally_of(self.post.pk)

    @property
    def earlier_count(self) -> int:
        return 0 if self.asked.whole else self.pieces[self.index].start

    @property
    def later_count(self) -> int:
        return 0 if self.asked.whole else len(self.places) - self.pieces[self.index].stop


def converse(post: Post, reader: Reader, asked: Asked, *, now: datetime | None = None) -> Conversation:
    """The conversation as ``reader``, who may see the post, meets it at the address ``asked`` for."""
    now = now or timezone.now()
    undo = now - UNDO
    [(stamp, own, *standing)] = STANDING_WITH.rows(
        person=reader.pk, post=post.pk, blog=post.blog_id, now=now, undo=undo, moderates=moderates(reader)
    )
    if own:
        known, stamp = own_skeleton(post.pk, reader.pk, undo, is_moderator=moderates(reader)), None
    else:
        known, stamp = skeleton(post.pk, stamp, undo), stamp or 0
    found = Conversation(post, _standpoint(post, reader, standing), asked, known, stamp)
    found.index = _piece_asked(found, asked)
    return found


def arrived(post: Post, reader: Reader, after: int, *, now: datetime | None = None) -> Conversation:
    """What ``reader``, who may see the post, finds to have been said after number ``after``. However long the thread
    is, only the branches that have grown are put in order."""
    now = now or timezone.now()
    [standing] = STANDPOINT.rows(person=reader.pk, post=post.pk, blog=post.blog_id, now=now)
    known = grown_branches(post.pk, after, reader.pk, now - UNDO, is_moderator=moderates(reader))
    return Conversation(post, _standpoint(post, reader, standing), Asked(after=after), known, None)


def _standpoint(post: Post, reader: Reader, columns: Iterable[Any]) -> Standpoint:
    """From what ``_OWN`` finds."""
    seen, voted, muted, because, suspended, owns = columns
    is_host = owns or (post.author_id is not None and post.author_id == reader.pk)
    return Standpoint(reader.pk, moderates(reader), seen, frozenset(voted), muted, because, suspended, is_host)


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
