"""What a poll asks of the database for a whole batch, however many feeds and posts it has. Bulk writes (lib/bulk.py),
one for each table, go past what is counted here.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Blog
from aggregator.polling.schedule import FeedFacts, after_success
from aggregator.polling.store import Finding, store
from tests.aggregator.doubles import blog_at, boats, poll_together
from tests.aggregator.incoming import NOW, claim, finding, incoming

pytestmark = pytest.mark.django_db
MakeBlog = Callable[..., Blog]
SAVEPOINT = 2  # a transaction of its own, which is none in a test: SAVEPOINT and RELEASE
FIRST = 9  # locks, history, pages of others; owners, ids, three for tags, the words' index


@pytest.mark.parametrize("feeds", [1, 5])
def test_unchanged_feeds_are_one_write(
    make_blog: MakeBlog, django_assert_num_queries: DjangoAssertNumQueries, feeds: int
) -> None:
    found = [make_blog().feeds.get() for _ in range(feeds)]
    token, verdict = claim(*found), after_success(FeedFacts(), NOW, chance=0.5)
    with django_assert_num_queries(0 + SAVEPOINT):
        store([Finding(feed.pk, verdict) for feed in found], token, NOW)


@pytest.mark.parametrize("feeds", [1, 5])
def test_a_first_poll_without_doubles_costs_the_same_for_any_number(
    make_blog: MakeBlog, django_assert_num_queries: DjangoAssertNumQueries, feeds: int
) -> None:
    found = [blog_at(make_blog, f"b{number}") for number in range(feeds)]
    token = claim(*found)
    posts = {
        feed: [incoming(str(n), permalink=f"https://{feed.host}/{n}", tags=("sea",)) for n in range(9)]
        for feed in found
    }
    with django_assert_num_queries(FIRST + SAVEPOINT):
        store([finding(feed, *posts[feed]) for feed in found], token, NOW)


@pytest.mark.parametrize("count", [1, 9])
def test_a_document_that_says_nothing_new_costs_the_same_with_guests(
    make_blog: MakeBlog, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    home, planet = blog_at(make_blog, "aino"), blog_at(make_blog, "planet")
    posts = [boats(str(n), permalink=f"https://aino.example/{n}", title=f"Boat {n}") for n in range(count)]
    poll_together((home, posts))
    poll_together((planet, posts))
    token = claim(planet)
    with django_assert_num_queries(3 + SAVEPOINT):  # locks, history, what is known
        store([finding(planet, *posts)], token, NOW)
