"""PostVote: somebody found a post worth reading."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.post import Post


class PostVote(models.Model):
    """One person's vote for one post; ``Post.vote_count`` and ``Post.rank`` are kept in the same transaction."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="post_votes")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="votes")
    voted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("vote for a post")
        verbose_name_plural = _("votes for posts")
        constraints = [models.UniqueConstraint(fields=["post", "person"], name="post_vote_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.post_id}"
