"""Posts that stand in several feeds: what follows when one is moved, joined or parted, and what becomes of them when a
blog's audience changes or a feed goes. Which posts are one is decided in polling/homes.py.

Who may see a post is asked of its home blog alone. So one that a restricted blog has is nobody else's: neither shown
on another blog's page nor found with it. Callers hold the feeds (locks.py).
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from django.db import connection, transaction
from django.db.models import Count, Max, OuterRef, Subquery
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from aggregator.locks import Further, holding, lock
from aggregator.models import Activity, Appearance, Audience, Blog, Feed, Post
from aggregator.polling.pages import page_key
from aggregator.search import index
from aggregator.search.alerting import events_about
from bloghub.lib.bulk import execute
from bloghub.notifications.telling import rescope

# Of several feeds of one blog the first shows a post; none does where the post is at home
_SHOW = """
    UPDATE aggregator_appearance AS row SET is_shown = NOT row.is_shown
      FROM aggregator_post AS post
     WHERE post.id = row.post_id AND post.id = ANY (%s)
       AND row.is_shown <> (row.blog_id <> post.blog_id AND NOT EXISTS (
           SELECT FROM aggregator_appearance AS first
            WHERE first.post_id = row.post_id AND first.blog_id = row.blog_id AND first.id < row.id))
    RETURNING row.blog_id, row.is_shown, row.published_at
"""
# Another feed of the same blog first, else the one that has had it longest; never across an audience
_HEIRS = """
    SELECT DISTINCT ON (post.id) post.id, row.id, row.feed_id
      FROM aggregator_post AS post JOIN aggregator_appearance AS row ON row.post_id = post.id
      JOIN aggregator_blog AS home ON home.id = post.blog_id JOIN aggregator_blog AS blog ON blog.id = row.blog_id
     WHERE post.feed_id = ANY (%(feeds)s) AND NOT row.feed_id = ANY (%(feeds)s)
       AND (blog.id = home.id OR (blog.audience = 'everyone' AND home.audience = 'everyone'))
     ORDER BY post.id, (blog.id = home.id) DESC, row.id
"""
# The words stay those of the old home until the new one brings others; so does whose they are
_HAND_OVER = """
    UPDATE aggregator_post AS post
       SET blog_id = row.blog_id, feed_id = row.feed_id, guid = row.guid, content_hash = row.content_hash,
           edit_count = 0
      FROM aggregator_appearance AS row WHERE row.post_id = post.id AND row.id = ANY (%s)
"""
_REPAGE = """
    UPDATE aggregator_post AS post
       SET page = CASE WHEN EXISTS (SELECT FROM aggregator_post AS other WHERE other.page = new.page) THEN NULL
                       ELSE new.page END
      FROM (VALUES %s) AS new (id, page) WHERE post.id = new.id
"""


class Flip(NamedTuple):
    """An appearance that has come onto its blog's page, or left it."""

    blog_id: int
    is_shown: bool
    published_at: datetime


class Heir(NamedTuple):
    """An appearance that a post goes to when its home goes."""

    post_id: int
    appearance_id: int
    feed_id: int


def settle(post_ids: Collection[int]) -> list[Flip]:
    """After appearances of these posts were written or deleted, or posts moved: which are shown, and what search finds
    them by. The caller counts what has flipped."""
    if not post_ids:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_SHOW, [list(post_ids)])
        flips = [Flip._make(row) for row in cursor.fetchall()]
    index.rehome(post_ids)
    return flips


def follow(post_ids: Collection[int]) -> None:
    """After these posts have moved to another blog: what was said and told about them is seen with that blog, too."""
    homes: dict[int, list[int]] = defaultdict(list)
    for pk, blog in Post.objects.filter(pk__in=post_ids).order_by("pk").values_list("pk", "blog"):
        homes[blog].append(pk)
    for blog, posts in sorted(homes.items()):
        Activity.objects.filter(post__in=posts).exclude(blog=blog).update(blog=blog)
        rescope((f"post:{pk}" for pk in posts), events_about(posts), blog)


def heirs_of(feed_ids: Collection[int]) -> list[Heir]:
    """Where the posts of these feeds go when the feeds do; those that are in no other feed are not among them."""
    with connection.cursor() as cursor:
        cursor.execute(_HEIRS, {"feeds": list(feed_ids)})
        return [Heir._make(row) for row in cursor.fetchall()]


def hand_over(heirs: Sequence[Heir]) -> None:
    """Gives posts to the feeds they appear in, with all that was said about them."""
    if not heirs:
        return
    posts, rows = [heir.post_id for heir in heirs], [heir.appearance_id for heir in heirs]
    with connection.cursor() as cursor:
        cursor.execute(_HAND_OVER, [rows])
    Appearance.objects.filter(pk__in=rows).delete()
    settle(posts)
    follow(posts)


def lock_around(blog_id: int) -> None:
    """Before a blog's audience is written: its feeds, and those that its posts appear in, are ours until the end."""
    elsewhere = Appearance.objects.filter(post__blog=blog_id).order_by().values_list("feed", flat=True)
    lock({*Feed.objects.filter(blog=blog_id).values_list("pk", flat=True), *elsewhere.distinct()})


def audience_changed(blog_ids: Iterable[int], token: uuid.UUID | None = None) -> None:
    """Brings appearances in line with who may see these blogs; safe to repeat.

    What a restricted blog has at home leaves the pages of others. Their feeds are polled in full at once: what they
    still bring becomes posts of their own. A blog that is open again shares what it brings from then on. ``token`` is
    that of a poll which has found it out, and goes on.
    """
    for pk in sorted(set(blog_ids)):
        holding(Feed.objects.filter(blog=pk).values_list("pk", flat=True), partial(_part, pk, token))


def _part(blog_id: int, token: uuid.UUID | None, held: frozenset[int]) -> None:
    lock(held)
    is_open = Blog.objects.filter(pk=blog_id, audience=Audience.EVERYONE).exists()
    elsewhere = Appearance.objects.filter(post__blog=blog_id).exclude(blog=blog_id)
    rows = [] if is_open else list(elsewhere.values_list("pk", "post", "feed", "blog"))
    feeds = {feed for _pk, _post, feed, _blog in rows}
    if feeds - held:
        raise Further(feeds)
    _repage(blog_id, is_open=is_open)
    if rows:
        Appearance.objects.filter(pk__in=[pk for pk, *_ in rows]).delete()
        settle({post for _pk, post, *_ in rows})
        _forget_answers(feeds, token)
        recount({blog for *_, blog in rows})


def _repage(blog_id: int, *, is_open: bool) -> None:
    posts = Post.objects.filter(blog=blog_id, page__isnull=False).order_by("pk")
    keys = [
        (pk, page, page_key(link, None if is_open else blog_id))
        for pk, page, link in posts.values_list("pk", "page", "permalink")
    ]
    execute(_REPAGE, [(pk, key) for pk, page, key in keys if key is not None and key != page])


def _forget_answers(feed_ids: Collection[int], token: uuid.UUID | None) -> None:
    """These feeds are asked for all they have, soon, even if nothing in them has changed. A poll under way, unless it
    holds ``token``, cannot write back: it was told of changes only."""
    feeds = Feed.objects.filter(pk__in=feed_ids)
    feeds.update(etag="", last_modified="", body_hash="", next_poll_at=timezone.now())
    feeds.exclude(lease_token=token).update(lease_until=None, lease_token=None)


def recount(blog_ids: Iterable[int]) -> None:
    """Brings the counters of these blogs back in line with their posts and appearances; in the order in which polls
    lock them."""
    with transaction.atomic():
        # Locked first, counted by a later statement: one that waits for a poll does not see the posts it waited for
        locked = Blog.objects.filter(pk__in=list(blog_ids)).order_by("pk").select_for_update()
        blogs = Blog.objects.filter(pk__in=list(locked.values_list("pk", flat=True)))
        own = Post.objects.filter(blog=OuterRef("pk")).order_by().values("blog")
        guests = Appearance.objects.filter(blog=OuterRef("pk"), is_shown=True).order_by().values("blog")
        blogs.update(
            post_count=Coalesce(Subquery(own.annotate(n=Count("pk")).values("n")), 0)
            + Coalesce(Subquery(guests.annotate(n=Count("pk")).values("n")), 0),
            last_post_at=Greatest(
                Subquery(own.annotate(newest=Max("published_at")).values("newest")),
                Subquery(guests.annotate(newest=Max("published_at")).values("newest")),
            ),
        )
