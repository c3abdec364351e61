"""A thread without its words: who answers whom, who speaks, how many; for each kind of reader.

Owns what is asked of the database for that. The order is decided in threads.py; which reader asks, and the words of the
comments that are shown, are in conversation.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cached_property
from typing import NamedTuple

from bloghub.lib.prepared import Prepared
from bloghub.lib.shelf import Shelf
from comments.models.comment import CommentState
from comments.threads import Bone, Order, Place, Standing, arrange, cut

# path[depth] is the parent's number: arrays begin at 1, and the path ends with the comment's own number
_OUTLINE = """
    SELECT comment.number, coalesce(comment.path[comment.depth], 0), comment.vote_count,
           CASE WHEN comment.state = 'deleted' AND comment.author_id = %(person)s AND comment.removed_at > %(undo)s
                THEN 'undoable' ELSE comment.state END,
           comment.author_id, coalesce(nullif(person.display_name, ''), person.username, comment.author_name),
           person.site
      FROM comments_comment AS comment LEFT JOIN people_person AS person ON person.id = comment.author_id
     WHERE comment.post_id = %(post)s
       AND (comment.state <> 'held' OR comment.author_id = %(person)s OR %(moderates)s)
"""
SKELETON = Prepared(f"{_OUTLINE} ORDER BY comment.number")
# A branch holds nothing that was said before its root, so what lies before the first of them is not even looked at
GROWN = Prepared(f"""
    WITH grown AS MATERIALIZED (
        SELECT DISTINCT path[1] AS root FROM comments_comment WHERE post_id = %(post)s AND number > %(after)s)
    {_OUTLINE} AND comment.number >= (SELECT min(root) FROM grown) AND comment.path[1] IN (SELECT root FROM grown)
     ORDER BY comment.number
""")  # noqa: S608 - a constant
TALLY = Prepared("""
    SELECT coalesce(sum(voice.comments), 0)::int, count(*), count(DISTINCT nullif(person.site, '')),
           coalesce(sum(voice.to_post), 0)::int
      FROM (SELECT author_id, count(*) AS comments, count(*) FILTER (WHERE depth = 0) AS to_post
              FROM comments_comment WHERE post_id = %(post)s AND state = 'visible'
             GROUP BY author_id, CASE WHEN author_id IS NULL THEN author_name END) AS voice
      LEFT JOIN people_person AS person ON person.id = voice.author_id
""")
_STANDINGS = {
    CommentState.VISIBLE.value: Standing.SAID,
    CommentState.HELD.value: Standing.SAID,
    CommentState.HIDDEN.value: Standing.PLACEHOLDER,
    CommentState.DELETED.value: Standing.GONE,
    "undoable": Standing.PLACEHOLDER,
}
_VISIBLE = CommentState.VISIBLE.value


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


class Tally(NamedTuple):
    """How many of what: ``sites`` are the towns and offices from which ``people`` write. ``to_post`` answer the post,
    the others each other."""

    comments: int
    people: int
    sites: int
    to_post: int


class Skeleton:
    """What is known of a thread, or of some of its branches, and their order."""

    def __init__(self, rows: Iterable[Outline]) -> None:
        self.outlines = {row.number: row for row in rows}
        self._orders: dict[Order, tuple[list[Place], list[range]]] = {}

    @cached_property
    def tally(self) -> Tally:
        """Of these comments, as far as everybody may read them."""
        said = [row for row in self.outlines.values() if row.state == _VISIBLE]
        return Tally(
            comments=len(said),
            people=len({row.author_id or row.name for row in said}),
            sites=len({row.site for row in said if row.site}),
            to_post=sum(not row.parent for row in said),
        )

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


def own_skeleton(post_id: int, person_id: int | None, undo: datetime, *, is_moderator: bool) -> Skeleton:
    """As one reader meets it; what they have deleted after ``undo`` keeps its place."""
    rows = SKELETON.rows(post=post_id, person=person_id, moderates=is_moderator, undo=undo)
    return Skeleton(map(Outline._make, rows))


def skeleton(post_id: int, stamp: int | None, undo: datetime) -> Skeleton:
    """As everybody meets it, kept for the threads that are read most; ``stamp`` changes with every row it is made of,
    and is None where there are none."""
    if stamp is None:
        return _SILENCE
    key = post_id, stamp
    kept = _skeletons.get(key)
    if kept is None:
        kept = own_skeleton(post_id, None, undo, is_moderator=False)
        _skeletons.put(key, kept, len(kept.outlines))
    return kept


def grown_branches(post_id: int, after: int, person_id: int | None, undo: datetime, *, is_moderator: bool) -> Skeleton:
    """The branches in which something was said after number ``after``, whole, as one reader meets them."""
    rows = GROWN.rows(post=post_id, after=after, person=person_id, moderates=is_moderator, undo=undo)
    return Skeleton(map(Outline._make, rows))


def tally_of(post_id: int) -> Tally:
    """Of the whole thread, where its skeleton is not at hand."""
    return Tally._make(*TALLY.rows(post=post_id))


_SILENCE = Skeleton(())
_skeletons: Shelf[Skeleton] = Shelf(100_000)  # comments; about 0.5 KB each
