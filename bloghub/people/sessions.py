"""The session of a request: Django's own in the database, read with its person by one statement, for every page asks.

Owns how long one lasts: SESSION_COOKIE_AGE without a visit, LONGEST in all. Whether its person may come in is still
Django's to say, through backends.py.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends import db
from django.utils import timezone

from bloghub.lib.prepared import Prepared, columns, names
from bloghub.people.models import Person, Session

CURRENT = Prepared(f"""
    SELECT {columns(Session, "session")}, {columns(Person, "person")}
      FROM people_session AS session LEFT JOIN people_person AS person ON person.id = session.person_id
     WHERE session_key = %(key)s AND expire_date > %(now)s
""")  # noqa: S608 - constants
NAMES, NAMES_OF_PERSON = names(Session), names(Person)
LONGEST = timedelta(days=7)  # from the sign-in, however busy
RENEWED_AFTER = timedelta(hours=1)  # a visit is written down at most this often
STARTED = "_started_at"  # s since 1970, in the session's data


class SessionStore(db.SessionStore):
    """As ``db``, but a visit renews the session, until LONGEST after it got its key (at a sign-in)."""

    _ends_at: datetime | None = None  # as the row has it
    person: Person | None = None  # as read with it, until backends.py has asked

    @classmethod
    def get_model_class(cls) -> type[Session]:
        return Session

    def create_model_instance(self, data: dict[str, Any]) -> Session:
        made = cast("Session", super().create_model_instance(data))
        made.person_id = int(data[SESSION_KEY]) if SESSION_KEY in data else None
        return made

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
            found = Session.from_db("default", NAMES, row[: len(NAMES)])
            self._ends_at = found.expire_date
            if found.person_id is not None:
                self.person = Person.from_db("default", NAMES_OF_PERSON, row[len(NAMES) :])
                _latest.session = weakref.ref(self)
            return found
        self._session_key = None
        return None


def _time_left(started: int) -> timedelta:
    """How long a session may still last if nobody comes back. One that does not know its start is never renewed."""
    age = timezone.now() - datetime.fromtimestamp(started, tz=UTC)
    return min(timedelta(seconds=settings.SESSION_COOKIE_AGE), LONGEST - age)


_latest = threading.local()  # the session that this thread has read last, as long as its request lives


def person_read(pk: int) -> Person | None:
    """The person whose session this thread is serving, as read with it; once, for what is read may grow old."""
    session: SessionStore | None = getattr(_latest, "session", lambda: None)()
    if session is None or session.person is None or session.person.pk != pk:
        return None
    person, session.person = session.person, None
    return person


def end_sessions(people: Collection[Person]) -> None:
    """Ends these people's sessions for good: whoever is let in again later has to sign in again."""
    Session.objects.filter(person__in=people).delete()
