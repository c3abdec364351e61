"""Suspension: somebody's comments wait for a moderator for a while."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _


class SuspensionQuerySet(models.QuerySet["Suspension"]):
    def in_force(self, now: datetime) -> Self:
        """Those that still hold."""
        return self.filter(Q(until=None) | Q(until__gt=now), lifted_at=None)


class Suspension(models.Model):
    """From ``since`` until ``until`` (null: until it is lifted) what this person writes is held for review."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="suspensions")
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True, blank=True)
    because = models.CharField(_("reason"), max_length=300)
    by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")

    objects = SuspensionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["-since"]
        indexes = [models.Index(fields=["person"], name="suspension_in_force", condition=Q(lifted_at=None))]

    def __str__(self) -> str:
        return str(self.person)

    def is_in_force(self, now: datetime) -> bool:
        """Whether it still holds."""
        return self.lifted_at is None and (self.until is None or self.until > now)
