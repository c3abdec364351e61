"""Homes: what becomes of a post that is new to its feed when other feeds have it, too, stored or just now. Pure.

One post has one home, the feed that edits it: that of the blog whose address fits the permalink best (one that comes
from the same server before one that only says so), else the first that brought it. In every other feed it only appears.
A post that was first seen on a planet comes home when its own blog is registered. Blogs that not everybody may see keep
to themselves: their pages have keys of their own, so neither is their post shown elsewhere, nor another's with them
(``pages.page_key``).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

from aggregator.polling.pages import Words, agree, fit, is_served_with, page_of
from aggregator.polling.reconcile import Create

NO_FIT = (False, 0)


@dataclass(frozen=True, slots=True)
class Site:
    """A feed and its blog, as far as it matters where a post is at home."""

    feed_id: int
    blog_id: int
    feed_url: str
    homepage_url: str

    def fit(self, permalink: str) -> tuple[bool, int]:
        """How well a page fits, by what the feed proves before what it says: that it comes from the page's server. What
        it calls its homepage may be anybody's."""
        return is_served_with(permalink, self.feed_url), fit(permalink, self.homepage_url, self.feed_url)


@dataclass(frozen=True, slots=True)
class Arrival:
    """A post that is new to its feed. ``page`` is the key of its page among those it may be one with, ``grave`` that
    which tombstones have; None when it has none (no permalink, or one that several entries of its document have)."""

    site: Site
    create: Create
    words: Words
    page: int | None
    grave: int | None

    @property
    def permalink(self) -> str:
        return self.create.post.permalink


@dataclass(frozen=True, slots=True)
class Resident:
    """The stored post that has a page; ``published_at`` is where it stands in rivers."""

    id: int
    site: Site
    permalink: str
    published_at: datetime
    words: Words


@dataclass(frozen=True, slots=True)
class Guest:
    """An arrival that only appears in its feed; its post is ``host``'s, which is stored or arrives, too."""

    arrival: Arrival
    host: Resident | Arrival


@dataclass(frozen=True, slots=True)
class Homecoming:
    """An arrival at home: the stored post becomes this feed's, and from now on appears where it was."""

    arrival: Arrival
    resident: Resident


@dataclass(frozen=True, slots=True)
class Settlement:
    """What to store. Those in ``new`` without a page share theirs with nobody."""

    new: list[Arrival] = field(default_factory=list)
    guests: list[Guest] = field(default_factory=list)
    homecomings: list[Homecoming] = field(default_factory=list)


def settle(arrivals: Iterable[Arrival], residents: Mapping[int, Resident], graves: Collection[int]) -> Settlement:
    """Decides over all arrivals of a batch; ``residents`` and ``graves`` by page. What was removed once stays away."""
    found = Settlement()
    by_page: dict[int, list[Arrival]] = defaultdict(list)
    for arrival in arrivals:
        if arrival.grave in graves:
            continue
        if arrival.page is None:
            found.new.append(arrival)
        else:
            by_page[arrival.page].append(arrival)
    for page, company in by_page.items():
        # The one that fits best goes first; among equals the older feed, whoever brings them
        company.sort(key=lambda arrival: arrival.site.feed_id)
        company.sort(key=lambda arrival: arrival.site.fit(arrival.permalink), reverse=True)
        if page in residents:
            _visit(residents[page], company, found)
        else:
            _gather(company, found)
    return found


def _visit(resident: Resident, company: Iterable[Arrival], found: Settlement) -> None:
    """Arrivals at a page that has its post."""
    comes_home = False
    for arrival in company:
        if not _are_one(arrival, resident):
            found.new.append(replace(arrival, page=None))
        elif not comes_home and _is_home(arrival.site, resident):
            comes_home = True
            found.homecomings.append(Homecoming(arrival, resident))
        else:
            found.guests.append(Guest(arrival, resident))


def _gather(company: Iterable[Arrival], found: Settlement) -> None:
    """Arrivals at a page that has no post yet."""
    first, *others = company
    found.new.append(first)
    for arrival in others:
        if _are_one(arrival, first):
            found.guests.append(Guest(arrival, first))
        else:
            found.new.append(replace(arrival, page=None))


def _are_one(arrival: Arrival, other: Arrival | Resident) -> bool:
    """Two entries of one feed are told apart there (identity.py)."""
    return (
        arrival.site.feed_id != other.site.feed_id
        and page_of(arrival.permalink) == page_of(other.permalink)
        and agree(arrival.words, other.words)
    )


def _is_home(site: Site, resident: Resident) -> bool:
    """Between the feeds of one blog nothing moves. What fits where it is leaves for a feed of its own server only."""
    mine, its = site.fit(resident.permalink), resident.site.fit(resident.permalink)
    proves, _parts = mine
    return site.blog_id != resident.site.blog_id and mine > its and (proves or its == NO_FIT)
