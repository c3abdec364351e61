"""Conversations for tests: stored as they would be after everybody has spoken."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from aggregator import arcs
from aggregator.models import Post
from bloghub.people.models import Person
from comments.models import Comment


def say(post: Post, author: Person | None, body: str = "", parent: Comment | None = None, **columns: Any) -> Comment:
    """Stores one comment and the numbers of its post, past all limits."""
    number = post.last_comment_number + 1
    path = [*(parent.path if parent else ()), number]
    now: datetime = timezone.now()
    values = {"html": f"<p>{body or f'Comment {number}.'}</p>", "excerpt": body, "renderer_version": 1}
    values |= {"published_at": now - timedelta(minutes=max(0, 600 - number)), "body": body}
    comment = Comment.objects.create(
        post=post, parent=parent, number=number, depth=len(path) - 1, path=path, author=author, **(values | columns)
    )
    mark = arcs.mark_of(parent.number if parent else 0, by_author=author is not None and author.pk == post.author_id)
    post.thread_shape = arcs.extend(post.thread_shape, number - 1, mark)
    post.last_comment_number, post.last_comment_at = number, comment.published_at
    post.comment_count += 1
    post.save(update_fields=["thread_shape", "last_comment_number", "last_comment_at", "comment_count"])
    return comment
