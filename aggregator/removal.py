"""Removing for good: a post goes and a tombstone stays, so that no poll brings it back; whole feeds, whole blogs."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce

from aggregator.models import Blog, Feed, Post, Tombstone
from aggregator.polling.identity import names_to_bury
from aggregator.search.alerting import events_about
from bloghub.notifications.telling import withdraw, withdraw_groups, withdraw_scopes


def remove_posts(post_ids: Iterable[int]) -> int:
    """Removes these posts and leaves tombstones, all or none; returns how many there were.

    Locks their feeds first, as a poll does: a poll under way stores either before, and its post is removed, or after,
    and it sees the tombstone.
    """
    post_ids = list(post_ids)
    with transaction.atomic():
        posts = Post.objects.filter(pk__in=post_ids)
        rows = list(posts.values_list("feed", "blog", "guid", "permalink", "title", "published_at"))
        list(Feed.objects.filter(pk__in={feed for feed, *_ in rows}).order_by("pk").select_for_update())
        names = {
            (feed, name)
            for feed, _blog, guid, permalink, title, date in rows
            for name in names_to_bury(guid, permalink, title, date)
        }
        graves = [Tombstone(feed_id=feed, guid=name) for feed, name in sorted(names)]
        Tombstone.objects.bulk_create(graves, ignore_conflicts=True)
        events = events_about(post_ids)
        posts.delete()
        forget(post_ids, events)
        recount({blog for _feed, blog, *_ in rows})
    return len(rows)


def remove_feeds(feed_ids: Iterable[int]) -> None:
    """Removes these feeds with their posts, all or none; their blogs stay and count what they have left."""
    with transaction.atomic():
        feeds = Feed.objects.filter(pk__in=list(feed_ids))
        blog_ids = {feed.blog_id for feed in feeds.order_by("pk").select_for_update()}
        post_ids = list(Post.objects.filter(feed__in=feeds).values_list("pk", flat=True))
        events = events_about(post_ids)
        feeds.delete()
        forget(post_ids, events)
        recount(blog_ids)


def remove_blogs(blog_ids: Iterable[int]) -> None:
    """Removes these blogs with all that came from them, all or none."""
    blog_ids = list(blog_ids)
    with transaction.atomic():
        list(Feed.objects.filter(blog__in=blog_ids).order_by("pk").select_for_update())
        post_ids = list(Post.objects.filter(blog__in=blog_ids).values_list("pk", flat=True))
        events = events_about(post_ids)
        Blog.objects.filter(pk__in=blog_ids).delete()
        forget(post_ids, events)
        withdraw_scopes(blog_ids)  # flags and acts, too: of a restricted blog they would open to everybody told


def forget(post_ids: Iterable[int], events: Iterable[str]) -> None:
    """What people were told about these posts and their conversations goes with them: it would lead nowhere.

    ``events`` are what saved searches may have told of, asked for while the posts were there.
    """
    withdraw_groups(f"post:{pk}" for pk in post_ids)
    withdraw(events)


def recount(blog_ids: Iterable[int]) -> None:
    """Brings the counters of these blogs back in line with their posts; in the order in which polls lock them."""
    posts = Post.objects.filter(blog=OuterRef("pk")).order_by().values("blog")
    with transaction.atomic():
        # Locked first, counted by a later statement: one that waits for a poll does not see the posts it waited for
        locked = Blog.objects.filter(pk__in=list(blog_ids)).order_by("pk").select_for_update()
        Blog.objects.filter(pk__in=list(locked.values_list("pk", flat=True))).update(
            post_count=Coalesce(Subquery(posts.annotate(n=Count("pk")).values("n")), 0),
            last_post_at=Subquery(posts.annotate(newest=Max("published_at")).values("newest")),
        )
