"""Stored comments through the renderer again: after a change of it, the old rows must look as the new ones do.

Owns which comments and in what order. What comes out is decided in rendering.py; new comments are rendered by store.py.
Nobody is told anything: whom a comment mentions was settled when it was written. What was said on a blog itself came
as HTML and is not rendered here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.db import transaction

from aggregator.models import Activity
from comments.models import Comment, Origin
from comments.models.comment import CommentQuerySet
from comments.rendering import RENDERER_VERSION
from comments.search import index_comments
from comments.wording import reword

BATCH = 100  # comments a transaction: whoever votes for one of them meanwhile waits a fraction of a second


@dataclass(frozen=True, slots=True)
class Renewed:
    """One transaction's work: how many comments were rendered, how many came out different, the last one's id."""

    comments: int
    changed: int
    last_id: int


def comments_to_render(*, everything: bool = False, after: int = 0) -> CommentQuerySet:
    """Those that an older renderer made, or all, beyond the id ``after``."""
    comments = Comment.objects.filter(pk__gt=after, origin=Origin.HUB)
    return comments if everything else comments.filter(renderer_version__lt=RENDERER_VERSION)


def render_comments(*, everything: bool = False, after: int = 0) -> Iterator[Renewed]:
    """Renders them in batches, in the order of their ids; may end anywhere, as each batch is stored before it is told.

    Safe beside the running hub and beside itself: each text is read under the lock of its row.
    """
    while batch := _render_batch(comments_to_render(everything=everything, after=after)):
        yield batch
        after = batch.last_id


def _render_batch(comments: CommentQuerySet) -> Renewed | None:
    with transaction.atomic():
        wanted = comments.order_by("pk").only("post_id", "body", "html", "excerpt")
        batch = list(wanted.select_for_update(no_key=True)[:BATCH])
        changed = [comment for comment in batch if _render(comment)]
        Comment.objects.bulk_update(changed, ["html", "excerpt"])
        Comment.objects.filter(pk__in=[comment.pk for comment in batch]).update(renderer_version=RENDERER_VERSION)
        for comment in changed:
            Activity.objects.filter(comment_id=comment.pk).update(excerpt=comment.excerpt)
        index_comments(comment.pk for comment in changed)
    return Renewed(len(batch), len(changed), batch[-1].pk) if batch else None


def _render(comment: Comment) -> bool:
    """Whether it looks another way now. What its writer deleted has no text any more."""
    rendered = reword(comment.body, comment.post_id).rendered
    if (rendered.html, rendered.excerpt) == (comment.html, comment.excerpt):
        return False
    comment.html, comment.excerpt = rendered.html, rendered.excerpt
    return True
