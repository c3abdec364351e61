"""Flag: a reader finds that a comment breaks the guidelines."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from comments.models.comment import Comment


class FlagReason(models.TextChoices):
    UNKIND = "unkind", _("It attacks a person")
    CONFIDENTIAL = "confidential", _("It tells what should not be told here")
    OFF_TOPIC = "off_topic", _("It has nothing to do with the post")
    ADVERTISING = "advertising", _("It advertises")
    OTHER = "other", _("Something else")


class FlagState(models.TextChoices):
    ASKED = "asked", _("its writer has been asked")
    QUEUED = "queued", _("waits for a moderator")
    ANSWERED = "answered", _("its writer changed or deleted the comment")
    UPHELD = "upheld", _("upheld")
    DISMISSED = "dismissed", _("dismissed")


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> Self:
        """Those that nobody has settled: neither the writer by another text, nor a moderator."""
        return self.filter(settled_at=None)

    def waiting(self, now: datetime) -> Self:
        """Those that are before the moderators by now. Time alone brings them there: no task has to run."""
        return self.open().filter(queue_at__lte=now)


class Flag(models.Model):
    """One reader's flag on one comment. The writer is asked first; unchanged a day later, it comes to moderators.

    Written by comments/flagging.py (raised, answered) and comments/moderation.py (upheld, dismissed). The writer never
    learns who flagged.
    """

    comment = models.ForeignKey(Comment, on_delete=models.CASCADE, related_name="flags")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="flags")
    reason = models.CharField(_("reason"), max_length=16, choices=FlagReason)
    note = models.CharField(_("in your words"), max_length=500, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=FlagState, default=FlagState.ASKED)
    flagged_at = models.DateTimeField(_("flagged"), default=timezone.now)
    queue_at = models.DateTimeField(_("comes to moderators"))
    reply = models.CharField(_("the writer's answer"), max_length=500, blank=True)
    settled_at = models.DateTimeField(_("settled"), null=True, blank=True)
    settled_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = FlagQuerySet.as_manager()

    class Meta:
        verbose_name = _("flag")
        verbose_name_plural = _("flags")
        constraints = [models.UniqueConstraint(fields=["comment", "person"], name="flag_once")]
        indexes = [models.Index(fields=["queue_at"], name="flag_open", condition=Q(settled_at=None))]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} ({self.comment_id})"
