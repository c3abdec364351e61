"""Posts as search has them: what its page shows of those it found, and their rows written anew. New posts and edits
get theirs from polling/posting.py."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, OuterRef

from aggregator.models import Appearance, Post, Searchable, TaggedPost
from aggregator.models.post import PostQuerySet
from aggregator.search.index import INDEX_VERSION, Place, Row, also_on, put, row_of_post, tagged
from aggregator.search.kinds import POST, Kind, Renewed

BATCH = 200  # posts a transaction: a poll that wants one of them waits a fraction of a second

_READ = ("title", "author_name", "content_html", "language", "published_at", "blog_id")


def texts(post_ids: Collection[int]) -> dict[int, str]:
    """What these posts say, in one query."""
    return dict(Post.objects.filter(pk__in=post_ids).values_list("pk", "content_html"))


def missing(after: int, everything: bool) -> int:
    """How many posts beyond this id have no row of this version; how many there are, when ``everything`` is meant."""
    return _to_renew(after, everything).count()


def renew(after: int, everything: bool) -> Renewed | None:
    """Writes the rows of the first such posts. Safe beside polls: posts are locked in the order in which polls do."""
    with transaction.atomic():
        wanted = _to_renew(after, everything).order_by("pk").select_for_update(no_key=True)
        batch = list(wanted.values_list("pk", flat=True)[:BATCH])
        index_posts(batch)
    return Renewed(len(batch), batch[-1]) if batch else None


def index_posts(post_ids: Collection[int]) -> None:
    """Writes the rows of these posts anew, from what is stored of them."""
    posts = Post.objects.filter(pk__in=post_ids).select_related("author")
    tags, blogs = _tags(post_ids), _other_blogs(post_ids)
    read = posts.only(*_READ, "author__username", "author__display_name")
    put(also_on(_row(post, tags[post.pk]), blogs[post.pk]) for post in read)


def _to_renew(after: int, everything: bool) -> PostQuerySet:
    posts = Post.objects.filter(pk__gt=after)
    rows = Searchable.objects.filter(post=OuterRef("pk"), comment_id=None, version=INDEX_VERSION)
    return posts if everything else posts.filter(~Exists(rows))


def _row(post: Post, tags: dict[int, str]) -> Row:
    place = Place(post.blog_id, post.author, post.published_at)
    return tagged(row_of_post(post.pk, post, place, tags.values()), tags)


def _tags(post_ids: Collection[int]) -> dict[int, dict[int, str]]:
    """Ids and names of their tags, in the order in which their feeds name them."""
    found: dict[int, dict[int, str]] = defaultdict(dict)
    labels = TaggedPost.objects.filter(content_object__in=post_ids).order_by("content_object", "position", "pk")
    for post, tag, name in labels.values_list("content_object", "tag", "tag__name"):
        found[post][tag] = name
    return found


def _other_blogs(post_ids: Collection[int]) -> dict[int, list[int]]:
    """On whose pages they stand beside that of their own."""
    found: dict[int, list[int]] = defaultdict(list)
    shown = Appearance.objects.filter(post__in=post_ids, is_shown=True).order_by("pk")
    for post, blog in shown.values_list("post", "blog"):
        found[post].append(blog)
    return found


POSTS = Kind(POST, "posts", texts, missing, renew)
