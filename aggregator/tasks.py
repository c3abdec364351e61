"""Celery's way in: ids in, one domain call, safe to run twice."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.db import transaction
from django.utils import timezone
from kombu.exceptions import OperationalError

from aggregator import digest_letters, digests, suggesting
from aggregator.health import telling
from aggregator.importing import working
from aggregator.models import BlogImport, Feed, Host, PollHour
from aggregator.models.feed import Claim
from aggregator.polling import poll
from aggregator.pushing import asking, leases, pushes
from aggregator.search import alerting, renewing, saving, vocabulary

DIGESTS_FOR = timedelta(minutes=3)  # less than a task may take
WORDS_FOR = timedelta(seconds=50)
IMPORTS_EXPIRE = 30.0  # s; by then somebody else has been sent
CLAIM_LIMIT = 2000  # feeds a tick; what is left is due at the next one


@shared_task
def claim_due_feeds() -> None:
    """Leases what is due and hands it to the workers in batches; a lost batch is due again after its lease."""
    now = timezone.now()
    _hand_over(Feed.objects.due(now).claim(now, limit=CLAIM_LIMIT))


def _hand_over(claim: Claim, queue: str = "celery") -> None:
    try:
        for start in range(0, len(claim.feed_ids), poll.BATCH):
            poll_feeds.apply_async((claim.feed_ids[start : start + poll.BATCH], str(claim.token)), queue=queue)
    except OperationalError:  # the broker is away; what it has taken is polled under this token or not at all
        Feed.objects.held(claim.token).give_back()
        raise


@shared_task
def set_clock_right() -> None:
    """Lets no feed wait for a clock that was set back."""
    Feed.objects.set_clock_right(timezone.now())
    Host.objects.set_clock_right(timezone.now())


@shared_task(time_limit=180, soft_time_limit=165)
def poll_feeds(feed_ids: list[int], token: str) -> None:
    """Polls a batch under its lease; whose feed came to its end hears of it."""
    outcomes = poll.poll_feeds(feed_ids, uuid.UUID(token))
    if ended := [outcome.feed_id for outcome in outcomes if outcome.has_ended]:
        telling.tell_gone(ended)


@shared_task
def answer_pushes() -> None:
    """Has feeds polled that have something new, they say; those that fail may take the time of ordinary polls."""
    now = timezone.now()
    _hand_over(pushes.answer(now, ill=False), queue="push")
    _hand_over(pushes.answer(now, ill=True))


@shared_task
def ask_hubs() -> None:
    """Asks hubs for leases, and for those again that come to their end."""
    asking.ask(leases.take_to_ask(timezone.now()))


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
def tell_owners_of_feeds() -> None:
    """Tells owners whose feeds have failed for a day, are gone, or are well again."""
    telling.tell_owners(timezone.now())


@shared_task
def tell_admins_of_feeds() -> None:
    """Tells admins, once a week, which feeds need somebody."""
    telling.tell_admins(timezone.now())


@shared_task
def forget_old_poll_hours() -> None:
    """Removes the sums of hours that no chart shows any more."""
    PollHour.objects.forget(timezone.now())


@shared_task
def tell_of_matches() -> None:
    """Tells those whose saved searches find what is new."""
    alerting.tell_of_matches(timezone.now())


@shared_task
def renew_saved_searches() -> None:
    """Saved searches anew, by the words that are rare and the names that are known by now."""
    for _chunk in saving.renew(timezone.now()):
        pass


@shared_task
def continue_imports() -> None:
    """Sends the workers to the imports that nobody is at: new ones, resumed ones, and those of a killed worker."""
    for pk in BlogImport.objects.idle(timezone.now()).values_list("pk", flat=True):
        work_on_import.apply_async((pk,), expires=IMPORTS_EXPIRE)


@shared_task
def work_on_import(pk: int) -> None:
    """One slice of an import; the next one is a task of its own, so that polls come in between."""
    if working.work(pk, timezone.now()):
        work_on_import.delay(pk)


@shared_task
def look_at_suggestions() -> None:
    """Looks behind suggested addresses whose hosts are known."""
    suggesting.look_at_known(timezone.now())
