"""What may be said here, by whom, how often: reads where a writer stands and judges it.

Owns the numbers and the words of refusal. Writes nothing; comments/store.py asks it under the locks it takes here. Two
round trips to the database, whatever there is to judge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _, ngettext

from aggregator.models.blog import HIDDEN_BLOGS
from bloghub.lib.prepared import Prepared
from comments.models import CommentState

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
PACE = ((MINUTE, 5), (HOUR, 60))
PACE_OF_THE_NEW = ((MINUTE, 2), (HOUR, 20))  # until a day after the first comment
MOST_LINKS = 5  # more are read by a moderator first
UNDO = timedelta(seconds=10)  # for which one's own deleted comment keeps its place, with a way back
_MOST_POSTS = 2**63  # an int8's
DEEPEST = 500  # answers to answers; the path of each is stored with it

_LOCKS = 0x5A1D  # a name space for advisory locks: one writer's comments are counted one after the other

# NO KEY UPDATE: votes and watches of others, which only refer to the post, do not wait
LOCKS = f"""
    SELECT pg_advisory_xact_lock({_LOCKS}, %s);
    SELECT FROM aggregator_post WHERE id = %s FOR NO KEY UPDATE
"""  # noqa: S608 - a constant
# All that is to be judged, in a statement of its own: what it sees begins after the locks. Recent comments come newest
# first.
STANDING = Prepared(f"""
    SELECT post.blog_id, post.author_id, post.comment_count, post.last_comment_number, post.voice_count,
           post.thread_shape, post.vote_count, post.published_at, post.language,
           blog.audience = 'groups' AND post.blog_id IN ({HIDDEN_BLOGS.replace("%s", "%(writer)s")}),
           thread.locked_at IS NOT NULL, coalesce(thread.locked_because, ''), coalesce(thread.slow_seconds, 0),
           parent.number, parent.path, parent.state, parent.author_id,
           (SELECT id FROM comments_comment WHERE author_id = %(writer)s AND submission_key = %(key)s),
           (SELECT max(published_at) FROM comments_comment WHERE post_id = post.id AND author_id = %(writer)s),
           EXISTS (SELECT FROM comments_comment
                    WHERE post_id = post.id AND author_id = %(writer)s AND state = 'visible'),
           ARRAY(SELECT published_at FROM comments_comment
                  WHERE author_id = %(writer)s AND published_at > %(hour_ago)s ORDER BY published_at DESC LIMIT 60),
           EXISTS (SELECT FROM comments_comment WHERE author_id = %(writer)s AND published_at <= %(day_ago)s),
           EXISTS (SELECT FROM comments_suspension
                    WHERE person_id = %(writer)s AND lifted_at IS NULL AND since <= %(now)s
                      AND (until IS NULL OR until > %(now)s)),
           coalesce((SELECT asked.must_accept AND NOT EXISTS (
                            SELECT FROM comments_acceptance
                             WHERE person_id = %(writer)s AND guidelines_id >=
                                   coalesce((SELECT max(id) FROM comments_guidelines WHERE accept_again), 0))
                       FROM comments_guidelines AS asked ORDER BY asked.id DESC LIMIT 1), FALSE)
      FROM aggregator_post AS post
      JOIN aggregator_blog AS blog ON blog.id = post.blog_id
      LEFT JOIN comments_thread AS thread ON thread.post_id = post.id
      LEFT JOIN comments_comment AS parent ON parent.id = %(parent)s AND parent.post_id = post.id
     WHERE post.id = %(post)s
""")  # noqa: S608 - constants


class Refused(Exception):
    """A comment that is not taken. ``code`` is a stable word, ``message`` one or two sentences for its writer."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Parent:
    """The comment that is answered."""

    number: int
    path: list[int]
    state: str
    author_id: int | None


@dataclass(frozen=True, slots=True)
class Standing:
    """The post, its thread and its writer at the moment of writing; the post is locked until the transaction ends."""

    blog_id: int
    author_id: int | None
    comment_count: int
    last_number: int
    voice_count: int
    shape: list[int]
    vote_count: int
    published_at: datetime
    language: str
    hidden: bool
    locked: bool
    locked_because: str
    slow_seconds: int
    parent: Parent | None
    stored: int | None  # the comment that came with this key already
    last_here: datetime | None
    has_voice: bool
    recent: list[datetime]
    is_known: bool  # commented more than a day ago
    is_suspended: bool
    must_accept: bool


def standing_of(writer: int, post: int, parent: int | None, key: UUID, now: datetime) -> Standing | None:
    """Locks writer and post, and reads where they stand; None when there is no such post. Inside a transaction."""
    if post >= _MOST_POSTS:
        return None
    with connection.cursor() as cursor:
        cursor.execute(LOCKS, [writer % 2**31, post])
    found = STANDING.rows(
        writer=writer, post=post, parent=parent, key=str(key), now=now, hour_ago=now - HOUR, day_ago=now - DAY
    )
    if not found:
        return None
    row = found[0]
    answered = Parent(*row[13:17]) if row[13] is not None else None
    return Standing(*(*row[:13], answered, *row[17:]))


def judge(standing: Standing, *, answers: bool, joined_at: datetime, now: datetime) -> None:
    """Raises Refused when this may not be said now. ``answers``: it is meant as a reply to a comment."""
    _judge_place(standing, answers)
    if standing.must_accept:
        raise Refused("guidelines", _("Please read and accept the guidelines first. What you wrote is kept."))
    is_new = not standing.is_known or now - joined_at < DAY
    _judge_pace(standing.recent, PACE_OF_THE_NEW if is_new else PACE, now)
    if standing.slow_seconds and standing.last_here:
        wait = standing.last_here + timedelta(seconds=standing.slow_seconds) - now
        if wait > timedelta():
            raise Refused("slow", _slow(standing.slow_seconds, _seconds(wait)))


def _judge_place(standing: Standing, answers: bool) -> None:
    if standing.hidden:
        raise gone()
    if standing.locked:
        raise Refused("locked", locked_message(standing.locked_because))
    if not answers:
        return
    parent = standing.parent
    if parent is None or parent.state == CommentState.HELD:
        raise Refused("parent", _("The comment you answer is not here any more. What you wrote is kept."))
    if parent.state == CommentState.DELETED:
        raise Refused("parent", _("The comment you answer has been deleted by its writer. What you wrote is kept."))
    if parent.state == CommentState.HIDDEN:
        raise Refused("parent", _("The comment you answer has been hidden by a moderator. What you wrote is kept."))
    if len(parent.path) >= DEEPEST:
        raise Refused("deep", _("This branch has become too deep. Answer an earlier comment; what you wrote is kept."))


def _judge_pace(recent: Sequence[datetime], pace: Sequence[tuple[timedelta, int]], now: datetime) -> None:
    """``recent`` runs newest first; the oldest of the last ``most`` must have left its span."""
    for span, most in pace:
        if len(recent) >= most and (wait := recent[most - 1] + span - now) > timedelta():
            raise Refused("pace", _pace(most, span, wait))


def _pace(most: int, span: timedelta, wait: timedelta) -> str:
    if span == MINUTE:
        said = ngettext(
            "You have commented %(count)d time in a minute.", "You have commented %(count)d times in a minute.", most
        )
    else:
        said = ngettext(
            "You have commented %(count)d time in an hour.", "You have commented %(count)d times in an hour.", most
        )
    return f"{said % {'count': most}} {_again(wait)}"


def _slow(seconds: int, wait: int) -> str:
    said = ngettext(
        "This conversation is slowed down: one comment in %(count)d second from each of us.",
        "This conversation is slowed down: one comment in %(count)d seconds from each of us.",
        seconds,
    )
    return f"{said % {'count': seconds}} {_again(timedelta(seconds=wait))}"


def _again(wait: timedelta) -> str:
    seconds = _seconds(wait)
    if seconds < 2 * MINUTE.total_seconds():
        said = ngettext(
            "What you wrote is kept; send it again in %(count)d second.",
            "What you wrote is kept; send it again in %(count)d seconds.",
            seconds,
        )
        return said % {"count": seconds}
    minutes = -(-seconds // 60)
    said = ngettext(
        "What you wrote is kept; send it again in %(count)d minute.",
        "What you wrote is kept; send it again in %(count)d minutes.",
        minutes,
    )
    return said % {"count": minutes}


def _seconds(wait: timedelta) -> int:
    """Whole seconds, never too few."""
    return max(1, -(-wait // timedelta(seconds=1)))


def gone() -> Refused:
    """The post went away, or its audience no longer holds the writer: the same words for both."""
    return Refused("gone", _("This post is no longer there, or no longer open to you. What you wrote is kept."))


def locked_message(because: str) -> str:
    """What a locked thread says to whoever would write there."""
    if because:
        said = _("This conversation has been closed by a moderator: %(because)s") % {"because": because}
        return f"{said} {_('What you wrote is kept.')}"
    return _("This conversation has been closed by a moderator. What you wrote is kept.")
