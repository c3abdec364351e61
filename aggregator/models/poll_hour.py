"""PollHour: what the polls of one hour came to, for charts and metrics. A feed's own last polls are in its row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection, models
from django.utils.translation import gettext_lazy as _

KEPT = timedelta(days=35)  # a month, and the days before it to compare with

_ADD = """
    INSERT INTO aggregator_pollhour AS sums (hour, polls, changed, failed, posts, lag_total, lag_most)
    VALUES (date_trunc('hour', %s::timestamptz, 'UTC'), %s, %s, %s, %s, %s, %s)
    ON CONFLICT (hour) DO UPDATE
       SET polls = sums.polls + excluded.polls, changed = sums.changed + excluded.changed,
           failed = sums.failed + excluded.failed, posts = sums.posts + excluded.posts,
           lag_total = sums.lag_total + excluded.lag_total, lag_most = greatest(sums.lag_most, excluded.lag_most)
"""


@dataclass(frozen=True, slots=True)
class PollSums:
    """What some polls came to: how many, how many of them brought something or failed, posts, seconds behind time."""

    polls: int = 0
    changed: int = 0
    failed: int = 0
    posts: int = 0
    lag_total: float = 0.0
    lag_most: float = 0.0


class PollHourQuerySet(models.QuerySet["PollHour"]):
    def add(self, sums: PollSums, now: datetime) -> None:
        """Adds these polls to the hour of ``now``: one row, and everybody may do it at once."""
        values = (sums.polls, sums.changed, sums.failed, sums.posts, sums.lag_total, sums.lag_most)
        with connection.cursor() as cursor:
            cursor.execute(_ADD, [now, *values])

    def forget(self, now: datetime) -> None:
        """Removes what no chart shows any more."""
        self.filter(hour__lt=now - KEPT).delete()


class PollHour(models.Model):
    """Sums over an hour (UTC). ``lag`` is how long after its time a feed was polled, in seconds."""

    hour = models.DateTimeField(_("hour"), unique=True)
    polls = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0)
    posts = models.PositiveIntegerField(default=0)
    lag_total = models.FloatField(default=0)
    lag_most = models.FloatField(default=0)

    objects = PollHourQuerySet.as_manager()

    class Meta:
        verbose_name = _("hour of polls")
        verbose_name_plural = _("hours of polls")

    def __str__(self) -> str:
        return f"{self.hour:%Y-%m-%d %H}"

    @property
    def lag_mean(self) -> float:
        """Seconds behind time, over all polls of the hour."""
        return self.lag_total / self.polls if self.polls else 0.0
