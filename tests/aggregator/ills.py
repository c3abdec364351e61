"""Feeds in every kind of trouble, made in their rows."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from aggregator.models import Blog, Feed, FeedState, MoveState, Post, Reading
from bloghub.people.models import Person


def fall_ill(blog: Blog, now: datetime, *, ago: timedelta = timedelta(days=3), **columns: Any) -> Feed:
    """The blog's feed has failed since ``ago``; ``columns`` say how else it is."""
    values = {
        "consecutive_failures": 7,
        "failing_since": now - ago,
        "last_polled_at": now - timedelta(minutes=10),
        "next_poll_at": now + timedelta(hours=1),
        "last_error": "The certificate of blogs.example ended on 3 May 2026.",
        "last_error_kind": "not_reachable",
        "last_error_code": "certificate",
    }
    blog.feeds.update(**(values | columns))
    return blog.feeds.get()


def be_well(blog: Blog, now: datetime) -> Feed:
    """The blog's feed has answered a minute ago and is not due."""
    blog.feeds.update(
        consecutive_failures=0,
        failing_since=None,
        last_error="",
        last_error_code="",
        last_good_at=now - timedelta(minutes=1),
        last_polled_at=now - timedelta(minutes=1),
        next_poll_at=now + timedelta(hours=1),
        state=FeedState.ACTIVE,
    )
    return blog.feeds.get()


def move_away(blog: Blog, now: datetime, url: str) -> Feed:
    """Its server says that it has moved to another host, three times by now."""
    be_well(blog, now)
    blog.feeds.update(moved_url=url, moved_times=3, moved_state=MoveState.ASKS)
    return blog.feeds.get()


def read(post: Post, *people: Person, at: datetime) -> None:
    """These people have had the post before their eyes."""
    Reading.objects.bulk_create([Reading(person=person, post=post, read_at=at) for person in people])
