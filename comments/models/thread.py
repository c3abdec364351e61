"""Thread: what moderators have laid down for the conversation under one post. Most posts have none."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post


class Thread(models.Model):
    """The rules of one conversation. Locked: nobody adds to it. Slow: a person writes once in so many seconds."""

    post = models.OneToOneField(Post, on_delete=models.CASCADE, primary_key=True, related_name="thread")
    locked_at = models.DateTimeField(_("locked"), null=True, blank=True)
    locked_because = models.CharField(_("reason"), max_length=300, blank=True)
    slow_seconds = models.PositiveIntegerField(_("seconds between comments of one person"), default=0)

    class Meta:
        verbose_name = _("thread")
        verbose_name_plural = _("threads")

    def __str__(self) -> str:
        return str(self.post_id)
