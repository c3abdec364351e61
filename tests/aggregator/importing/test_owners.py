"""Whom a list means: by user name or mail, in any case; nobody is guessed."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import DjangoAssertNumQueries

from aggregator.importing.owners import Directory, Owners
from aggregator.importing.words import owner_words
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db


def owners(cell: str) -> Owners:
    return Directory([cell]).owners(cell)


@pytest.mark.parametrize("cell", ["aino", "AINO", "Aino@Example.com", " aino@example.com ;aino"])
def test_a_person_is_found_by_name_or_mail(aino: Person, cell: str) -> None:
    assert owners(cell) == Owners((aino,))


def test_several_may_own_one_blog(aino: Person, bo: Person) -> None:
    assert owners("bo; aino@example.com").people == (bo, aino)


def test_an_address_of_nobody_is_kept_for_the_claim_a_name_of_nobody_is_told(aino: Person) -> None:
    found = owners("eeva@example.com, eeva")
    assert (found.people, found.mail, found.unknown) == ((), "eeva@example.com", ("eeva",))
    assert len(owner_words(found)) == 2
    assert owners("aino eeva@example.com").mail == ""  # it has an owner already


def test_an_address_that_two_people_share_is_neithers(aino: Person, bo: Person) -> None:
    Person.objects.update(email="team@example.com")
    found = owners("team@example.com")
    assert (found.people, found.shared) == ((), ("team@example.com",))
    assert "More than one person" in owner_words(found)[0]


def test_any_number_of_rows_costs_one_query(
    aino: Person, bo: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        directory = Directory(["aino", "bo", "", "nobody"])
        assert [len(directory.owners(cell).people) for cell in ("aino", "bo", "", "nobody")] == [1, 1, 0, 0]


def test_a_list_without_owners_asks_nobody(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        assert Directory(["", " "]).owners("") == Owners()
