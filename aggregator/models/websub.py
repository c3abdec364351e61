"""WebSub lease: a hub's promise to tell us of a feed's new posts (W3C WebSub). The exchange is in pushing/."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.feed import Feed


class LeaseState(models.TextChoices):
    WANTED = "wanted", _("to be asked for")
    ASKED = "asked", _("asked for")
    ACTIVE = "active", _("active")
    REFUSED = "refused", _("refused")


class WebSubLease(models.Model):
    """One feed's subscription at one hub. ``key`` is the unguessable part of our callback's address."""

    feed = models.OneToOneField(Feed, on_delete=models.CASCADE, related_name="websub_lease")
    hub_url = models.CharField(_("hub"), max_length=2000)
    topic_url = models.CharField(_("topic"), max_length=2000)
    key = models.CharField(max_length=64, unique=True)
    secret = models.CharField(max_length=64)
    state = models.CharField(_("state"), max_length=16, choices=LeaseState, default=LeaseState.WANTED)
    asked_at = models.DateTimeField(_("asked"), null=True)
    expires_at = models.DateTimeField(_("ends"), null=True)
    last_push_at = models.DateTimeField(_("last push"), null=True)
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(_("last error"), blank=True)

    class Meta:
        verbose_name = _("WebSub lease")
        verbose_name_plural = _("WebSub leases")

    def __str__(self) -> str:
        return self.topic_url
