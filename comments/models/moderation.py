"""ModerationAct: the audit log of what moderators did and why. Rows are only ever added."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post
from comments.models.comment import Comment


class ModerationKind(models.TextChoices):
    HIDE = "hide", _("hid a comment")
    RESTORE = "restore", _("restored a comment")
    APPROVE = "approve", _("let a held comment through")
    DISMISS = "dismiss", _("dismissed a flag")
    LOCK = "lock", _("locked a thread")
    UNLOCK = "unlock", _("unlocked a thread")
    SLOW = "slow", _("slowed a thread down")
    SUSPEND = "suspend", _("suspended a person's commenting")
    LIFT = "lift", _("lifted a suspension")


class ModerationAct(models.Model):
    """One thing that a moderator did. What it was done to may go; the act and its words stay."""

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("what"), max_length=12, choices=ModerationKind)
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts")
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts_upon"
    )
    because = models.CharField(_("reason"), max_length=300)
    about = models.CharField(_("about"), max_length=400, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    class Meta:
        verbose_name = _("act of moderation")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]

    def __str__(self) -> str:
        return f"{self.actor}: {self.get_kind_display()}"
