"""Who the person of a session is: Django's own backend, read without the ORM's machinery, for every page asks."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend

from bloghub.lib.prepared import Prepared, columns, names
from bloghub.people.models import Person
from bloghub.people.sessions import person_read

ONE = Prepared(f"SELECT {columns(Person, 'person')} FROM people_person AS person WHERE id = %(id)s")  # noqa: S608 - constants
NAMES = names(Person)


class PersonBackend(ModelBackend):
    """As ``ModelBackend``; only how the row is found differs: with the session, as a rule."""

    def get_user(self, user_id: int) -> Person | None:
        person = person_read(user_id) or _found(user_id)
        return person if person and self.user_can_authenticate(person) else None


def _found(pk: int) -> Person | None:
    return next((Person.from_db("default", NAMES, row) for row in ONE.rows(id=pk)), None)
