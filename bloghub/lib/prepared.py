"""Statements that PostgreSQL plans once for a connection, for what every page asks.

Planning a page's joins takes twice as long as running them. psycopg2 prepares nothing by itself, so this says PREPARE
and EXECUTE. It needs a session of its own in PostgreSQL, as the timeouts in the settings do, too.
"""

from __future__ import annotations

import re
from datetime import datetime
from hashlib import blake2b
from typing import Any
from weakref import WeakKeyDictionary

from django.db import DatabaseError, InterfaceError, connection
from django.db.models import Model

_PLACE = re.compile(r"%\((\w+)\)s")
_health: Any = connection  # the stubs know nothing of its health checks
_known: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()  # by psycopg2's connection, for a new one knows none


class Prepared:
    """One statement with named places, ``%(person)s``, whose types PostgreSQL infers; a percent sign is just that.
    ``before``: statements that go to PostgreSQL with it each time, such as ``SET LOCAL statement_timeout = 300;``."""

    def __init__(self, sql: str, before: str = "") -> None:
        self._names = tuple(dict.fromkeys(_PLACE.findall(sql)))
        numbered = _PLACE.sub(lambda place: f"${self._names.index(place[1]) + 1}", sql)
        self._name = f"hub_{blake2b(sql.encode(), digest_size=8).hexdigest()}"
        self._prepare = f"PREPARE {self._name} AS {numbered}"
        values = ", ".join(["%s"] * len(self._names))
        self._execute = f"{before}EXECUTE {self._name} ({values})" if values else f"{before}EXECUTE {self._name}"

    def rows(self, **values: datetime | float | str | list[int] | list[str] | None) -> list[tuple[Any, ...]]:
        """What the statement finds. One query; the first time on a connection it is prepared before.

        Outside a transaction it may be asked twice: the first statement of a request is at the same time the check
        whether the connection that is left from the last one still lives, which else is a query of its own.
        """
        if not _is_untried():
            return self._found(values)
        _health.health_check_done = True
        try:
            return self._found(values)
        except (DatabaseError, InterfaceError):
            if not connection.connection or not connection.connection.closed:
                raise
            connection.close()
            return self._found(values)

    def _found(self, values: dict[str, Any]) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:  # may have connected anew
            known = _known.setdefault(connection.connection, set())
            if self._name not in known:
                self._make_known()
                known.add(self._name)
            cursor.execute(self._execute, [values[name] for name in self._names])
            found: list[tuple[Any, ...]] = cursor.fetchall()
            return found

    def _make_known(self) -> None:
        """Past Django's cursor: it is no query of the page."""
        with connection.wrap_database_errors, connection.connection.cursor() as cursor:
            cursor.execute(self._prepare)


def _is_untried() -> bool:
    """Whether Django would ask first whether the connection still lives (CONN_HEALTH_CHECKS)."""
    checks = _health.health_check_enabled and not _health.health_check_done
    return bool(checks and connection.connection is not None and not connection.in_atomic_block)


def columns(model: type[Model], table: str) -> str:
    """All columns of a model, of ``table`` as the statement calls it, in the order of ``names``."""
    return ", ".join(f"{table}.{field.column}" for field in model._meta.concrete_fields)


def names(model: type[Model]) -> list[str]:
    """What ``Model.from_db`` wants to be told about these columns."""
    return [field.attname for field in model._meta.concrete_fields]
