"""Removing for good: a post goes and a tombstone stays, so that no poll brings it back; whole feeds, whole blogs.

A post whose feed goes stays where it also appears, with what was said about it (appearances.py).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import partial

from aggregator.appearances import Heir, hand_over, heirs_of, recount, settle
from aggregator.locks import Further, holding, lock
from aggregator.models import Appearance, Blog, Feed, Post, Tombstone
from aggregator.polling.identity import names_to_bury
from aggregator.polling.pages import page_key
from aggregator.search.alerting import events_about
from bloghub.notifications.telling import withdraw, withdraw_groups, withdraw_scopes

_BURIED = ("pk", "feed", "blog", "guid", "permalink", "title", "published_at", "page")


def remove_posts(post_ids: Iterable[int]) -> int:
    """Removes these posts and leaves tombstones, all or none; returns how many there were.

    Locks their feeds first, as a poll does: a poll under way stores either before, and its post is removed, or after,
    and it sees the tombstone.
    """
    post_ids = list(post_ids)
    return holding((), partial(_remove_posts, post_ids))


def _remove_posts(post_ids: Collection[int], held: frozenset[int]) -> int:
    lock(held)
    posts = Post.objects.filter(pk__in=post_ids)
    rows = list(posts.values_list(*_BURIED))
    guests = list(Appearance.objects.filter(post__in=post_ids).values_list(*_BURIED[1:-1], "post"))
    feeds = {feed for _pk, feed, *_ in rows} | {feed for feed, *_ in guests}
    if feeds - held:
        raise Further(feeds)
    pages = {pk: _page_to_bury(feed, permalink, page) for pk, feed, _blog, _guid, permalink, *_, page in rows}
    buried = [(feed, guid, link, title, date, pages[pk]) for pk, feed, _blog, guid, link, title, date, _page in rows]
    buried += [(feed, guid, link, title, date, pages[post]) for feed, _blog, guid, link, title, date, post in guests]
    graves = {
        (feed, name): page
        for feed, guid, permalink, title, date, page in buried
        for name in names_to_bury(guid, permalink, title, date)
    }
    Tombstone.objects.bulk_create(
        [Tombstone(feed_id=feed, guid=name, page=page) for (feed, name), page in sorted(graves.items(), key=_grave)],
        ignore_conflicts=True,
    )
    events = events_about(post_ids)
    posts.delete()
    forget(post_ids, events)
    recount({blog for _pk, _feed, blog, *_ in rows} | {blog for _feed, blog, *_ in guests})
    return len(rows)


def _grave(item: tuple[tuple[int, str], int | None]) -> tuple[int, str]:
    return item[0]


def _page_to_bury(feed_id: int, permalink: str, page: int | None) -> int | None:
    """The page by which no feed may bring it back: its own. That of several posts would bury the others, too."""
    if page is None and Post.objects.filter(feed=feed_id, permalink=permalink).count() > 1:
        return None
    return page_key(permalink)


def remove_feeds(feed_ids: Iterable[int]) -> None:
    """Removes these feeds with the posts that are in no other, all or none; their blogs stay and count what they have
    left."""
    going = list(feed_ids)
    holding(going, partial(_remove_feeds, going))


def _remove_feeds(going: Collection[int], held: frozenset[int]) -> None:
    lock(held)
    heirs, guests = _leaving(going, held)
    feeds = Feed.objects.filter(pk__in=going)
    blogs = set(feeds.values_list("blog", flat=True)) | _blogs_of(heirs, guests)
    hand_over(heirs)
    post_ids = list(Post.objects.filter(feed__in=going).values_list("pk", flat=True))
    events = events_about(post_ids)
    feeds.delete()
    forget(post_ids, events)
    settle(guests)
    recount(blogs)


def remove_blogs(blog_ids: Iterable[int]) -> None:
    """Removes these blogs with all that came from them and is on no other, all or none."""
    blog_ids = list(blog_ids)
    feeds = list(Feed.objects.filter(blog__in=blog_ids).values_list("pk", flat=True))
    holding(feeds, partial(_remove_blogs, blog_ids))


def _remove_blogs(blog_ids: Collection[int], held: frozenset[int]) -> None:
    lock(held)
    going = list(Feed.objects.filter(blog__in=blog_ids).values_list("pk", flat=True))
    if set(going) - held:
        raise Further(going)
    heirs, guests = _leaving(going, held)
    blogs = _blogs_of(heirs, guests)
    hand_over(heirs)
    post_ids = list(Post.objects.filter(blog__in=blog_ids).values_list("pk", flat=True))
    events = events_about(post_ids)
    Blog.objects.filter(pk__in=blog_ids).delete()
    forget(post_ids, events)
    settle(guests)
    recount(blogs)
    withdraw_scopes(blog_ids)  # flags and acts, too: of a restricted blog they would open to everybody told


def _leaving(going: Collection[int], held: frozenset[int]) -> tuple[list[Heir], list[int]]:
    """Who gets the posts of feeds that go, and which posts of others lose an appearance with them."""
    heirs = heirs_of(going)
    guests = Appearance.objects.filter(feed__in=going).exclude(post__feed__in=going)
    homes = dict(guests.values_list("post", "post__feed"))
    concerned = {heir.feed_id for heir in heirs} | set(homes.values())
    if concerned - held:
        raise Further(concerned)
    return heirs, list(homes)


def _blogs_of(heirs: Collection[Heir], guests: Collection[int]) -> set[int]:
    """The blogs whose counters change when these posts move and these appearances go."""
    posts = {heir.post_id for heir in heirs} | set(guests)
    return set(Appearance.objects.filter(post__in=posts).values_list("blog", flat=True))


def forget(post_ids: Iterable[int], events: Iterable[str]) -> None:
    """What people were told about these posts and their conversations goes with them: it would lead nowhere.

    ``events`` are what saved searches may have told of, asked for while the posts were there.
    """
    withdraw_groups(f"post:{pk}" for pk in post_ids)
    withdraw(events)
