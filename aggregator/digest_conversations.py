"""The conversations that wait for somebody's digest, and what their saved searches have found: what was told to them,
and neither read nor mailed since.

Of restricted blogs only the fact is told, and only to whom may still see them. When a digest is due: digests.py.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from django.db import connection

from aggregator.models.blog import HIDDEN_BLOGS
from bloghub.notifications.models import Kind
from bloghub.notifications.sentences import sentence

CONVERSATIONS = 8
SEARCHES = 8
LINES = 3  # of a saved search: what it found last
MOST_ROWS = 100  # of one person that are looked at, the newest: what waits for many people at once must fit in memory
NO_COMMENT = frozenset({Kind.MODERATION, Kind.MILESTONE, Kind.MATCH, Kind.SUGGESTION, Kind.FEED})  # no comments

# Conversations are counted whole, however few of their rows are looked at
_WAITING = f"""
    SELECT id, recipient_id, kind, "group", title, url, happened_at, actor, of_some OR is_confidential, together,
           of_some AND scope IN ({HIDDEN_BLOGS.replace("%s", "waiting.recipient_id")}), in_all > %(most)s,
           CASE kind WHEN 'match' THEN excerpt ELSE '' END
      FROM (
        SELECT told.*, coalesce(blog.audience <> 'everyone', false) AS of_some,
               coalesce(nullif(actor.display_name, ''), actor.username, '') AS actor,
               count(*) OVER (PARTITION BY told.recipient_id) AS in_all,
               count(*) OVER (PARTITION BY told.recipient_id, told."group",
                              CASE WHEN told.kind = ANY(%(apart)s) THEN told.kind END) AS together,
               row_number() OVER (PARTITION BY told.recipient_id ORDER BY told.happened_at DESC, told.id DESC) AS place
          FROM notifications_notification AS told
          LEFT JOIN people_person AS actor ON actor.id = told.actor_id
          LEFT JOIN aggregator_blog AS blog ON blog.id = told.scope
         WHERE told.recipient_id = ANY(%(people)s) AND told.in_digest AND told.read_at IS NULL
      ) AS waiting WHERE place <= %(most)s ORDER BY recipient_id, place
"""  # noqa: S608 - constants


@dataclass(frozen=True, slots=True)
class Conversation:
    """One conversation that waits for a person: how many comments they were not told of, and who spoke.

    What is no comment (news of a flag, votes) is ``said`` in a sentence instead, which names nobody.
    """

    title: str
    url: str
    count: int
    names: tuple[str, ...]
    said: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One saved search: how much it has newly found, and the beginning of the newest of it.

    Of what only some groups may read there is neither its name nor a line.
    """

    name: str
    url: str
    count: int
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits for one person. ``told`` are the ids of the notifications that need not stand in the next digest, nor
    does what happened before ``older``, of somebody for whom more waits than is looked at."""

    conversations: Sequence[Conversation] = ()
    findings: Sequence[Finding] = ()
    told: Sequence[int] = ()
    older: datetime | None = None

    def __bool__(self) -> bool:
        return bool(self.conversations or self.findings)


NOTHING = Waiting()


class _Row(NamedTuple):
    """One notification, by _WAITING; ``actor`` is a name."""

    pk: int
    recipient_id: int
    kind: str
    group: str
    title: str
    url: str
    happened_at: datetime
    actor: str
    is_confidential: bool
    together: int
    is_hidden: bool
    is_cut: bool
    excerpt: str  # of what a saved search found


def waiting(person_ids: Collection[int]) -> dict[int, Waiting]:
    """What waits for each of these people; those for whom nothing does are left out. One query."""
    values: dict[str, Any] = {"people": list(person_ids), "most": MOST_ROWS, "apart": sorted(NO_COMMENT)}
    with connection.cursor() as cursor:
        cursor.execute(_WAITING, values)
        rows = map(_Row._make, cursor.fetchall())
        return {person: _of_one(list(mine)) for person, mine in groupby(rows, key=lambda row: row.recipient_id)}


def _of_one(rows: Sequence[_Row]) -> Waiting:
    older = rows[-1].happened_at if rows[-1].is_cut else None
    shown = [row for row in rows if not row.is_hidden]
    talk = _grouped((row for row in shown if row.kind != Kind.MATCH), lambda row: row.kind in NO_COMMENT and row.kind)
    found = _grouped((row for row in shown if row.kind == Kind.MATCH), lambda row: row.is_confidential)
    return Waiting(
        tuple(map(_conversation, talk[:CONVERSATIONS])),
        tuple(map(_finding, found[:SEARCHES])),
        [row.pk for row in rows],
        older,
    )


def _grouped(rows: Iterable[_Row], apart: Callable[[_Row], str | bool]) -> list[list[_Row]]:
    """Those of one group together, but for what stands apart; the newest first."""
    groups: dict[tuple[str, str | bool], list[_Row]] = defaultdict(list)
    for row in rows:
        groups[row.group, apart(row)].append(row)
    return list(groups.values())


def _conversation(rows: Sequence[_Row]) -> Conversation:
    first = rows[-1]
    said = sentence(first.kind, first.actor) if first.kind in NO_COMMENT else ""
    if any(row.is_confidential for row in rows):
        return Conversation("", first.url, first.together, (), said)
    names = dict.fromkeys(row.actor for row in rows if row.actor)
    return Conversation(first.title, first.url, first.together, tuple(names), said)


def _finding(rows: Sequence[_Row]) -> Finding:
    newest = rows[0]
    if newest.is_confidential:
        return Finding("", newest.url, len(rows), ())
    return Finding(newest.title, newest.url, len(rows), tuple(row.excerpt for row in rows[:LINES]))
