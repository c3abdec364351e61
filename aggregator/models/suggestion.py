"""Suggestion: a blog that somebody proposes. What becomes of it is aggregator/suggesting.py's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog

if TYPE_CHECKING:
    from bloghub.people.models import Person


class SuggestionState(models.TextChoices):
    OPEN = "open", _("waits")
    ACCEPTED = "accepted", _("accepted")
    DECLINED = "declined", _("declined")


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def of(self, person: Person) -> Self:
        """What this person has proposed; nobody else's business but the admins'."""
        return self.filter(proposer=person)

    def open(self) -> Self:
        """Those an admin has yet to answer."""
        return self.filter(state=SuggestionState.OPEN)


class Suggestion(models.Model):
    """One address proposed by one person; an address waits once.

    ``preview`` holds what was found behind it (registration.Preview), ``trouble`` why nothing was; both are empty
    while ``looked_at`` is: nobody has approved of looking, or no worker has come to it yet (``lease_until``).
    """

    address = models.CharField(_("address"), max_length=2000)
    key = models.CharField(max_length=32, editable=False)  # a digest of the address without what does not matter
    host = models.CharField(max_length=255)
    note = models.TextField(_("why"), blank=True)
    proposer = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="suggestions",
        verbose_name=_("proposed by"),
    )
    state = models.CharField(_("state"), max_length=16, choices=SuggestionState, default=SuggestionState.OPEN)
    suggested_at = models.DateTimeField(_("suggested"), default=timezone.now)
    preview = models.JSONField(null=True)
    trouble = models.TextField(_("trouble"), blank=True)
    looked_at = models.DateTimeField(_("looked at"), null=True)
    lease_until = models.DateTimeField(null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", verbose_name=_("decided by")
    )
    answer = models.TextField(_("answer"), blank=True)
    blog = models.ForeignKey(Blog, on_delete=models.SET_NULL, null=True, related_name="suggestions")

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        verbose_name = _("suggestion")
        verbose_name_plural = _("suggestions")
        ordering = ["-suggested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=Q(state=SuggestionState.OPEN), name="suggestion_once")
        ]

    def __str__(self) -> str:
        return self.address

    @property
    def is_open(self) -> bool:
        return self.state == SuggestionState.OPEN

    @property
    def group(self) -> str:
        """What its proposer is told about it, as one row of their inbox."""
        return f"suggestion:{self.pk}"
