"""WebSub lease: a hub's promise to tell us of a feed's new posts (W3C WebSub). The exchange is in pushing/."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.feed import POLLED_STATES, Feed
from bloghub.lib.urls import host_of


class LeaseState(models.TextChoices):
    WANTED = "wanted", _("to be asked for")
    ASKED = "asked", _("asked for")
    ACTIVE = "active", _("active")
    REFUSED = "refused", _("refused")


def fresh_key() -> str:
    """256 bits, in letters that an address may hold."""
    return secrets.token_urlsafe(32)


class WebSubLeaseQuerySet(models.QuerySet["WebSubLease"]):
    def to_ask(self, now: datetime) -> Self:
        """Those to be asked for, or asked for again, of feeds that are polled; longest due first."""
        due = self.filter(ask_at__lte=now, feed__state__in=POLLED_STATES)
        return due.order_by("ask_at", "pk")


class WebSubLease(models.Model):
    """One feed's subscription at one hub. ``key`` is the unguessable part of our callback's address.

    ``asked_at`` is set while a hub's answer to our asking is out. ``missed_at`` says when a poll last found posts of
    which the hub had not told; what it tells afterwards makes it trustworthy again.
    """

    feed = models.OneToOneField(Feed, on_delete=models.CASCADE, related_name="websub_lease")
    hub_url = models.CharField(_("hub"), max_length=2000)
    topic_url = models.CharField(_("topic"), max_length=2000)
    key = models.CharField(max_length=64, unique=True, default=fresh_key)
    secret = models.CharField(max_length=64, default=fresh_key)
    state = models.CharField(_("state"), max_length=16, choices=LeaseState, default=LeaseState.WANTED)
    ask_at = models.DateTimeField(_("asked for next"), default=timezone.now)
    asked_at = models.DateTimeField(_("asked"), null=True)
    expires_at = models.DateTimeField(_("ends"), null=True)
    last_push_at = models.DateTimeField(_("last push"), null=True)
    missed_at = models.DateTimeField(_("did not tell of a post"), null=True)
    recent = ArrayField(models.CharField(max_length=32), default=list)  # digests of its latest pushes: no replay counts
    failures = models.PositiveSmallIntegerField(default=0)
    last_error = models.TextField(_("last error"), blank=True)

    objects = WebSubLeaseQuerySet.as_manager()

    class Meta:
        verbose_name = _("WebSub lease")
        verbose_name_plural = _("WebSub leases")
        indexes = [models.Index(fields=["ask_at"], name="websub_to_ask")]

    def __str__(self) -> str:
        return self.topic_url

    @property
    def hub_host(self) -> str:
        return host_of(self.hub_url)

    @property
    def is_elsewhere(self) -> bool:
        """Whether the hub is on another host than the feed, which an admin may want to know."""
        return self.hub_host != self.feed.host

    def is_active(self, now: datetime) -> bool:
        return self.state == LeaseState.ACTIVE and self.expires_at is not None and self.expires_at > now

    def is_trusted(self, now: datetime) -> bool:
        """Whether polls may be fewer: the hub has told of something, and of everything since."""
        return self.is_active(now) and self.last_push_at is not None and self.missed_at is None
