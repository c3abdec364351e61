"""Who the tests of the aggregator's desks are."""

from __future__ import annotations

import pytest
from django.test import Client

from bloghub.people.models import Person


@pytest.fixture
def desk(client: Client, admin: Person) -> Client:
    """The browser of an admin."""
    client.force_login(admin)
    return client
