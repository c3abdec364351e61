"""The conversation on the page of a post."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from aggregator.models import Post, Reading
from bloghub.people.models import Person
from comments.models import Thread
from tests.aggregator.pages import text_of
from tests.comments.threads import say

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def test_it_shows_who_speaks_where_from_and_what_they_say(
    reader: Client, make_post: MakePost, bo: Person, aino: Person
) -> None:
    post = make_post(author=bo)
    first = say(post, aino, "Is it true?")
    say(post, bo, "Nearly.", first)
    html = text_of(reader, post.get_absolute_url())
    assert "2 comments. 2 people take part. They write from 2 places. 1 answers another comment." in html
    assert html.index("Is it true?") < html.index("1 answer<") < html.index("Nearly.")
    assert "wrote this post" in html
    assert f'href="/comments/{first.pk}/"' in html
