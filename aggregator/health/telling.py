"""Who is told of an ill feed, and when: its owners after a day and when it is well again, at once when it is gone.

Owners are told as of everything else, by bell and mail as each has chosen (notifications); the row that tells them and
the mark in the feed's row are one transaction, so two workers tell once and one that dies tells all or nobody. While a
blog has no owner its ``contact_email`` gets the letter (health/letters.py). Admins hear once a week.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace
from datetime import datetime

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from aggregator.health.letters import ENDED, Mailbag, News, news_of
from aggregator.health.overview import LONG, Need, Overview, overview
from aggregator.models import Audience, Feed
from aggregator.models.feed import POLLED_STATES
from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person

# One of these has been told of when that was after its last poll: neither state is polled any more
_ENDED_UNTOLD = Q(state__in=ENDED) & (Q(trouble_told_at=None) | Q(trouble_told_at__lt=F("last_polled_at")))
# A new address or "resume" wipes the slate, too: it is well when it has answered since it was told of
_WELL_AGAIN = Q(state__in=POLLED_STATES, consecutive_failures=0, trouble_told_at__lt=F("last_good_at"))
SUMMARY_DAY, SUMMARY_HOUR = 0, 6  # Monday, UTC: it waits there when people come to work
NAMED = 5  # blogs in the summary; the page has them all


def tell_owners(now: datetime) -> int:
    """Tells of all that is due; says of how many feeds. Safe to run twice, and by several workers."""
    failing = Q(state__in=POLLED_STATES, trouble_told_at=None, failing_since__lte=now - LONG)
    untold = Feed.objects.filter((failing & Q(consecutive_failures__gt=0)) | _ENDED_UNTOLD | _WELL_AGAIN)
    return _tell_all(untold, now)


def tell_gone(feed_ids: Collection[int]) -> int:
    """Tells at once of those among these feeds that are gone or quarantined and not told of yet."""
    return _tell_all(Feed.objects.filter(_ENDED_UNTOLD, pk__in=feed_ids), timezone.now())


def _tell_all(untold: QuerySet[Feed], now: datetime) -> int:
    """One transaction a feed, in the order of their ids; which are due is asked again under the lock."""
    ids = list(untold.order_by("pk").values_list("pk", flat=True))
    told = 0
    with Mailbag(now) as mailbag:
        for pk in ids:
            with transaction.atomic():
                free = untold.filter(pk=pk).select_related("blog").select_for_update(skip_locked=True, of=("self",))
                feed = free.first()  # None: told by another worker, being stored, or well by now
                news = _tell_of(feed, now, by_letter=mailbag.takes_letters) if feed else None
            if news is not None:
                told += 1
                mailbag.send_to_writer(news)
    return told


def _tell_of(feed: Feed, now: datetime, *, by_letter: bool) -> News | None:
    """Tells the owners and notes that it is told; what is told, None when it must wait for the mail server."""
    owners = list(feed.blog.owners.filter(is_active=True).order_by("pk").values_list("pk", flat=True))
    if not owners and feed.blog.contact_email and not by_letter:
        return None
    news = news_of(feed, now)
    Feed.objects.filter(pk=feed.pk).update(trouble_told_at=None if news.what == "well" else now)
    if owners:
        tell(_event(news, now), dict.fromkeys(owners, Kind.FEED), now)
    return replace(news, has_owners=bool(owners))


def _event(news: News, now: datetime) -> Event:
    """Named by when the trouble began: the same trouble is told once for ever."""
    blog = news.feed.blog
    return Event(
        key=news.key,
        group=group_of(news.feed),
        actor_id=None,
        title=news.title,
        excerpt=news.words,
        url=reverse("aggregator:polling-detail", args=[blog.slug]),
        scope=blog.pk,
        happened_at=now,
    )


def group_of(feed: Feed) -> str:
    """What owners are told of this feed, as one row of their inbox."""
    return f"feed:{feed.pk}"


# --- admins ------------------------------------------------------------------------------------------------------


def tell_admins(now: datetime) -> int:
    """The weekly summary, on Mondays and when somebody has to act; says how many admins were told.

    Asked every hour of that day, so that no summary is missed by a beat that was away; told once.
    """
    if now.weekday() != SUMMARY_DAY or now.hour < SUMMARY_HOUR:
        return 0
    year, week, _day = now.isocalendar()
    key = f"feeds:{year}-{week:02}"
    if Notification.objects.filter(event=key).exists():
        return 0
    found = overview(now)
    if not found.in_need and not found.watch.stands_still:
        return 0
    url = reverse("admin:aggregator_feed_health")
    event = Event(key, "feeds", None, _summary_title(found), summary_words(found), url, None, now)
    return tell(event, dict.fromkeys(admins(), Kind.FEED), now)


def admins() -> list[int]:
    """Who looks after feeds: staff who may see them in the admin."""
    may = Person.objects.with_perm("aggregator.view_feed", backend="bloghub.people.backends.PersonBackend")
    return list(may.filter(is_staff=True, is_active=True).order_by("pk").values_list("pk", flat=True))


def _summary_title(found: Overview) -> str:
    if found.watch.stands_still:
        return _("Polling stands still")
    return ngettext("%(count)d feed needs somebody", "%(count)d feeds need somebody", found.in_need) % {
        "count": found.in_need
    }


def summary_words(found: Overview) -> str:
    """What needs somebody, in one short paragraph, the most read blogs by name; those of some groups stay unnamed."""
    parts = [found.watch.warning(), *_counted(found)]
    named = [one for need in (Need.LONG, Need.QUARANTINED, Need.GONE, Need.MOVED) for one in found.of(need)]
    named.sort(key=lambda one: -one.readers)
    open_ones = [one.feed.blog.title for one in named if one.feed.blog.audience == Audience.EVERYONE]
    if titles := open_ones[:NAMED]:
        parts.append(_("Most read among them: %(titles)s.") % {"titles": ", ".join(titles)})
    return " ".join(part for part in parts if part)


def _counted(found: Overview) -> Iterator[str]:
    needs = found.needs
    if count := needs[Need.LONG]:
        told = ngettext("%(n)d has failed for over a day.", "%(n)d have failed for over a day.", count)
        yield told % {"n": count}
    if count := needs[Need.GONE]:
        yield ngettext("%(n)d is gone for good.", "%(n)d are gone for good.", count) % {"n": count}
    if count := needs[Need.QUARANTINED]:
        yield ngettext("%(n)d breaks the reader.", "%(n)d break the reader.", count) % {"n": count}
    if count := needs[Need.MOVED]:
        told = ngettext(
            "%(n)d says it has moved and waits for your decision.",
            "%(n)d say they have moved and wait for your decision.",
            count,
        )
        yield told % {"n": count}
