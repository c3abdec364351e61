"""Of several feeds that bring a post, which is its home, and which only list it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from aggregator.polling.homes import Arrival, Resident, Settlement, Site, settle
from aggregator.polling.pages import Words, page_key
from aggregator.polling.reconcile import Create
from tests.aggregator.incoming import NOW, incoming

LINK = "https://blogs.example/aino/boats"
PAGE = page_key(LINK) or 0
PLANET = Site(1, 1, "https://planet.example/atom", "https://planet.example/")
TEAM = Site(2, 2, "https://team.example/atom", "https://team.example/")
AINO = Site(3, 3, "https://blogs.example/aino/feed", "https://blogs.example/aino/")
AINO_TOO = Site(4, 3, "https://blogs.example/aino/comments/feed", "https://blogs.example/aino/")
MIRROR = Site(5, 5, "https://feeds.example/aino", "https://blogs.example/aino/")
LIAR = Site(6, 6, "https://liar.example/atom", "https://blogs.example/aino/boats")
DAY = NOW - timedelta(days=1)


def arrival(site: Site, title: str = "On boats", **columns: Any) -> Arrival:
    post = incoming(f"guid of {site.feed_id}", permalink=LINK, title=title)
    values: dict[str, Any] = {"words": Words(title, None, ""), "page": PAGE, "grave": PAGE} | columns
    return Arrival(site, Create(post, DAY), **values)


def resident(site: Site, title: str = "On boats") -> Resident:
    return Resident(7, site, LINK, DAY, Words(title, DAY, ""))


def feeds(found: Settlement) -> tuple[list[int], list[int], list[int]]:
    """Whose arrivals are new, guests and homecomings."""
    return (
        [one.site.feed_id for one in found.new],
        [one.arrival.site.feed_id for one in found.guests],
        [one.arrival.site.feed_id for one in found.homecomings],
    )


def test_of_several_at_once_the_one_whose_address_fits_is_home() -> None:
    found = settle([arrival(PLANET), arrival(TEAM), arrival(AINO)], {}, ())
    assert feeds(found) == ([3], [1, 2], [])
    assert all(guest.host is found.new[0] for guest in found.guests)


def test_where_none_fits_the_older_feed_is_home() -> None:
    assert feeds(settle([arrival(TEAM), arrival(PLANET)], {}, ())) == ([1], [2], [])


def test_a_planet_lists_what_the_blog_has() -> None:
    assert feeds(settle([arrival(PLANET)], {PAGE: resident(AINO)}, ())) == ([], [1], [])


def test_a_post_of_a_planet_comes_home() -> None:
    assert feeds(settle([arrival(AINO), arrival(TEAM)], {PAGE: resident(PLANET)}, ())) == ([], [2], [3])


def test_a_post_of_a_planet_comes_home_to_a_feed_that_is_served_elsewhere() -> None:
    assert feeds(settle([arrival(MIRROR)], {PAGE: resident(PLANET)}, ())) == ([], [], [5])


@pytest.mark.parametrize("victim", [AINO, MIRROR])
def test_nobody_takes_a_post_by_calling_its_page_their_homepage(victim: Site) -> None:
    assert feeds(settle([arrival(LIAR)], {PAGE: resident(victim)}, ())) == ([], [6], [])


def test_who_shares_the_page_s_server_is_home_before_who_says_so() -> None:
    assert feeds(settle([arrival(LIAR), arrival(AINO)], {}, ())) == ([3], [6], [])
    assert feeds(settle([arrival(AINO)], {PAGE: resident(LIAR)}, ())) == ([], [], [3])


def test_between_feeds_of_one_blog_nothing_moves() -> None:
    assert feeds(settle([arrival(AINO)], {PAGE: resident(AINO_TOO)}, ())) == ([], [3], [])


def test_another_article_of_the_page_is_a_post_without_the_page() -> None:
    found = settle([arrival(PLANET, "Something else")], {PAGE: resident(AINO)}, ())
    assert feeds(found) == ([1], [], [])
    assert found.new[0].page is None


def test_of_two_articles_of_one_page_one_has_it() -> None:
    found = settle([arrival(PLANET, "Something else"), arrival(AINO)], {}, ())
    assert [(one.site.feed_id, one.page) for one in found.new] == [(3, PAGE), (1, None)]


def test_the_same_number_is_not_yet_the_same_page() -> None:
    other = Resident(7, AINO, "https://blogs.example/bo/boats", DAY, Words("On boats", DAY, ""))
    assert feeds(settle([arrival(PLANET)], {PAGE: other}, ())) == ([1], [], [])


def test_what_was_removed_stays_away() -> None:
    assert feeds(settle([arrival(PLANET)], {}, {PAGE})) == ([], [], [])


def test_a_page_of_several_entries_is_shared_with_nobody() -> None:
    alone = arrival(PLANET, page=None, grave=None)
    assert feeds(settle([alone], {PAGE: resident(AINO)}, {PAGE})) == ([1], [], [])
