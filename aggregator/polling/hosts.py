"""Servers that ask us to come less often (429, 503): when the whole server is left alone, not the one feed alone.

One feed that is refused may be a matter of that feed, and waits by itself (schedule.py). Two within a minute mean the
server, with all the feeds it carries. Owns that rule; who is left alone is asked in ``FeedQuerySet.due``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from aggregator.models.host import LONGEST_HOST_REST
from aggregator.polling.schedule import DAY, TWICE_WITHIN
from bloghub.lib.bulk import execute

REFUSALS = frozenset({"http_429", "http_503"})
HOST_REST = timedelta(minutes=10)  # when the server does not say how long


@dataclass(frozen=True, slots=True)
class Refusal:
    """A feed that its server refused, and the seconds it asked for."""

    host: str
    feed_id: int
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class Rebuff:
    """What a handful of answers says of one server: who was refused, whether two were, and how long it would rest."""

    host: str
    feed_id: int
    is_general: bool
    rest: timedelta


def rebuffs(refusals: Iterable[Refusal]) -> list[Rebuff]:
    """These refusals by server, in the order of their names."""
    by_host: dict[str, list[Refusal]] = {}
    for refusal in refusals:
        by_host.setdefault(refusal.host, []).append(refusal)
    return [_rebuff(host, by_host[host]) for host in sorted(by_host) if host]


def _rebuff(host: str, refusals: list[Refusal]) -> Rebuff:
    asked = max(refusal.retry_after or 0 for refusal in refusals)
    rest = min(timedelta(seconds=min(asked, DAY)) or HOST_REST, LONGEST_HOST_REST)
    return Rebuff(host, refusals[-1].feed_id, len({refusal.feed_id for refusal in refusals}) > 1, rest)


def note(refused: list[Rebuff], now: datetime) -> None:
    """Keeps what was refused; a server that refused another feed within the last minute is left alone for a while."""
    within = TWICE_WITHIN.total_seconds()
    execute(
        f"""
        WITH new (host, feed_id, is_general, rest, at) AS (VALUES %s)
        INSERT INTO aggregator_host AS host (name, refused_at, refused_feed_id, slow_until)
        SELECT host, at, feed_id, CASE WHEN is_general THEN at + rest END FROM new
        ON CONFLICT (name) DO UPDATE
           SET refused_at = excluded.refused_at, refused_feed_id = excluded.refused_feed_id,
               slow_until = CASE
                   WHEN excluded.slow_until IS NOT NULL
                     OR host.refused_feed_id <> excluded.refused_feed_id
                        AND abs(extract(epoch FROM excluded.refused_at - host.refused_at)) < {within}
                   THEN greatest(host.slow_until, (SELECT at + rest FROM new WHERE new.host = excluded.name))
                   ELSE host.slow_until END
        """,  # noqa: S608 - what is put in is a number of ours
        [(one.host[:255], one.feed_id, one.is_general, one.rest, now) for one in refused],
    )
