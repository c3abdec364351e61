"""PollHour: what the polls of one hour came to, for charts and metrics. A feed's own last polls are in its row."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class PollHour(models.Model):
    """Sums over an hour (UTC). ``lag`` is how long after its time a feed was polled, in seconds."""

    hour = models.DateTimeField(_("hour"), unique=True)
    polls = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)
    lag_total = models.FloatField(default=0)
    lag_most = models.FloatField(default=0)

    class Meta:
        verbose_name = _("hour of polls")
        verbose_name_plural = _("hours of polls")

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}"
