"""The mail that sums up a day or a week: when it is due, what stands in it, and that it is sent once.

A digest is a row before it is a mail (models/digest.py). ``plan`` makes the rows that are due, ``deliver`` takes them
one after the other; a worker that dies leaves at most the one mail that it was handing over unsent, and none is sent
twice. What stands in it is the same for everybody with the same window, but for what waits for a person themselves
(digest_conversations.py); so nothing of restricted blogs is in the common part.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from aggregator.digest_conversations import NOTHING, Waiting, waiting
from aggregator.models import Audience, Digest, DigestState, Post
from bloghub.notifications.models import DigestRhythm, Notification, Preferences
from bloghub.people.models import Person

POSTS = 5  # in each part of the mail
CHUNK = 200  # people whose mails are put together by the same queries
STALE = timedelta(hours=20)  # a digest that could not be sent for so long is not sent any more
KEPT = timedelta(days=30)  # far beyond STALE, after which no row is needed to know that it went out
FORGET_BATCH = 5_000
ABANDONED = timedelta(minutes=10)  # taken by a worker that has died since

# One statement for everybody: the newest moment at which each person's digest was due, by their own clock
_PLAN = """
    INSERT INTO aggregator_digest (person_id, since, until, state)
    SELECT person_id, until - CASE rhythm WHEN 'daily' THEN interval '1 day' ELSE interval '7 days' END, until, 'due'
      FROM (
        SELECT person_id, rhythm, CASE WHEN latest > %(now)s THEN
                 (local_start - step + hour) AT TIME ZONE zone ELSE latest END AS until
          FROM (
            SELECT *, (local_start + hour) AT TIME ZONE zone AS latest,
                   CASE rhythm WHEN 'daily' THEN interval '1 day' ELSE interval '7 days' END AS step
              FROM (
                SELECT person_id, rhythm, zone, hour,
                       date_trunc(CASE rhythm WHEN 'daily' THEN 'day' ELSE 'week' END,
                                  %(now)s::timestamptz AT TIME ZONE zone) AS local_start
                  FROM (
                    SELECT person.id AS person_id, coalesce(chosen.digest, 'weekly') AS rhythm,
                           coalesce(known.name, %(zone)s) AS zone,
                           make_interval(hours => coalesce(chosen.digest_hour, 8)) AS hour
                      FROM people_person AS person
                      LEFT JOIN notifications_preferences AS chosen ON chosen.person_id = person.id
                      LEFT JOIN pg_timezone_names AS known ON known.name = person.time_zone
                     WHERE person.is_active AND person.email <> ''
                       AND (person.last_login IS NOT NULL OR chosen.person_id IS NOT NULL)
                  ) AS wishes WHERE rhythm <> 'never'
              ) AS clocks
          ) AS moments
      ) AS due
     WHERE until > %(now)s - %(stale)s
    ON CONFLICT DO NOTHING
"""
# In one statement with what stood in it, for it is run once a letter
_SETTLE = """
    WITH settled AS (
        UPDATE aggregator_digest SET state = %(state)s, settled_at = %(now)s
         WHERE id = %(digest)s AND state = %(taken)s RETURNING person_id
    ), told AS (
        UPDATE notifications_notification AS row SET in_digest = false FROM settled
         WHERE row.recipient_id = settled.person_id AND row.in_digest
           AND (row.id = ANY(%(told)s::bigint[]) OR row.happened_at < %(older)s)
    )
    SELECT count(*) FROM settled
"""


@dataclass(frozen=True, slots=True)
class Contents:
    """What stands in one digest. Nothing at all when all parts are empty: then no mail is sent."""

    since: datetime
    until: datetime
    best: Sequence[Post] = ()
    discussed: Sequence[Post] = ()
    waiting: Waiting = NOTHING

    def __bool__(self) -> bool:
        return bool(self.best or self.discussed or self.waiting)


def of(person: Person, now: datetime) -> Digest:
    """The digest that would go out to this person now, for a look at it; not a row."""
    chosen = Preferences.objects.filter(person=person).first() or Preferences(person=person)
    length = timedelta(days=1 if chosen.digest == DigestRhythm.DAILY else 7)
    return Digest(person=person, since=now - length, until=now)


def plan(now: datetime) -> int:
    """Makes a row for every digest that has come due; safe to repeat, each is made once. Returns how many.

    Weekly by default, for those who have ever signed in; people who never came here are sent nothing unasked.
    """
    values: dict[str, Any] = {"now": now, "zone": settings.TIME_ZONE, "stale": STALE}
    with connection.cursor() as cursor:
        cursor.execute(_PLAN, values)
        return int(cursor.rowcount)


def take(now: datetime, limit: int = CHUNK) -> list[Digest]:
    """Digests that are due, marked as taken; nobody else gets them. What was taken by a dead worker is due again."""
    with transaction.atomic():
        abandoned = Digest.objects.filter(state=DigestState.TAKEN, settled_at__lt=now - ABANDONED)
        abandoned.update(state=DigestState.DUE)
        due = Digest.objects.filter(state=DigestState.DUE).order_by("pk").select_for_update(skip_locked=True)
        taken = list(due.values_list("pk", flat=True)[:limit])
        Digest.objects.filter(pk__in=taken).update(state=DigestState.TAKEN, settled_at=now)
    return list(Digest.objects.filter(pk__in=taken).select_related("person").order_by("pk"))


def settle(digest: Digest, state: DigestState, now: datetime, waiting: Waiting = NOTHING) -> bool:
    """Writes how it ended, before the mail is handed over; False when it is not ours any more.

    What was ``waiting`` does not stand in the next digest.
    """
    values: dict[str, Any] = {"state": state.value, "now": now, "digest": digest.pk, "taken": DigestState.TAKEN.value}
    with connection.cursor() as cursor:
        cursor.execute(_SETTLE, values | {"told": list(waiting.told), "older": waiting.older})
        return bool(cursor.fetchone()[0])


def unsettle(digest: Digest, now: datetime, waiting: Waiting) -> None:
    """It could not be handed over: taken since ``now``, so due again when ABANDONED has passed, with all it told."""
    with transaction.atomic():
        Digest.objects.filter(pk=digest.pk).update(state=DigestState.TAKEN, settled_at=now)
        Notification.objects.filter(pk__in=waiting.told, read_at=None).update(in_digest=True)


def put_back(digests: Iterable[Digest]) -> None:
    """The mail server did not take them: to be tried again."""
    Digest.objects.filter(pk__in=[digest.pk for digest in digests]).update(state=DigestState.DUE)


def drop_stale(now: datetime) -> None:
    """Gives up what could not be sent in time: nobody wants yesterday's news twice over."""
    Digest.objects.filter(state=DigestState.DUE, until__lt=now - STALE).update(state=DigestState.EMPTY, settled_at=now)


def forget(now: datetime) -> int:
    """Removes the rows of digests that went out, or were given up, long ago; says how many."""
    old = Digest.objects.filter(until__lt=now - KEPT).order_by("pk").values("pk")[:FORGET_BATCH]
    forgotten = 0
    while gone := Digest.objects.filter(pk__in=old).delete()[0]:
        forgotten += gone
    return forgotten


def contents(digests: Sequence[Digest]) -> Iterator[tuple[Digest, Contents]]:
    """What stands in each of these, by a fixed number of queries for all with the same window."""
    found = waiting([digest.person_id for digest in digests])
    common = lru_cache(common_part)  # kept no longer: by the next chunk, what was open to everyone may be no more
    for digest in digests:
        best, discussed = common(digest.since, digest.until)
        mine = found.get(digest.person_id, NOTHING)
        yield digest, Contents(digest.since, digest.until, best, discussed, mine)


def common_part(since: datetime, until: datetime) -> tuple[tuple[Post, ...], tuple[Post, ...]]:
    """The best rated and the most discussed posts of this time, on blogs that are open to everyone."""
    posts = Post.objects.filter(published_at__gte=since, published_at__lt=until, blog__audience=Audience.EVERYONE)
    shown = posts.select_related("blog", "author").defer("content_html")
    best = tuple(shown.filter(vote_count__gt=0).order_by("-vote_count", "-voice_count", "-pk")[:POSTS])
    discussed = shown.filter(comment_count__gt=0).exclude(pk__in=[post.pk for post in best])
    return best, tuple(discussed.order_by("-voice_count", "-comment_count", "-pk")[:POSTS])
