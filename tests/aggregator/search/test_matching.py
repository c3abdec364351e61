"""What a search finds, in which order, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Post
from aggregator.search.matching import Answer, Asked, Tab, search
from aggregator.search.posts import index_posts
from aggregator.search.query import parse
from bloghub.people.models import Person


@pytest.fixture
def told(make_post: Callable[..., Post]) -> Callable[..., Post]:
    """Stores a post that search knows."""

    def tell(title: str, text: str = "", **columns: object) -> Post:
        post = make_post(title=title, content_html=f"<p>{text}</p>", **columns)
        index_posts([post.pk])
        return post

    return tell


def ask(text: str, person: Person, **more: object) -> Answer:
    now = timezone.now()
    return search(Asked(parse(text, now.date()), **more), person, now)


def titles(answer: Answer) -> list[str]:
    posts = Post.objects.in_bulk([hit.post_id for hit in answer.hits])
    return [posts[hit.post_id].title for hit in answer.hits]


def test_words_are_found_in_titles_first(told: Callable[..., Post], aino: Person) -> None:
    told("Weather", "a storm of engines", ago=timedelta(days=2))
    told("Engines", "of ships", ago=timedelta(days=900))
    told("Other", "nothing")
    answer = ask("engine", aino)
    assert titles(answer) == ["Engines", "Weather"]
    assert answer.counts[Tab.ALL].number == 2
