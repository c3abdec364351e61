"""Stored posts through the gate again: after a change of what passes it, the old rows must obey the new rules too.

Owns which posts and in what order. What passes is decided in bloghub/lib/html.py; new posts are cleaned by polls.

The content hash stays as it is. It was taken from what the feed sent (its own date, its spelling of the tags, its
summary, the content as this gate made it of the source), of which the row keeps only what readers are shown; a hash of
the row would differ from the next poll's, and every post that its feed still holds would look edited. For the same
reason the excerpt stays, which may be the feed's own summary: it is plain text and needs no gate.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from aggregator.models import Post
from aggregator.models.post import PostQuerySet
from aggregator.polling.clean import id_prefix_of
from aggregator.search.posts import index_posts
from bloghub.lib.html import SANITISER_VERSION, clean_html
from bloghub.lib.text import words_of_clean_html

BATCH = 200  # posts a transaction: a poll that wants one of them waits a fraction of a second


@dataclass(frozen=True, slots=True)
class Cleaned:
    """One transaction's work: how many posts went through the gate, how many came out different, the last one's id."""

    posts: int
    changed: int
    last_id: int


def posts_to_clean(*, everything: bool = False, after: int = 0) -> PostQuerySet:
    """Those that an older gate let in, or all, beyond the id ``after``."""
    posts = Post.objects.filter(pk__gt=after)
    return posts if everything else posts.filter(sanitiser_version__lt=SANITISER_VERSION)


def clean_posts(*, everything: bool = False, after: int = 0) -> Iterator[Cleaned]:
    """Cleans them in batches, in the order of their ids; may end anywhere, as each batch is stored before it is told.

    Safe beside polls and beside itself: posts are locked in the order in which polls lock them.
    """
    while batch := _clean_batch(posts_to_clean(everything=everything, after=after)):
        yield batch
        after = batch.last_id


def _clean_batch(posts: PostQuerySet) -> Cleaned | None:
    columns = ("permalink", "guid", "content_html", "word_count", "sanitiser_version", "blog__homepage_url")
    with transaction.atomic():
        locked = posts.order_by("pk").select_related("blog").only(*columns).select_for_update(of=("self",), no_key=True)
        batch = list(locked[:BATCH])
        changed = [post for post in batch if _clean(post)]
        Post.objects.bulk_update(changed, ["content_html", "word_count"])
        index_posts([post.pk for post in changed])
        Post.objects.filter(pk__in=[post.pk for post in batch]).update(sanitiser_version=SANITISER_VERSION)
    return Cleaned(len(batch), len(changed), batch[-1].pk) if batch else None


def _clean(post: Post) -> bool:
    """Whether the gate takes anything away; the addresses in the post have been absolute since it came."""
    base, id_prefix = post.permalink or post.blog.homepage_url, id_prefix_of(post.permalink, post.guid)
    content = clean_html(post.content_html, base=base, id_prefix=id_prefix)
    if content == post.content_html:
        return False
    post.content_html = content
    post.word_count = words_of_clean_html(content)[1]
    return True
