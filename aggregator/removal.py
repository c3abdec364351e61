"""Removing posts for good: the post goes, a tombstone stays, so that no poll brings it back."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from aggregator.models import Blog, Feed, Post, Tombstone


def remove_posts(post_ids: Iterable[int]) -> int:
    """Removes these posts and leaves tombstones, all or none; returns how many there were.

    Locks their feeds first, as a poll does: a poll under way stores either before, and its post is removed, or after,
    and it sees the tombstone.
    """
    with transaction.atomic():
        posts = Post.objects.filter(pk__in=list(post_ids))
        rows = list(posts.values_list("feed", "guid", "blog"))
        list(Feed.objects.filter(pk__in={feed for feed, _guid, _blog in rows}).order_by("pk").select_for_update())
        graves = [Tombstone(feed_id=feed, guid=guid) for feed, guid, _blog in sorted(rows)]
        Tombstone.objects.bulk_create(graves, ignore_conflicts=True)
        posts.delete()
        recount({blog for _feed, _guid, blog in rows})
    return len(rows)


def recount(blog_ids: Iterable[int]) -> None:
    """Brings the counters of these blogs back in line with their posts; in the order in which polls lock them."""
    posts = Post.objects.filter(blog=OuterRef("pk")).order_by().values("blog")
    for blog_id in sorted(blog_ids):
        Blog.objects.filter(pk=blog_id).update(
            post_count=Coalesce(Subquery(posts.annotate(n=Count("pk")).values("n")), 0),
            last_post_at=Subquery(posts.annotate(newest=Max("published_at")).values("newest")),
        )
