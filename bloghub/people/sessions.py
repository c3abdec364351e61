"""The session of a request: Django's own in the database, read without the ORM's machinery, for every page asks.

Owns how long one lasts: SESSION_COOKIE_AGE without a visit, LONGEST in all. Who the person is: backends.py.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.utils import timezone

from bloghub.lib.prepared import Prepared, columns, names
from bloghub.people.models import Person

CURRENT = Prepared(
    f"SELECT {columns(Session, 'session')} FROM django_session AS session"  # noqa: S608 - constants
    " WHERE session_key = %(key)s AND expire_date > %(now)s"
)
NAMES = names(Session)
LONGEST = timedelta(days=7)  # from the sign-in, however busy
RENEWED_AFTER = timedelta(hours=1)  # a visit is written down at most this often
STARTED = "_started_at"  # s since 1970, in the session's data


class SessionStore(db.SessionStore):
    """As ``db``, but a visit renews the session, until LONGEST after it got its key (at a sign-in)."""

    _ends_at: datetime | None = None  # as the row has it

    def create(self) -> None:
        self[STARTED] = int(timezone.now().timestamp())
        super().create()

    def load(self) -> dict[str, Any]:
        """Marks the session as modified when it is worth renewing; Django's middleware then saves it and its cookie."""
        data = super().load()
        if self._ends_at and timezone.now() + _time_left(data.get(STARTED, 0)) - self._ends_at >= RENEWED_AFTER:
            self.modified = True
        return data

    def get_session_cookie_age(self) -> int:
        """Seconds until the session ends if nobody comes back: for its row and for its cookie."""
        return int(_time_left(self.get(STARTED, 0)).total_seconds())

    def _get_session_from_db(self) -> Session | None:
        for row in CURRENT.rows(key=self.session_key, now=timezone.now()):
            found = Session.from_db("default", NAMES, row)
            self._ends_at = found.expire_date
            return found
        self._session_key = None
        return None


def _time_left(started: int) -> timedelta:
    """How long a session may still last if nobody comes back. One that does not know its start is never renewed."""
    age = timezone.now() - datetime.fromtimestamp(started, tz=UTC)
    return min(timedelta(seconds=settings.SESSION_COOKIE_AGE), LONGEST - age)


def end_sessions(people: Collection[Person]) -> None:
    """Ends these people's sessions for good: whoever is let in again later has to sign in again."""
    pks = {str(person.pk) for person in people}
    store = SessionStore()
    rows = store.model.objects.values_list("session_key", "session_data").iterator()
    ended = [key for key, data in rows if store.decode(data).get(SESSION_KEY) in pks]
    store.model.objects.filter(session_key__in=ended).delete()
