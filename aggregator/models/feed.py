"""Feed: a document we poll, when to go again, and who has it now. What a poll decides is in aggregator/polling."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Self

from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Case, Exists, F, OuterRef, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog, validate_web_address
from aggregator.models.host import Host
from bloghub.lib.urls import host_of

# A batch's hard limit is 180 s; a lease must outlive it twice over, or a slow batch would be polled twice at once
LEASE = timedelta(seconds=360)


CLOCKS_DIFFER = timedelta(minutes=1)  # between two of our machines; a step back is an hour or a day


class FeedKind(models.TextChoices):
    POSTS = "posts", _("posts")
    COMMENTS = "comments", _("comments")


class FeedState(models.TextChoices):
    ACTIVE = "active", _("active")
    RESTING = "resting", _("resting")
    PAUSED = "paused", _("paused")
    QUARANTINED = "quarantined", _("quarantined")
    GONE = "gone", _("gone")


class MoveState(models.TextChoices):
    """What becomes of a move that a server tells; see polling/moving.py."""

    SEEN = "seen", _("is followed once it has been seen three times")
    ASKS = "asks", _("waits for a decision")
    STAYS = "stays", _("is not followed")


_LEARNED = (
    *("etag", "last_modified", "body_hash", "moved_url", "moved_state"),
    *("last_error", "last_error_kind", "last_error_code", "last_error_hint"),
)
_COUNTED = ("attempts", "consecutive_failures", "moved_times", "ttl", "skip_hours", "skip_days")
POLLED_STATES = (FeedState.ACTIVE, FeedState.RESTING)


class FeedQuerySet(models.QuerySet["Feed"]):
    def due(self, now: datetime) -> Self:
        """Feeds whose time has come and that nobody holds, but those whose server is left alone for a while."""
        slow = Host.objects.filter(name=OuterRef("host"), slow_until__gt=now)
        return self.free(now).filter(~Exists(slow), state__in=POLLED_STATES, next_poll_at__lte=now)

    def free(self, now: datetime) -> Self:
        """Feeds that nobody holds."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=now))

    def claim(self, now: datetime, *, limit: int) -> Claim:
        """Takes a lease on up to ``limit`` of these feeds, longest due first.

        Call it on ``due(now)``, or on ``free(now)`` to poll before time. Two claimers at once get different feeds;
        the feeds of a killed one are due again when the lease runs out.
        """
        token = uuid.uuid4()
        with transaction.atomic():
            chosen = self.select_for_update(skip_locked=True, of=("self",)).order_by("next_poll_at", "pk")
            rows = list(chosen.values_list("pk", "host")[:limit])
            Feed.objects.filter(pk__in=[pk for pk, _host in rows]).update(lease_until=now + LEASE, lease_token=token)
        return Claim(token, spread(rows))

    def held(self, token: uuid.UUID) -> Self:
        """Feeds that the holder of this token may still write to."""
        return self.filter(lease_token=token)

    def at(self, addresses: Iterable[str]) -> Self:
        """Feeds at one of these addresses, over http and https alike: one feed, whichever of them is polled."""
        return self.filter(url__in=alike(addresses))

    def set_clock_right(self, now: datetime) -> int:
        """After the clock was set back: what happened "later than now" happened now, and what was to follow follows it.

        Else feeds would wait for the clock to come to where it was. Returns how many had a time to be set right;
        those that are just being stored are left for the next time.
        """
        ahead = now + CLOCKS_DIFFER
        wrong = Q(last_polled_at__gt=ahead) | Q(lease_until__gt=ahead + LEASE)
        with transaction.atomic():  # in the order in which polls lock them
            found = self.filter(wrong).order_by("pk").select_for_update(skip_locked=True, of=("self",))
            return Feed.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(
                next_poll_at=Case(
                    When(last_polled_at__gt=ahead, then=Value(now) + (F("next_poll_at") - F("last_polled_at"))),
                    default=F("next_poll_at"),
                ),
                # By comparison, not by LEAST, which takes NULL for the greater: a free feed would be held by nobody
                last_polled_at=Case(When(last_polled_at__gt=now, then=Value(now)), default=F("last_polled_at")),
                # Never freed: somebody may be polling under it
                lease_until=Case(When(lease_until__gt=now + LEASE, then=Value(now + LEASE)), default=F("lease_until")),
            )

    def give_back(self) -> None:
        """Ends the leases without a visit; what was due is still due."""
        with transaction.atomic():  # in the order in which polls lock them
            found = self.order_by("pk").select_for_update(of=("self",), no_key=True)
            Feed.objects.filter(pk__in=list(found.values_list("pk", flat=True))).update(
                lease_until=None, lease_token=None
            )


@dataclass(frozen=True, slots=True)
class Claim:
    """Feeds leased under one token, hosts alternating."""

    token: uuid.UUID
    feed_ids: list[int]


def alike(addresses: Iterable[str]) -> list[str]:
    """These addresses over http and over https."""
    bare = {address.partition("://")[2] for address in addresses}
    return [f"{scheme}://{rest}" for rest in bare for scheme in ("http", "https")]


def spread(rows: Iterable[tuple[int, str]]) -> list[int]:
    """Feed ids in an order that visits every host before it visits one again, so that batches share hosts fairly."""
    turn: Counter[str] = Counter()
    turns: list[tuple[int, int]] = []
    for pk, host in rows:
        turns.append((turn[host], pk))
        turn[host] += 1
    return [pk for _turn, pk in sorted(turns, key=lambda pair: pair[0])]


class Feed(models.Model):
    """A document we poll. All columns below ``state`` are written by polls only."""

    blog = models.ForeignKey(Blog, on_delete=models.CASCADE, related_name="feeds", verbose_name=_("blog"))
    url = models.CharField(_("address"), max_length=2000, unique=True, validators=[validate_web_address])
    kind = models.CharField(_("kind"), max_length=16, choices=FeedKind, default=FeedKind.POSTS)
    state = models.CharField(_("state"), max_length=16, choices=FeedState, default=FeedState.ACTIVE)
    host = models.CharField(_("host"), max_length=255, editable=False)
    format = models.CharField(_("format"), max_length=32, blank=True, editable=False)
    title = models.CharField(_("title"), max_length=1000, blank=True, editable=False)
    notes = models.TextField(_("notes"), blank=True, editable=False)

    next_poll_at = models.DateTimeField(_("next poll"), default=timezone.now, editable=False)
    last_polled_at = models.DateTimeField(_("last polled"), null=True, editable=False)
    last_good_at = models.DateTimeField(_("last good answer"), null=True, editable=False)
    last_changed_at = models.DateTimeField(_("last changed"), null=True, editable=False)
    interval = models.PositiveIntegerField(_("seconds between polls"), default=1800, editable=False)
    lease_until = models.DateTimeField(null=True, editable=False)
    lease_token = models.UUIDField(null=True, editable=False)
    attempts = models.PositiveSmallIntegerField(_("parse deaths"), default=0, editable=False)

    etag = models.CharField(max_length=1000, blank=True, editable=False)
    last_modified = models.CharField(max_length=200, blank=True, editable=False)
    body_hash = models.CharField(max_length=32, blank=True, editable=False)

    ttl = models.PositiveIntegerField(default=0, db_default=0, editable=False)  # s between polls, as the document asks
    # What the publisher asks for: hours of the day (UTC) and days of the week (Monday first) without polls, as bits
    skip_hours = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    skip_days = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    # Where its server says it has moved for good, and how many polls in a row have said so
    moved_url = models.CharField(_("says it has moved to"), max_length=2000, blank=True, db_default="", editable=False)
    moved_times = models.PositiveSmallIntegerField(default=0, db_default=0, editable=False)
    moved_state = models.CharField(
        _("the move"), max_length=16, choices=MoveState, blank=True, db_default="", editable=False
    )
    history = ArrayField(models.BigIntegerField(), default=list, db_default=[], editable=False)  # polling/history.py
    trouble_told_at = models.DateTimeField(null=True, editable=False)  # when its owners were written to

    consecutive_failures = models.PositiveIntegerField(_("failures"), default=0, editable=False)
    failing_since = models.DateTimeField(_("failing since"), null=True, editable=False)
    last_error = models.TextField(_("last error"), blank=True, editable=False)
    last_error_kind = models.CharField(max_length=32, blank=True, editable=False)
    last_error_code = models.CharField(max_length=64, blank=True, editable=False)
    last_error_hint = models.TextField(_("what an operator would add"), blank=True, editable=False)

    objects = FeedQuerySet.as_manager()

    class Meta:
        verbose_name = _("feed")
        verbose_name_plural = _("feeds")
        indexes = [
            models.Index(fields=["next_poll_at", "id"], name="feed_due", condition=Q(state__in=POLLED_STATES)),
        ]

    def __str__(self) -> str:
        return self.url

    @property
    def is_ill(self) -> bool:
        """Whether its last poll failed or it is polled no more because of trouble."""
        return self.consecutive_failures > 0 or self.state in {FeedState.QUARANTINED, FeedState.GONE}

    def pause(self) -> None:
        """Stops polling until somebody resumes it; a running poll's write-back is refused."""
        Feed.objects.filter(pk=self.pk).update(state=FeedState.PAUSED, lease_until=None, lease_token=None)

    def move_to(self, url: str, now: datetime) -> None:
        """Gives the feed a new address, due at once; what was learned about the old one is forgotten.

        Raises IntegrityError when another feed has that address. A poll that runs meanwhile cannot write back.
        """
        paused = When(state=FeedState.PAUSED, then=F("state"))
        Feed.objects.filter(pk=self.pk).update(
            url=url,
            host=host_of(url)[:255],
            state=Case(paused, default=Value(FeedState.ACTIVE)),
            **dict.fromkeys(_LEARNED, ""),
            **dict.fromkeys(_COUNTED, 0),
            failing_since=None,
            lease_until=None,
            lease_token=None,
            next_poll_at=now,
        )

    def follow(self, url: str) -> None:
        """Gives the feed the address that polls were sent on to: all that was learned came from there, and stays.

        Raises IntegrityError when another feed has that address.
        """
        where = {"url": url, "host": host_of(url)[:255]}
        Feed.objects.filter(pk=self.pk).update(**where, moved_url="", moved_times=0, moved_state="")

    def resume(self, now: datetime) -> None:
        """Polls again from now on, with a clean slate for the parser."""
        Feed.objects.filter(pk=self.pk).update(
            state=FeedState.ACTIVE, attempts=0, next_poll_at=now, lease_until=None, lease_token=None
        )
