"""A feed gets the address that its server says it has moved to: by itself, or because an admin says so.

Owns the change; whether a move is believed is decided in ``polling/moving.py``.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.utils import timezone

from aggregator.models import Feed
from aggregator.models.feed import MoveState


def holder(feed: Feed, url: str) -> Feed | None:
    """Another feed that has this address already."""
    return Feed.objects.at([url]).exclude(pk=feed.pk).select_related("blog").first()


def follow(feed: Feed, url: str) -> bool:
    """Polls ``feed`` at ``url`` from now on, where polls have been sent for a while; its schedule and posts stay.

    When another feed has that address, an admin is asked: False.
    """
    if holder(feed, url) is None:
        try:
            with transaction.atomic():
                feed.follow(url)
                return True
        except IntegrityError:  # somebody was quicker
            pass
    Feed.objects.filter(pk=feed.pk).update(moved_state=MoveState.ASKS)
    return False


def adopt(feed: Feed, url: str) -> Feed | None:
    """Gives ``feed`` the address that an admin approves, due at once; the feed that has it already, if one has."""
    other = holder(feed, url)
    if other is None:
        try:
            with transaction.atomic():
                feed.move_to(url, timezone.now())
        except IntegrityError:  # somebody was quicker
            return holder(feed, url)
    return other


def stay(feed: Feed, url: str) -> None:
    """Keeps the known address; nobody is asked again while its server says ``url``."""
    Feed.objects.filter(pk=feed.pk, moved_url=url).update(moved_state=MoveState.STAYS)
