"""Watch: who is told of new comments under a post."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post


class WatchReason(models.TextChoices):
    WROTE = "wrote", _("you wrote the post")
    COMMENTED = "commented", _("you commented there")
    CHOSE = "chose", _("you chose to")


class Watch(models.Model):
    """One person's interest in one thread. ``muted`` says no to everything from it, whatever else would say yes."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="watches")
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="watches")
    reason = models.CharField(max_length=12, choices=WatchReason, default=WatchReason.CHOSE)
    muted = models.BooleanField(default=False)
    since = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("watch")
        verbose_name_plural = _("watches")
        constraints = [models.UniqueConstraint(fields=["post", "person"], name="watch_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.post_id}"
