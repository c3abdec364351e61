"""Who the person of a session is: Django's own backend, read without the ORM's machinery, for every page asks."""

from __future__ import annotations

from functools import cache

from django.contrib.auth.backends import ModelBackend

from bloghub.lib.prepared import Prepared
from bloghub.people.models import Person


@cache
def _one() -> tuple[Prepared, list[str]]:
    """Finds one person; and the names of what it finds."""
    fields = Person._meta.concrete_fields
    columns = ", ".join(str(field.column) for field in fields)
    statement = Prepared(f"SELECT {columns} FROM people_person WHERE id = %(id)s")  # noqa: S608 - names of columns
    return statement, [field.attname for field in fields]


class PersonBackend(ModelBackend):
    """As ``ModelBackend``; only how the row is found differs."""

    def get_user(self, user_id: int) -> Person | None:
        statement, names = _one()
        for row in statement.rows(id=user_id):
            person = Person.from_db("default", names, row)
            return person if self.user_can_authenticate(person) else None
        return None
