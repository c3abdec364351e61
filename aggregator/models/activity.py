"""Activity: a comment as it passes by in the rivers, beside the posts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog, hidden_from
from aggregator.models.post import Post

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


class ActivityQuerySet(models.QuerySet["Activity"]):
    def visible_to(self, person: Reader) -> Self:
        """What passes by on the blogs this person may see."""
        return self.exclude(blog__in=hidden_from(person))


class Activity(models.Model):
    """One visible comment, with all that a river shows of it.

    Posts have no rows here: they pass by as themselves (a copy would cost a write for every post of every poll and say
    nothing new), and rivers merge the two by time. The comments app writes these rows, with the comment and in its
    transaction; ``comment_id`` is its id, ``answers`` whom it answers, when that is not the post.
    """

    happened_at = models.DateTimeField(_("when"))
    blog = models.ForeignKey(Blog, on_delete=models.CASCADE, related_name="+")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="activities")
    comment_id = models.BigIntegerField(unique=True)
    author = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    author_name = models.CharField(max_length=200, blank=True)
    answers = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    excerpt = models.CharField(max_length=400)

    objects = ActivityQuerySet.as_manager()

    class Meta:
        verbose_name = _("activity")
        verbose_name_plural = _("activities")
        indexes = [
            models.Index(fields=["-happened_at", "-id"], name="activity_river"),
            models.Index(fields=["blog", "-happened_at", "-id"], name="activity_blog_river"),
            models.Index(fields=["author", "-happened_at", "-id"], name="activity_author_river"),
        ]

    def __str__(self) -> str:
        return self.excerpt[:80]

    def keyset(self) -> tuple[datetime, int]:
        """Where it stands in a river (lib/paging.py)."""
        return self.happened_at, self.pk
