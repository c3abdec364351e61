"""Names while typing: by the beginning of any name, without case and accents, a few at a time."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client

from bloghub.people.models import Person
from bloghub.people.suggestions import MOST, suggestions

pytestmark = pytest.mark.django_db


def people(**named: str) -> None:
    for username, name in named.items():
        Person.objects.create_user(username.replace("_", "."), f"{username}@example.com", display_name=name)


def found(typed: str) -> list[str]:
    return [person["name"] for person in suggestions(typed)]


@pytest.mark.parametrize(
    "typed",
    ["aino", "AI", "leht", "äino", "aino leh", "leh ai", "a.leht", "virtanen-l", "jose", "jósé", "Soren", "søren"],
)
def test_any_name_without_case_and_accents(typed: str) -> None:
    people(a_lehtinen="Aino Virtanen-Lehtinen", josé="José Ñandú Sørensen Aino-Leht", bo="Bo")
    assert found(typed)
    assert "Bo" not in found(typed)


def test_other_scripts() -> None:
    people(tanaka="田中 太郎", omar="عمر خالد")
    assert found("太") == ["田中 太郎"]
    assert found("خا") == ["عمر خالد"]


def test_user_names_that_begin_so_come_first() -> None:
    people(zoe="Anna Aalto", anna="Zoe Ypsilon")
    assert found("anna") == ["Zoe Ypsilon", "Anna Aalto"]


@pytest.mark.parametrize("typed", ["", "@", "' OR 1=1", "a:*|b", "!!", "\x00", "(", "%", "_", "x" * 5_000, "\\", "⑴"])
def test_what_finds_nobody(typed: str) -> None:
    people(aino="Aino Lehtinen")
    assert found(typed) == []


def test_few_and_only_those_who_are_here() -> None:
    people(**{f"anna{n}": f"Anna {n}" for n in range(20)})
    Person.objects.filter(username="anna1").update(is_active=False)
    assert len(found("anna")) == MOST
    assert found("anna1")[0] == "Anna 10"


def test_strangers_are_told_nothing(client: Client, aino: Person) -> None:
    assert client.get("/people/suggestions/?q=ai").status_code == 302
    client.force_login(aino)
    answer = client.get("/people/suggestions/?q=ai").json()
    assert answer == {"people": [{"username": "aino", "name": "Aino Lehtinen", "place": "Engine Lab, Vaasa"}]}


def test_the_index_answers() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        cursor.execute(
            "EXPLAIN SELECT username FROM people_person "
            "WHERE people_names(username, display_name) @@ to_tsquery('simple', people_folded('ai:*')) AND is_active"
        )
        assert "person_names" in str(cursor.fetchall())
