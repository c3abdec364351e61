"""What to make of a server that says a feed has moved for good (301, 308), or that answers over https only. Pure.

Owns the rule. A move is seen when an answer that came from the new address was good: the fetch policy has passed every
hop, and a document from there is a feed. Seen three polls in a row, it is followed when it stays on the host and the
title stays with it; else an admin decides, since what answers there may be somebody else's. Until then, and when the
admin declines, the known address is polled. A poll that failed says nothing about a move; a good one that was not
sent on ends it.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

SIGHTINGS = 3  # one may be a fault of a proxy, two its repair
MOST = 1000  # counted; a column has to hold it
SEEN, ASKS, STAYS = "seen", "asks", "stays"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Move:
    """Where a feed's server sends us for good, how many polls in a row, and what becomes of it."""

    url: str = ""
    times: int = 0
    state: str = ""

    @property
    def is_followed(self) -> bool:
        """Whether the feed gets the new address now, by itself."""
        return self.state == SEEN and self.times >= SIGHTINGS

    @property
    def waits(self) -> bool:
        """Whether an admin is to decide."""
        return self.state == ASKS and self.times >= SIGHTINGS


@dataclass(frozen=True, slots=True)
class Sighting:
    """One good answer: where it came from if we were sent there for good, whether it had a body, another title."""

    url: str
    has_document: bool
    has_new_title: bool = False


def after_answer(known: Move, address: str, sighting: Sighting) -> Move:
    """What is known of the move of the feed at ``address`` after this answer.

    A 304 proves nothing about an address from which no document has come yet; it is kept with 0 sightings, and the
    caller asks for the whole document next time.
    """
    if not sighting.url or sighting.url == address:
        return Move()
    if known.url != sighting.url:
        known = Move(sighting.url, 0, SEEN if stays_at_home(address, sighting.url) else ASKS)
    times = known.times + 1 if sighting.has_document or known.times else 0
    state = ASKS if sighting.has_new_title and known.state == SEEN else known.state
    return Move(known.url, min(times, MOST), state)


def stays_at_home(old: str, new: str) -> bool:
    """Whether both addresses are one server's: the same host and port, or the web's two ports; never back to http."""
    try:
        before, after = urlsplit(old), urlsplit(new)
        same = before.hostname == after.hostname and _ports_agree(before, after)
    except ValueError:
        return False
    return same and not (before.scheme == "https" and after.scheme == "http")


def _ports_agree(before: SplitResult, after: SplitResult) -> bool:
    ports = [parts.port or _PORTS.get(parts.scheme) for parts in (before, after)]
    return ports[0] == ports[1] or all(
        port == _PORTS.get(parts.scheme) for port, parts in zip(ports, (before, after), strict=True)
    )
