"""Votes for posts: somebody found one worth reading, or takes it back.

Owns PostVote and the numbers on the post that follow from it, in one transaction under the lock of the post, as
comments keep theirs; and tells the writers when many did.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from aggregator.models import Audience, Blog, Post, PostVote
from aggregator.ranking import rank_of
from bloghub.lib.prepared import Prepared
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, tell

if TYPE_CHECKING:
    from aggregator.models.blog import Reader
    from bloghub.people.models import Person

MILESTONES = {5, 10, 25, 50}  # and ten times these, and so on


# How a person stands to a post, as two columns of a statement that reads it: whether its blog is theirs, whether they
# have voted. A stranger's id is NULL, which owns nothing and votes for nothing.
STANDING = """
    EXISTS (SELECT FROM aggregator_blog_owners AS owner
             WHERE owner.blog_id = aggregator_post.blog_id AND owner.person_id = %(person)s),
    EXISTS (SELECT FROM aggregator_postvote AS vote
             WHERE vote.post_id = aggregator_post.id AND vote.person_id = %(person)s)
"""
_STANDING = Prepared(f"SELECT {STANDING} FROM aggregator_post WHERE id = %(post)s")  # noqa: S608 - constants


class OwnPost(Exception):
    """Nobody votes for what they wrote, or for what stands on their own blog."""


def vote(person: Person, post: Post, now: datetime) -> bool:
    """One vote of this person for this post; False when it was there already. Raises OwnPost, Post.DoesNotExist."""
    with transaction.atomic():
        locked = _locked(post)
        if is_own(person, locked):
            raise OwnPost
        _vote, is_new = PostVote.objects.get_or_create(post=locked, person=person, defaults={"voted_at": now})
        if is_new:
            _count(locked, 1)
            if is_milestone(locked.vote_count):
                _tell_of_milestone(locked, now)
    return is_new


def unvote(person: Person, post: Post) -> bool:
    """Takes this person's vote back; False when there is none. Raises Post.DoesNotExist."""
    with transaction.atomic():
        locked = _locked(post)
        gone, _rows = PostVote.objects.filter(post=locked, person=person).delete()
        if gone:
            _count(locked, -1)
    return bool(gone)


def is_own(person: Reader, post: Post) -> bool:
    """Whether this person wrote it or owns its blog."""
    if person.pk is None:
        return False
    return post.author_id == person.pk or Blog.objects.filter(pk=post.blog_id, owners=person.pk).exists()


@dataclass(frozen=True, slots=True)
class Standing:
    """What the button shows one person: whether they ``may`` vote, and whether their vote is ``given``."""

    may: bool = False
    given: bool = False


def standing(person: Reader, post: Post) -> Standing:
    """How this person stands to this post. One query."""
    return next((stands(person, post, *row) for row in _STANDING.rows(person=person.pk, post=post.pk)), Standing())


def stands(person: Reader, post: Post, is_owner: bool, has_voted: bool) -> Standing:
    """The same from what STANDING has read; a stranger may do nothing."""
    may = person.pk is not None and not is_owner and post.author_id != person.pk
    return Standing(may=may, given=has_voted)


def _locked(post: Post) -> Post:
    """The post as it is now, with nobody else changing its numbers until the transaction ends.

    Not for a key's sake: new votes and comments point to it all the while, and only need it to stay.
    """
    return Post.objects.select_for_update(no_key=True).defer("content_html").get(pk=post.pk)


def _count(post: Post, change: int) -> None:
    post.vote_count = max(0, post.vote_count + change)
    post.rank = rank_of(post.vote_count, post.comment_count, post.voice_count, post.published_at)
    post.save(update_fields=["vote_count", "rank"])


def is_milestone(votes: int) -> bool:
    """Whether so many votes are worth telling: 5, 10, 25, 50, 100, 250, 500, 1000, …"""
    while votes > max(MILESTONES) and votes % 10 == 0:
        votes //= 10
    return votes in MILESTONES


def _tell_of_milestone(post: Post, now: datetime) -> None:
    writers = set(post.blog.owners.values_list("pk", flat=True)) | ({post.author_id} if post.author_id else set())
    event = Event(
        key=f"post:{post.pk}:votes:{post.vote_count}",
        group=f"post:{post.pk}",
        actor_id=None,
        title=str(post),
        excerpt=post.excerpt,
        url=post.get_absolute_url(),
        scope=post.blog_id,
        happened_at=now,
        confidential=post.blog.audience != Audience.EVERYONE,
    )
    tell(event, dict.fromkeys(Blog.objects.readers_among(post.blog, writers), Kind.MILESTONE), now)
