"""Celery's way in: ids in, one domain call, safe to run twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from aggregator import digest_letters, digests
from aggregator.models import Feed
from aggregator.polling import poll
from aggregator.search import alerting, renewing, saving, vocabulary

DIGESTS_FOR = timedelta(minutes=3)  # less than a task may take
WORDS_FOR = timedelta(seconds=50)
CLAIM_LIMIT = 2000  # feeds a tick; what is left is due at the next one


@shared_task
def claim_due_feeds() -> None:
    """Leases what is due and hands it to the workers in batches; a lost batch is due again after its lease."""
    now = timezone.now()
    claim = Feed.objects.due(now).claim(now, limit=CLAIM_LIMIT)
    try:
        for start in range(0, len(claim.feed_ids), poll.BATCH):
            poll_feeds.delay(claim.feed_ids[start : start + poll.BATCH], str(claim.token))
    except OperationalError:  # the broker is away; what it has taken is polled under this token or not at all
        Feed.objects.held(claim.token).give_back()
        raise


@shared_task(time_limit=180, soft_time_limit=165)
def poll_feeds(feed_ids: list[int], token: str) -> None:
    """Polls a batch under its lease."""
    poll.poll_feeds(feed_ids, uuid.UUID(token))


@shared_task
def hurry_demo_feeds() -> None:
    """Makes the demo's feeds due before their rhythm says so; scheduled only where the demo runs."""
    demo = Feed.objects.filter(url__startswith=f"http://{settings.DEMO_ADDRESS}/")
    with transaction.atomic():  # in the order in which polls lock them; what is being polled needs no hurry
        free = demo.order_by("pk").select_for_update(skip_locked=True)
        Feed.objects.filter(pk__in=list(free.values_list("pk", flat=True))).update(next_poll_at=timezone.now())


@shared_task
def plan_digests() -> None:
    """Makes the digests that have come due."""
    digests.plan(timezone.now())


@shared_task
def send_digests() -> None:
    """Sends the digests that are due, a chunk at a time; what is left when time is up, the next one sends."""
    begun = timezone.now()
    while digest_letters.deliver(timezone.now()) and timezone.now() - begun < DIGESTS_FOR:
        pass


@shared_task
def count_words() -> None:
    """Counts the words of new posts and comments, a chunk at a time; what is left, the next one counts."""
    begun = timezone.now()
    while vocabulary.count_more() and timezone.now() - begun < WORDS_FOR:
        pass


@shared_task
def catch_up_with_search() -> None:
    """Makes findable what an older version stored; nothing to do but after an upgrade."""
    renewing.catch_up(timezone.now())


@shared_task
def forget_old_digests() -> None:
    """Removes the rows of digests that went out long ago."""
    digests.forget(timezone.now())


@shared_task
def tell_of_matches() -> None:
    """Tells those whose saved searches find what is new."""
    alerting.tell_of_matches(timezone.now())


@shared_task
def renew_saved_searches() -> None:
    """Saved searches anew, by the words that are rare and the names that are known by now."""
    for _chunk in saving.renew(timezone.now()):
        pass
