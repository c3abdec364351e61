"""CommentVote: somebody found a comment worth reading."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from comments.models.comment import Comment


class CommentVote(models.Model):
    """One person's vote for one comment; ``Comment.vote_count`` is kept in the same transaction."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="comment_votes")
    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="votes")
    voted_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("vote for a comment")
        verbose_name_plural = _("votes for comments")
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="comment_vote_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.comment_id}"
