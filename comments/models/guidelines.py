"""Guidelines: how colleagues wish to talk here, in versions, and who has accepted which."""

from __future__ import annotations

from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Guidelines(models.Model):
    """One version of the company's blogging guidelines; the newest is in force. Earlier ones stay readable."""

    body = models.TextField(_("text"), help_text=_("Markdown."))
    html = models.TextField(editable=False)
    must_accept = models.BooleanField(
        _("ask to accept"),
        default=False,
        help_text=_("Everybody is asked to accept the guidelines once, before their first comment."),
    )
    accept_again = models.BooleanField(
        _("ask again"),
        default=False,
        help_text=_("Who has accepted an earlier version is asked to accept this one, too."),
    )
    published_at = models.DateTimeField(_("in force since"), default=timezone.now, editable=False)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, editable=False, related_name="+"
    )

    class Meta:
        verbose_name = _("guidelines")
        verbose_name_plural = _("guidelines")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.published_at:%Y-%m-%d %H:%M}"


class AcceptanceQuerySet(models.QuerySet["Acceptance"]):
    def still_good(self) -> Self:
        """Those of the last version that was to be accepted again, and of later ones; comments/limits.py, too, asks."""
        renewed = Guidelines.objects.filter(accept_again=True).order_by("-pk").values("pk")[:1]
        return self.filter(guidelines__gte=Coalesce(Subquery(renewed), 0))


class Acceptance(models.Model):
    """One person has accepted one version."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="acceptances")
    guidelines = models.ForeignKey(Guidelines, on_delete=models.CASCADE, related_name="acceptances")
    accepted_at = models.DateTimeField(default=timezone.now)

    objects = AcceptanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("acceptance")
        verbose_name_plural = _("acceptances")
        constraints = [models.UniqueConstraint(fields=["guidelines", "person"], name="acceptance_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.guidelines_id}"
