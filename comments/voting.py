"""Votes for comments: one a person, undoable, never for one's own. The number on the comment changes with them.

One statement each, so that fifty people who press at once are counted as fifty.
"""

from __future__ import annotations

from datetime import datetime

from django.db import connection, transaction

from aggregator.models import Blog
from aggregator.models.blog import Audience
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person
from comments.models import Comment

# Votes at which its writer is told
MILESTONES = frozenset({5, 10, 25, 50, 100, 250, 500, 1000})

CAST = """
    WITH cast_vote AS (
        INSERT INTO comments_commentvote (person_id, comment_id, voted_at)
        SELECT %(person)s, id, %(now)s FROM comments_comment
         WHERE id = %(comment)s AND state = 'visible' AND author_id IS DISTINCT FROM %(person)s
        ON CONFLICT (comment_id, person_id) DO NOTHING
        RETURNING comment_id
    )
    UPDATE comments_comment SET vote_count = vote_count + 1 FROM cast_vote
     WHERE comments_comment.id = cast_vote.comment_id RETURNING vote_count
"""
TAKE_BACK = """
    WITH taken AS (
        DELETE FROM comments_commentvote WHERE person_id = %(person)s AND comment_id = %(comment)s RETURNING comment_id
    )
    UPDATE comments_comment SET vote_count = vote_count - 1 FROM taken
     WHERE comments_comment.id = taken.comment_id RETURNING vote_count
"""


@transaction.atomic
def cast(comment: Comment, person: Person, now: datetime) -> bool:
    """Counts this person's vote; False when it counted already, or cannot: their own comment, or one that is gone."""
    count = _change(CAST, comment, person, now)
    if count in MILESTONES and comment.author_id:
        _tell(comment, count, now)
    return count is not None


def take_back(comment: Comment, person: Person, now: datetime) -> bool:
    """Undoes it; False when there was none."""
    return _change(TAKE_BACK, comment, person, now) is not None


def _change(statement: str, comment: Comment, person: Person, now: datetime) -> int | None:
    with connection.cursor() as cursor:
        cursor.execute(statement, {"person": person.pk, "comment": comment.pk, "now": now})
        row = cursor.fetchone()
    if row is None:
        return None
    comment.vote_count = row[0]
    return comment.vote_count


def milestones(comment_id: int) -> list[str]:
    """The names of all that its writer may have been told of the votes for this comment."""
    return [_milestone(comment_id, count) for count in sorted(MILESTONES)]


def _milestone(comment_id: int, count: int) -> str:
    return f"comment:{comment_id}:votes:{count}"


def _tell(comment: Comment, count: int, now: datetime) -> None:
    """Tells its writer, once for each milestone, however often votes come and go around it."""
    event = Event(
        key=_milestone(comment.pk, count),
        group=f"post:{comment.post_id}",
        actor_id=None,
        title=str(comment.post),
        excerpt=comment.excerpt,
        url=comment.get_absolute_url(),
        scope=comment.post.blog_id,
        happened_at=now,
        confidential=comment.post.blog.audience != Audience.EVERYONE,
    )
    assert comment.author_id is not None  # noqa: S101 - told to the type checker
    readers = Blog.objects.readers_among(comment.post.blog, {comment.author_id})
    tell(event, dict.fromkeys(readers, Kind.MILESTONE), now)
