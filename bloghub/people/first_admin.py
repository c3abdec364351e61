"""The first admin: a link that makes one, good for half an hour and only while there is none. No password ships."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.db import connection, transaction
from django.urls import reverse

from bloghub.people.models import Person

SALT = "bloghub.people.first-admin"
LIFETIME = 1800  # s
# Any number, the same in every process: two people who open the link at once make one admin, not two
_ADVISORY_LOCK = 7_305_810


def is_missing() -> bool:
    """Whether nobody can open the admin yet. The demo's people do not count, since they vanish with the demo."""
    return not Person.objects.filter(is_superuser=True, is_active=True, is_demo=False).exists()


def setup_url() -> str:
    """The whole address of the page that makes the first admin; to be shown on the console only."""
    token = signing.dumps("first-admin", salt=SALT, compress=False)
    return f"{settings.PUBLIC_URL}{reverse('people:firstadmin-create', args=[token])}"


def is_valid(token: str) -> bool:
    """Whether a link with this token may still be used."""
    try:
        signing.loads(token, salt=SALT, max_age=LIFETIME)
    except signing.BadSignature:
        return False
    return is_missing()


def create(person: Person, password: str) -> bool:
    """Stores ``person`` as the first admin; False when somebody else was faster."""
    person.is_staff = person.is_superuser = True
    person.set_password(password)
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_ADVISORY_LOCK])
        if not is_missing():
            return False
        person.save()
    return True
