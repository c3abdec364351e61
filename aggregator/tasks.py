"""Celery's way in: ids in, one domain call, safe to run twice."""

from __future__ import annotations

import uuid

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from aggregator.models import Feed
from aggregator.polling import poll

CLAIM_LIMIT = 2000  # feeds a tick; what is left is due at the next one


@shared_task
def claim_due_feeds() -> None:
    """Leases what is due and hands it to the workers in batches; a lost batch is due again after its lease."""
    now = timezone.now()
    claim = Feed.objects.due(now).claim(now, limit=CLAIM_LIMIT)
    for start in range(0, len(claim.feed_ids), poll.BATCH):
        poll_feeds.delay(claim.feed_ids[start : start + poll.BATCH], str(claim.token))


@shared_task(time_limit=180, soft_time_limit=165)
def poll_feeds(feed_ids: list[int], token: str) -> None:
    """Polls a batch under its lease."""
    poll.poll_feeds(feed_ids, uuid.UUID(token))


@shared_task
def hurry_demo_feeds() -> None:
    """Makes the demo's feeds due before their rhythm says so; scheduled only where the demo runs."""
    demo = Feed.objects.filter(url__startswith=f"http://{settings.DEMO_ADDRESS}/")
    demo.update(next_poll_at=timezone.now())
