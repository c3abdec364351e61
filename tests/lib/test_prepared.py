"""Prepared statements: planned once for a connection, and right again on the next one."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pytest
from django.db import DatabaseError, OperationalError, connection
from pytest_django import DjangoAssertNumQueries

from bloghub.lib.prepared import Prepared

NAMES = "SELECT name FROM pg_prepared_statements WHERE statement LIKE '%this test%'"


def plans() -> int:
    with connection.cursor() as cursor:
        cursor.execute(NAMES)
        return len(cursor.fetchall())


def between_two_requests() -> None:
    django: Any = connection
    django.health_check_enabled, django.health_check_done = True, False


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
def test_the_first_of_a_request_finds_out_whether_the_connection_lives(monkeypatch: pytest.MonkeyPatch) -> None:
    statement = Prepared("SELECT pg_backend_pid(), 'this test, the server gone'")
    [(pid, _words)] = statement.rows()
    monkeypatch.setattr(connection, "is_usable", lambda: pytest.fail("asked whether it lives"))
    for is_gone in (False, True):
        if is_gone:
            with closing(connection.copy()) as other, other.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [pid])
        between_two_requests()
        assert (statement.rows()[0][0] != pid) == is_gone


@pytest.mark.django_db(transaction=True)
def test_a_statement_that_fails_on_a_living_connection_is_not_asked_again() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 50")
    between_two_requests()
    pid = connection.connection.info.backend_pid
    with pytest.raises(OperationalError, match="statement timeout"):
        Prepared("SELECT pg_sleep(5), 'this test, slowly'").rows()
    assert connection.connection.info.backend_pid == pid
    connection.close()


@pytest.mark.django_db(transaction=True)
def test_a_fault_while_planning_is_told_as_djangos_and_not_taken_for_planned() -> None:
    statement = Prepared("SELECT missing FROM nowhere")
    for _attempt in range(2):
        with pytest.raises(DatabaseError, match="nowhere"):
            statement.rows()
