"""The page of results at any size, and for whatever an address may ask."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import quote

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings as hypothesis, strategies as st
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Post
from aggregator.search import vocabulary
from bloghub.people.models import Person
from tests.aggregator.pages import text_of

pytestmark = pytest.mark.django_db
Tell = Callable[..., Post]
QUERIES = 12  # session; words twice, a savepoint, what is found, both ends; texts, rows; names, bell, searches saved


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def page(client: Client, q: str, **more: str) -> str:
    return text_of(client, f"/search/?q={quote(q)}" + "".join(f"&{name}={value}" for name, value in more.items()))


def test_the_page_costs_the_same_queries_at_any_size(
    reader: Client, tell: Tell, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(10):  # of fewer it asks whether the word is misspelt
        tell(f"Pump {number}")
    for more in (0, 490):
        for number in range(more):
            tell(f"Pump again {number}")
        for _step in vocabulary.count_anew():  # a word that it does not know might be misspelt
            pass
        page(reader, "pump")  # prepares its statements
        with django_assert_num_queries(QUERIES):
            page(reader, "pump")


MEAN = st.one_of(st.text(max_size=80), st.text('":-()*&|!<>\\ orOR~=\x00\u202e\u2474½aé漢', max_size=60))


@hypothesis(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(q=MEAN, tab=MEAN, sort=MEAN, page=MEAN)
def test_no_address_breaks_it(reader: Client, tell: Tell, q: str, tab: str, sort: str, page: str) -> None:
    if not Post.objects.exists():
        tell("A pump", "of or")
    for path in ("/search/", "/search/names/", "/search/suggestions/"):
        response = reader.get(path, {"q": q, "tab": tab, "sort": sort, "page": page})
        assert response.status_code == 200, (path, q)


@pytest.mark.parametrize(
    "q",
    ["x" * 10_000, "a OR " * 500, "(" * 5_000, "!&|():*<->", "'; DROP TABLE", '"' * 99, "-" * 99, "💥🧨", "lang:" * 99],
)
def test_long_and_strange_queries_are_answered(reader: Client, tell: Tell, q: str) -> None:
    tell("A pump")
    assert "<h1" in page(reader, q)
