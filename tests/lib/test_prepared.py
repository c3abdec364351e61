"""Prepared statements: planned once for a connection, and right again on the next one."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection
from pytest_django import DjangoAssertNumQueries

from bloghub.lib.prepared import Prepared

NAMES = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%this test%'"


def plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        return len(cursor.fetchall())


@pytest.mark.django_db
def test_it_is_planned_once_and_asked_as_one_query(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    statement = Prepared("SELECT %(a)s::int - %(b)s::int, %(a)s::int % 4, 'this test'")
    with django_assert_num_queries(2):
        assert statement.rows(b=2, a=7) == [(5, 3, "this test")]
        assert statement.rows(a=1, b=None) == [(None, 1, "this test")]
    assert plans() == 1


@pytest.mark.django_db
def test_values_are_values_whatever_stands_in_them() -> None:
    hostile = "'); DROP TABLE people_person; -- %(a)s $1"
    assert Prepared("SELECT %(a)s::text").rows(a=hostile) == [(hostile,)]


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_plans_it_anew() -> None:
    statement = Prepared("SELECT 'this test, connected anew'")
    assert statement.rows() == [("this test, connected anew",)]
    connection.close()
    assert statement.rows() == [("this test, connected anew",)]


@pytest.mark.django_db(transaction=True)
def test_a_fault_while_planning_is_told_as_djangos_and_not_taken_for_planned() -> None:
    statement = Prepared("SELECT missing FROM nowhere")
    for _attempt in range(2):
        with pytest.raises(DatabaseError, match="nowhere"):
            statement.rows()
