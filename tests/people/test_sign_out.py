"""Going out works from every page the browser may still hold."""

from __future__ import annotations

from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.people.models import Person


def test_a_page_kept_from_before_the_last_sign_in_is_not_confirmed(aino: Person, settings: Settings) -> None:
    client = Client(enforce_csrf_checks=True)
    tags = []
    for _ in range(2):
        client.force_login(aino)
        client.cookies.pop(settings.CSRF_COOKIE_NAME, None)  # a sign-in changes the secret
        tags.append(client.get("/latest/").headers["ETag"])
    assert client.get("/latest/", headers={"If-None-Match": tags[0]}).status_code == 200
    assert client.get("/latest/", headers={"If-None-Match": tags[1]}).status_code == 304
