"""What tests of the conversation begin with: somebody who has been commenting for long, and a comment."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from comments import store
from comments.models import Comment

LONG_AGO = timedelta(days=30)


def settle(person: Person, post: Post) -> Comment:
    """Makes somebody known here, with a comment from long ago: the pace of the new is not theirs."""
    Person.objects.filter(pk=person.pk).update(date_joined=timezone.now() - 2 * LONG_AGO)
    person.refresh_from_db()
    return store.publish(store.Draft(person, post, "Good day."), timezone.now() - LONG_AGO)


def say(person: Person, post: Post, body: str = "Words.", *, now: datetime | None = None, **columns: Any) -> Comment:
    return store.publish(store.Draft(person, post, body, **columns), now or timezone.now())


def numbers(post: Post) -> tuple[int, int, int, list[int]]:
    """What a post says of its conversation: comments, the last one's number, voices, and the shape."""
    post.refresh_from_db()
    return post.comment_count, post.last_comment_number, post.voice_count, post.thread_shape
