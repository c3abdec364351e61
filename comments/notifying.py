"""Whom a comment concerns, and for which reason. How they are told is bloghub/notifications' business.

Comments wait as rows with ``told_at`` null, so that writing one waits for nobody and nothing is lost with the broker.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from aggregator.models import Blog
from bloghub.notifications.forgetting import READ_KEPT
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, tell
from comments import claiming
from comments.models import Comment, CommentState, Watch

BATCH = 50  # comments a transaction; one with 5,000 watchers is told in about a second


def tell_of_new_comments(now: datetime) -> int:
    """Tells those concerned of every comment that nobody was told of yet; returns how many comments that were.

    Safe to run twice and by two workers: each takes other rows, and a person gets one row for one event.
    """
    told = 0
    while batch := _tell_batch(now):
        told += batch
        if batch < BATCH:
            break
    return told


def _tell_batch(now: datetime) -> int:
    with transaction.atomic():
        waiting = Comment.objects.filter(told_at=None).exclude(state=CommentState.HELD).order_by("pk")
        batch = list(
            waiting.select_related("post__blog", "parent").select_for_update(skip_locked=True, of=("self",))[:BATCH]
        )
        for comment in sorted(batch, key=lambda one: (f"post:{one.post_id}", one.pk)):  # as telling.tell wants it
            if comment.state == CommentState.VISIBLE:
                _tell(comment, now)
        Comment.objects.filter(pk__in=[comment.pk for comment in batch]).update(told_at=now)
    return len(batch)


def _tell(comment: Comment, now: datetime) -> None:
    owners = set(comment.post.blog.owners.values_list("pk", flat=True))
    is_first = _is_first_on_blog(comment, owners)
    told = recipients(comment, owners, is_first=is_first)
    if comment.edited_at and now - comment.published_at > READ_KEPT:  # what was told of it may be forgotten by now
        told = {person: kind for person, kind in told.items() if kind == Kind.MENTION}
    tell(event_of(comment, now), told, now)
    if is_first and not owners:
        claiming.invite(comment.post.blog, comment, now)


def event_of(comment: Comment, now: datetime) -> Event:
    """What happened, as notifications show it: news from when it is told, however long it was held or hidden."""
    return Event(
        key=f"comment:{comment.pk}",
        group=f"post:{comment.post_id}",
        actor_id=comment.author_id,
        title=str(comment.post)[:300],
        excerpt=comment.excerpt,
        url=comment.get_absolute_url(),
        scope=comment.post.blog_id,
        happened_at=now,
    )


def recipients(comment: Comment, owners: set[int], *, is_first: bool) -> dict[int, Kind]:
    """Person ids, each with the strongest reason. Never the writer, nor who may not see the blog or muted the thread.

    Nor those who began to watch after it was said: it may be told a second time, when an edit mentions somebody.
    """
    post = comment.post
    watches = list(Watch.objects.filter(post=post).values_list("person", "muted", "since"))
    muted = {person for person, is_muted, _since in watches if is_muted}
    reasons: list[tuple[Iterable[int | None], Kind]] = [
        (comment.mentioned, Kind.MENTION),
        ([comment.parent.author_id] if comment.parent else [], Kind.REPLY),
        (owners if is_first else (), Kind.FIRST),
        ({post.author_id, *owners}, Kind.COMMENT),
        ((person for person, _muted, since in watches if since <= comment.published_at), Kind.WATCHED),
    ]
    told: dict[int, Kind] = {}
    for people, kind in reasons:
        for person in people:
            if person is not None:
                told.setdefault(person, kind)
    told.pop(comment.author_id or 0, None)
    allowed = Blog.objects.readers_among(post.blog, told)
    return {pk: kind for pk, kind in told.items() if pk in allowed and pk not in muted}


def _is_first_on_blog(comment: Comment, owners: set[int]) -> bool:
    """Whether no colleague but its owners has said anything on this blog before, or was told of while it was held."""
    others = Comment.objects.filter(post__blog=comment.post.blog_id, state=CommentState.VISIBLE).exclude(pk=comment.pk)
    earlier = others.filter(Q(pk__lt=comment.pk) | Q(told_at__isnull=False))
    return comment.author_id not in owners and not earlier.exclude(author__in=owners).exists()
