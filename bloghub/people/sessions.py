"""The session of a request: Django's own in the database, read without the ORM's machinery, for every page asks."""

from __future__ import annotations

from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils import timezone

CURRENT = "SELECT * FROM django_session WHERE session_key = %s AND expire_date > %s"


class SessionStore(db.SessionStore):
    """As ``db``; only how the row is found differs."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        for found in self.model.objects.raw(CURRENT, [self.session_key, timezone.now()]):
            return found
        self._session_key = None
        return None
