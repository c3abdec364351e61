"""Push: somebody's word that a feed has something new. How it is taken and answered is in pushing/pushes.py."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aggregator.models.feed import Feed


class PushWay(models.TextChoices):
    HOOK = "hook", _("the blog's own address for pushes")
    PING = "ping", _("a ping")
    WEBSUB = "websub", _("a WebSub hub")


class Push(models.Model):
    """A feed's latest push: one row however often it comes. While ``is_open`` it waits for its poll to begin."""

    feed = models.OneToOneField(Feed, on_delete=models.CASCADE, related_name="push")
    way = models.CharField(_("by"), max_length=16, choices=PushWay)
    pushed_at = models.DateTimeField(_("pushed"))
    answered_at = models.DateTimeField(_("polled for it"), null=True)
    is_open = models.BooleanField(default=True)

    class Meta:
        verbose_name = _("push")
        verbose_name_plural = _("pushes")
        indexes = [models.Index(fields=["pushed_at"], name="push_open", condition=Q(is_open=True))]

    def __str__(self) -> str:
        return f"{self.feed_id}: {self.way}"
