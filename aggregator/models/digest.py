"""Digest: one mail that sums up a day or a week for one person."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class DigestState(models.TextChoices):
    DUE = "due"
    TAKEN = "taken"  # a worker has it; never taken twice, so never sent twice
    SENT = "sent"
    EMPTY = "empty"  # there was nothing to say


class Digest(models.Model):
    """The digest of one person for the time from ``since`` to ``until``; there is one at most for each ``until``."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digests")
    since = models.DateTimeField()
    until = models.DateTimeField()
    state = models.CharField(max_length=8, choices=DigestState, default=DigestState.DUE)
    settled_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["person", "until"], name="digest_once")]
        indexes = [models.Index(fields=["id"], name="digest_due", condition=models.Q(state="due"))]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.until:%Y-%m-%d}"
