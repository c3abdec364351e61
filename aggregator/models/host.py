"""Host: a server we poll. What it asked of us, and how we sign in there; its feeds are in feed.py."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

LONGEST_HOST_REST = timedelta(hours=1)  # it asked two feeds, and may carry hundreds: then the next two are tried


class HostQuerySet(models.QuerySet["Host"]):
    def set_clock_right(self, now: datetime) -> None:
        """After the clock was set back: no server is left alone for longer than the rule says."""
        latest = now + LONGEST_HOST_REST
        # One by one: LEAST would take NULL for the greater, and let a server rest that is not left alone
        self.filter(refused_at__gt=now).update(refused_at=now)
        self.filter(slow_until__gt=latest).update(slow_until=latest)


class Host(models.Model):
    """A server that refused us lately. Written by polls only."""

    name = models.CharField(_("host"), max_length=255, unique=True)
    refused_at = models.DateTimeField(_("refused"), null=True)
    # Without a constraint: it is only compared, and a feed may be removed while its poll is stored
    refused_feed = models.ForeignKey(
        "aggregator.Feed", on_delete=models.SET_NULL, null=True, related_name="+", db_constraint=False
    )
    slow_until = models.DateTimeField(_("left alone until"), null=True)

    objects = HostQuerySet.as_manager()

    class Meta:
        verbose_name = _("host")
        verbose_name_plural = _("hosts")

    def __str__(self) -> str:
        return self.name


class CredentialScheme(models.TextChoices):
    BASIC = "basic", _("name and password")
    BEARER = "bearer", _("token")


class HostCredential(models.Model):
    """How we sign in at a server. ``secret`` is encrypted at rest (aggregator/credentials.py) and sent nowhere else."""

    host = models.CharField(_("host and port"), max_length=255, unique=True)
    scheme = models.CharField(_("kind"), max_length=16, choices=CredentialScheme, default=CredentialScheme.BASIC)
    username = models.CharField(_("name"), max_length=200, blank=True)
    secret = models.TextField(editable=False)

    class Meta:
        verbose_name = _("sign-in at a server")
        verbose_name_plural = _("sign-ins at servers")
        ordering = ["host"]

    def __str__(self) -> str:
        return self.host
