"""What the tests of telling share: a browser that is Aino's, and a way to tell her things."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.telling import tell
from bloghub.people.models import Person
from tests.notifications.cast import NOON, comment

Told = Callable[..., Notification]


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def told(aino: Person, bo: Person) -> Told:
    """``told(3, Kind.REPLY, group="post:5")``: what Bo did, told to Aino (``to`` somebody else)."""

    def make(number: int, kind: Kind = Kind.COMMENT, *, to: Person = aino, **changes: Any) -> Notification:
        event = comment(number, **({"actor_id": bo.pk} | changes))
        tell(event, {to.pk: kind}, NOON)
        return Notification.objects.get(recipient=to, event=event.key)

    return make
