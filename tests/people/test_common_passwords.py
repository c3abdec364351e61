"""No door opens to what everybody would try first (security checklist G3)."""

from __future__ import annotations

import re
from io import StringIO
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.management import call_command
from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.people import first_admin
from bloghub.people.models import Person, Session, SignInAttempt

pytestmark = pytest.mark.django_db
DOORS = ("/sign-in/", "/admin/login/", "/admin/login/?next=/admin/")
CHOSEN = {"username": "rauha", "password": "tuuli käy lännestä"}
_COMMON = """
    admin:admin admin:password admin:123456 admin:12345678 admin:1234 admin:changeme admin:admin123 admin:admin1234
    admin:Admin123! admin:Password1 admin:P@ssw0rd admin:secret admin:letmein admin:welcome admin:qwerty admin:default
    admin:bloghub admin:blog admin:django admin:demo admin:test admin:root admin:pass admin:administrator
    administrator:administrator administrator:password root:root root:toor root:password root:admin root:123456
    user:user user:password test:test test:test123 demo:demo demo:password guest:guest guest:password django:django
    bloghub:bloghub blog:blog postgres:postgres redis:redis superuser:superuser superadmin:superadmin sysadmin:sysadmin
    manager:manager operator:operator support:support service:service owner:owner staff:staff
"""
PAIRS = re.findall(r"(\S+):(\S+)", _COMMON)
FOR_EVERYBODY = ("{}", "{}123", "password", "demo", "changeme", "!", "")  # what people get when nobody thinks about it


@pytest.fixture(autouse=True)
def quick_passwords(settings: Settings) -> None:
    """Hashes what is set here and what is tried alike, so that hundreds of tries take seconds."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


def opened(pairs: list[tuple[str, str]]) -> list[tuple[str, str, str]]:
    """Tries every pair at every door, each from a new browser; what let somebody in."""
    return [(door, *pair) for door in DOORS for pair in pairs if _opens(door, *pair)]


def _opens(door: str, username: str, password: str) -> bool:
    SignInAttempt.objects.all().delete()  # the answer is to be about the password, not about the number of tries
    browser = Client()
    response = browser.post(door, {"username": username, "password": password, "next": "/latest/"})
    assert response.status_code in {200, 302}
    return settings.SESSION_COOKIE_NAME in browser.cookies or browser.get("/latest/").status_code == 200


def guesses() -> list[tuple[str, str]]:
    """The common pairs, and for everybody who has an account what would come to mind."""
    names = Person.objects.values_list("username", flat=True)
    return [*PAIRS, *((name, word.format(name)) for name in names for word in FOR_EVERYBODY)]


@pytest.fixture
def demo_hub(settings: Settings) -> None:
    """A demo as ``make run`` prepares it."""
    settings.DEMO, settings.DEMO_ADDRESS = True, "127.0.0.1:8801"
    call_command("setup_demo", stdout=StringIO())
    assert Person.objects.filter(is_demo=True).count() > 5


@pytest.fixture
def with_admin(client: Client) -> None:
    """Somebody has followed the link of the first start."""
    form = CHOSEN | {"display_name": "Rauha Niemi", "email": "rauha@x.example"}
    assert client.post(urlsplit(first_admin.setup_url()).path, form).status_code == 302
    Session.objects.all().delete()


def test_an_empty_hub_has_no_account() -> None:
    assert not Person.objects.exists()
    assert len(PAIRS) >= 50
    assert opened(guesses()) == []
    assert not Session.objects.exists()


def test_the_demos_people_have_no_password(demo_hub: None) -> None:
    assert opened(guesses()) == []
    assert not Session.objects.exists()


@pytest.mark.usefixtures("demo_hub", "with_admin")
def test_after_the_first_admin_only_the_password_they_chose_opens() -> None:
    assert opened(guesses()) == []
    assert not Session.objects.exists()
    assert opened([(CHOSEN["username"], CHOSEN["password"])]) == [("/sign-in/", CHOSEN["username"], CHOSEN["password"])]
