"""What is suggested while somebody types: blogs, people and tags by their names, nearly spelt ones too."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import connection
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Blog, Post
from aggregator.search.suggestions import MOST, suggestions
from bloghub.people.models import Person
from tests.aggregator.pages import tag

pytestmark = pytest.mark.django_db
MakeBlog = Callable[..., Blog]


def words(typed: str, reader: Person | AnonymousUser) -> list[str]:
    return [each["words"] for each in suggestions(typed, reader)]


def test_each_kind_with_what_tells_it_apart(
    aino: Person, bo: Person, make_blog: MakeBlog, make_post: Callable[..., Post]
) -> None:
    blog = make_blog("Bow thrusters")
    blog.owners.add(aino)
    tag(make_post(blog), "bolts")
    assert suggestions("bo", aino) == [
        {"kind": "Person", "words": "Bo Ekdahl", "about": "Sea Trials, Turku", "address": "/people/bo/"},
        {"kind": "Blog", "words": "Bow thrusters", "about": "Aino Lehtinen", "address": blog.get_absolute_url()},
        {"kind": "Tag", "words": "bolts", "about": "", "address": "/tags/bolts/"},
    ]


@pytest.mark.parametrize("typed", ["lehtinen", "LEHT", "léhtinen", "aino leh", "lehtinne", "ainno lehtinen"])
def test_names_are_forgiving(aino: Person, bo: Person, typed: str) -> None:
    assert words(typed, bo) == ["Aino Lehtinen"]


def test_what_begins_so_stands_before_what_looks_so(aino: Person, make_blog: MakeBlog) -> None:
    for title in ("Turbans", "The turbine", "Turbine halls of the world"):
        make_blog(title)
    assert words("turbin", aino)[:2] == ["The turbine", "Turbine halls of the world"]


def test_other_scripts(aino: Person, make_blog: MakeBlog) -> None:
    make_blog("静かな故障")
    make_blog("мои насосы")
    assert words("静か", aino) == ["静かな故障"]
    assert words("НАСОС", aino) == ["мои насосы"]


@pytest.mark.parametrize("typed", ["", " ", "%", "_", "'", "a:*|b & !(", "\x00", "\\", "(½)", "x" * 5_000, "\ud800"])
def test_nothing_that_is_typed_breaks_it(aino: Person, make_blog: MakeBlog, typed: str) -> None:
    make_blog("Words")
    assert words(typed, aino) == []


def test_what_folds_into_punctuation_asks_for_its_letters(aino: Person, make_blog: MakeBlog) -> None:
    make_blog("7 words")
    assert words("⑺", aino) == ["7 words"]


def test_a_few_of_each_in_one_query(
    aino: Person, make_blog: MakeBlog, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(MOST + 3):
        make_blog(f"Pump {number}")
    assert len(words("pump", aino)) == MOST
    with django_assert_num_queries(1):
        words("pump", aino)
    with django_assert_num_queries(0):
        words("!", aino)


def test_strangers_are_told_of_those_whose_posts_they_may_see(
    aino: Person, bo: Person, make_post: Callable[..., Post], make_blog: MakeBlog
) -> None:
    make_blog("Bow").owners.add(bo)
    assert words("bo", AnonymousUser()) == ["Bo Ekdahl", "Bow"]
    assert words("aino", AnonymousUser()) == []
    make_post(author=aino)
    assert words("aino", AnonymousUser()) == ["Aino Lehtinen"]


def test_the_answer_may_be_kept_but_is_asked_for_again(client: Client, aino: Person) -> None:
    client.force_login(aino)
    answer = client.get("/search/suggestions/?q=ain")
    assert answer.json()["suggestions"][0]["words"] == "Aino Lehtinen"
    assert answer.headers["Cache-Control"] == "private, no-cache"
    again = client.get("/search/suggestions/?q=ain", headers={"if-none-match": answer.headers["ETag"]})
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("table", "index", "condition"),
    [
        ("aggregator_blog", "blog_names", "people_names(slug, title) @@ to_tsquery('simple', 'a:*')"),
        ("aggregator_blog", "blog_trigrams", "people_folded(title) %> 'turbine'"),
        ("people_person", "person_trigrams", "people_folded(display_name) %> 'turbine'"),
        ("aggregator_tag", "tag_names", "people_names(slug, name) @@ to_tsquery('simple', 'a:*')"),
        ("aggregator_tag", "tag_trigrams", "people_folded(name) %> 'turbine'"),
    ],
)
def test_the_indexes_answer(table: str, index: str, condition: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(f"EXPLAIN SELECT id FROM {table} WHERE {condition}")
        assert index in str(cursor.fetchall())
