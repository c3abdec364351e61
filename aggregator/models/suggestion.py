"""Suggestion: a blog that somebody proposes. Registering it is registration.py's."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog


class SuggestionState(models.TextChoices):
    OPEN = "open", _("waits")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")


class Suggestion(models.Model):
    """One address proposed by one person. ``preview`` holds what was found behind it, when it was looked at."""

    address = models.CharField(_("address"), max_length=2000)
    host = models.CharField(max_length=255)
    note = models.TextField(_("why"), blank=True)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="suggestions"
    )
    state = models.CharField(_("state"), max_length=16, choices=SuggestionState, default=SuggestionState.OPEN)
    suggested_at = models.DateTimeField(_("suggested"), default=timezone.now)
    preview = models.JSONField(null=True)
    trouble = models.TextField(_("trouble"), blank=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    answer = models.TextField(_("answer"), blank=True)
    blog = models.ForeignKey(Blog, on_delete=models.SET_NULL, null=True, related_name="suggestions")

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ["-suggested_at", "-pk"]

    def __str__(self) -> str:
        return self.address
