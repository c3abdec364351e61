"""Tombstone: what is left of a post that an admin removed, so that no poll brings it back."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.feed import Feed


class Tombstone(models.Model):
    """A name under which a removed post could come back (polling/identity.py); nothing of what it said."""

    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="tombstones")
    guid = models.CharField(max_length=600)
    # As Post.page, of a blog for everyone: no other feed brings it back either
    page = models.BigIntegerField(null=True)
    removed_at = models.DateTimeField(_("removed"), default=timezone.now)

    class Meta:
        verbose_name = _("tombstone")
        verbose_name_plural = _("tombstones")
        constraints = [models.UniqueConstraint(fields=["feed", "guid"], name="tombstone_guid_in_feed")]
        indexes = [models.Index(fields=["page"], name="tombstone_page", condition=Q(page__isnull=False))]

    def __str__(self) -> str:
        return self.guid
