"""A hub where everything has happened once, and all its addresses."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from tests import everything
from tests.comments.court import make_moderator
from tests.everything import Address, Cast, Conversation, Ids


# What needs no token of ours, and why that is no hole
@pytest.fixture
def cast(aino: Person, bo: Person) -> Cast:
    return Cast(bo, aino, make_moderator("judge"))


@pytest.fixture
def talk(cast: Cast, make_post: Callable[..., Post]) -> Conversation:
    everything.settle(cast, timezone.now())
    return everything.happen(make_post(author=cast.bo, title="Ice"), cast, "Words")


@pytest.fixture
def addresses(talk: Conversation, cast: Cast) -> list[Address]:
    return everything.addresses(Ids(talk, cast))
