"""A feed's last polls, each packed into one number, so that they cost its row 400 bytes and no write of their own.

Owns the packing and what an outcome is called. Pure. The row is written by store.py; pages unpack it.

The 63 bits, from the highest: 32 for the time (seconds since 1970, until 2106), 11 for the outcome, 13 for the
duration (10 ms, up to 82 s), 7 for the new posts (up to 127, which stands for "or more").
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime

KEPT = 50  # polls a feed: a day of a busy blog, weeks of a silent one

CHANGED, NOT_MODIFIED, SAME = "changed", "not_modified", "same"
GOOD = frozenset({CHANGED, NOT_MODIFIED, SAME})
OTHER = "other"  # a word that was made up after this table

# The number of an outcome is its place here plus _FIRST: rows hold these numbers, so words are only ever appended.
# Below _FIRST stands an HTTP status that was trouble, as itself.
_FIRST = 1000
_WORDS = (
    *(OTHER, CHANGED, NOT_MODIFIED, SAME),
    *("dns", "certificate", "tls", "refused", "disconnected", "unreachable", "connect_timeout", "stalled", "deadline"),
    *("cut_short", "bad_http", "content_coding", "too_large", "too_many_redirects", "redirect_loop"),
    *("insecure_redirect", "bad_address", "blocked_scheme", "blocked_port", "blocked_address", "own_address"),
    *("not_listed", "web_page", "opml", "sitemap", "image", "not_xml", "broken_xml", "not_a_feed", "empty"),
    *("entity_bomb", "too_deep", "broken_json", "not_json", "not_json_feed", "no_feed_found"),
    *("parser_timeout", "parser_died", "parser_memory", "not_storable", "internal"),
)
_NUMBERS = {word: _FIRST + place for place, word in enumerate(_WORDS)}
_HTTP = "http_"

_TIME_SHIFT, _OUTCOME_SHIFT, _DURATION_SHIFT = 31, 20, 7
_TIME_MOST, _OUTCOME_MOST, _DURATION_MOST, _POSTS_MOST = (1 << 32) - 1, (1 << 11) - 1, (1 << 13) - 1, (1 << 7) - 1
MANY_POSTS = _POSTS_MOST


@dataclass(frozen=True, slots=True)
class Visit:
    """One poll: when it ended, a word for what it came to, how long the exchange took, posts that were new.

    ``outcome`` is one of ``GOOD`` or a Trouble's code.
    """

    at: datetime
    outcome: str
    seconds: float = 0.0
    posts: int = 0

    @property
    def is_good(self) -> bool:
        return self.outcome in GOOD

    @property
    def has_many_posts(self) -> bool:
        """Whether there were as many as ``posts`` says, or more."""
        return self.posts >= MANY_POSTS


def pack(visit: Visit) -> int:
    """The visit as a positive number of 63 bits; later visits are greater ones."""
    time = min(max(0, int(visit.at.timestamp())), _TIME_MOST)
    duration = min(max(0, round(visit.seconds * 100)), _DURATION_MOST)
    posts = min(max(0, visit.posts), _POSTS_MOST)
    return time << _TIME_SHIFT | _number(visit.outcome) << _OUTCOME_SHIFT | duration << _DURATION_SHIFT | posts


def unpack(packed: int) -> Visit:
    """What ``pack`` made a number of; a number from a later version gives what this one knows of it."""
    return Visit(
        at=datetime.fromtimestamp(packed >> _TIME_SHIFT & _TIME_MOST, UTC),
        outcome=_word(packed >> _OUTCOME_SHIFT & _OUTCOME_MOST),
        seconds=(packed >> _DURATION_SHIFT & _DURATION_MOST) / 100,
        posts=packed & _POSTS_MOST,
    )


def unpack_all(history: Iterable[int]) -> list[Visit]:
    """A feed's last visits, the newest first."""
    return [unpack(packed) for packed in reversed(list(history))]


def _number(outcome: str) -> int:
    status = outcome.removeprefix(_HTTP)
    if status != outcome and status.isascii() and status.isdigit() and int(status) < _FIRST:
        return int(status)
    return _NUMBERS.get(outcome, _FIRST)


def _word(number: int) -> str:
    if number < _FIRST:
        return f"{_HTTP}{number}"
    place = number - _FIRST
    return _WORDS[place] if place < len(_WORDS) else OTHER
