"""Who the person of a session is: Django's own backend, read without the ORM's machinery, for every page asks."""

from __future__ import annotations

from django.contrib.auth.backends import ModelBackend

from bloghub.people.models import Person

ONE = "SELECT * FROM people_person WHERE id = %s"


class PersonBackend(ModelBackend):
    """As ``ModelBackend``; only how the row is found differs."""

    def get_user(self, user_id: int) -> Person | None:
        for person in Person.objects.raw(ONE, [user_id]):
            return person if self.user_can_authenticate(person) else None
        return None
