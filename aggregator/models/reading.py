"""Reading: how far somebody has come with a post and its conversation."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone

from aggregator.models.post import Post


class Reading(models.Model):
    """One person has had the conversation under one post before their eyes. ``comments_seen`` is the post's
    ``last_comment_number`` when that page was made, or when they last had new ones put into it: what stands further
    below or on another piece counts as seen, and nothing that was said since does."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="readings")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="readings")
    read_at = models.DateTimeField(default=timezone.now)
    comments_seen = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "post"], name="reading_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.post_id}"
