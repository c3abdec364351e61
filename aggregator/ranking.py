"""How well posts are liked and how much they are talked about: the numbers that rivers are ordered by.

Owns three orders. ``merit`` and ``talk`` put the posts of a period side by side, however old they are within it;
``rank`` lets merit fade with age and is stored, because it never changes by itself. Votes are stored in votes.py,
comments in the comments app; both call ``rank_of`` in their transactions.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from math import log2

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)  # no post is older, so whatever somebody answered stands above 0
DAY = timedelta(days=1)


def rank_of(votes: int, comments: int, voices: int, published_at: datetime) -> float:
    """Strength that fades: ``log2(strength) + days from EPOCH to publication``; 0 for what nobody answered.

    After Reddit's "hot" (``log10(score) + seconds / 45000``, r2/lib/db/_sorts.pyx in reddit-archive/reddit): as all
    posts grow older at the same pace, their order never changes by itself, so the number can be stored. There ten
    times the votes are worth 12.5 hours; among colleagues, who read once a day, twice the strength is worth one day.
    Every vote and every distinct voice counts one, however many comments a voice makes; all comments together count
    their logarithm, so that two people talking all day do not carry a post. There are no votes against, so the bounds
    of confidence that Evan Miller ("How Not To Sort By Average Rating", 2009) puts in place of averages are not
    needed.
    """
    strength = votes + voices + log2(1 + comments)
    if strength <= 0:
        return 0.0
    return log2(max(1.0, strength)) + (published_at - EPOCH) / DAY


class Period(StrEnum):
    """What "lately" means, counted back from now."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    YEAR = "year"
    ALL = "all"


_LENGTHS = {Period.DAY: DAY, Period.WEEK: 7 * DAY, Period.MONTH: 31 * DAY, Period.YEAR: 366 * DAY}


def since(period: Period, now: datetime) -> datetime | None:
    """When a period began; None for the one that has no beginning."""
    return now - _LENGTHS[period] if period in _LENGTHS else None


@dataclass(frozen=True, slots=True)
class Ranking:
    """An order of posts by a number, in SQL as the indexes of Post have it, and the time that puts one in a period."""

    value: str
    worth: str  # what has no value is in no ranking, and in no index
    time: str

    def statement(self, *, period: bool, side: str, limit: int, visible: str) -> str:
        """The best of a period as SQL with the columns ``id`` and ``value``, the best first.

        ``side`` is ``<`` for what is worse than the place ``%(value)s, %(pk)s``, ``>`` for what is better, the nearest
        first, nothing for the best of all. ``%(since)s`` and ``%(now)s`` bound the ``period``; ``visible`` is a
        condition on aggregator_post.

        Each week of the period gives its best from an index (week, value, id), and the best of those are the best of
        all: 53 short scans for a year, however many posts there are. Only what lies before the period in its first
        week is looked at in vain.
        """
        way = "ASC" if side == ">" else "DESC"
        conditions = [self.worth, visible]
        if side:
            conditions.append(f"({self.value}, id) {side} (%(value)s::bigint, %(pk)s)")
        if period:
            conditions += [f"{week_of(self.time)} = week.start", f"{self.time} >= %(since)s"]
        best = (
            f"SELECT id, {self.value} AS value FROM aggregator_post"  # noqa: S608 - constants
            f" WHERE {' AND '.join(conditions)} ORDER BY {self.value} {way}, id {way} LIMIT {limit}"
        )
        if not period:
            return best
        first, last = week_of("%(since)s::timestamptz"), week_of("%(now)s::timestamptz")
        return (
            "SELECT found.id, found.value"  # noqa: S608 - constants
            f" FROM generate_series({first}, {last}, interval '7 days') AS week (start)"
            f" CROSS JOIN LATERAL ({best}) AS found ORDER BY found.value {way}, found.id {way} LIMIT {limit}"
        )


def week_of(moment: str) -> str:
    """SQL: the Monday of a moment in UTC, as the indexes have it."""
    return f"date_trunc('week', {moment} AT TIME ZONE 'UTC')"


# Everybody counts once as a voter and once as a voice: many comments by a few people are talk, and no merit
BEST = Ranking(value="(vote_count + voice_count)", worth="(vote_count + voice_count) > 0", time="published_at")
# The more people the better; comments decide among as many. A post belongs to the period in which it is talked about
DISCUSSED = Ranking(
    value="((voice_count)::bigint * 10000 + LEAST(comment_count, 9999))",
    worth="comment_count > 0",
    time="last_comment_at",
)
