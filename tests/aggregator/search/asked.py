"""What a search answers, as tests look at it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.utils import timezone

from aggregator.models import Post
from aggregator.search import vocabulary
from aggregator.search.matching import Answer, Asked, search
from aggregator.search.query import parse
from bloghub.people.models import Person
from comments.models import Comment
from comments.search import index_comments

Tell = Callable[..., Post]


def reply(post: Post, author: Person, text: str) -> Comment:
    """A comment that search knows."""
    number = Comment.objects.filter(post=post).count() + 1
    comment = Comment.objects.create(
        post=post,
        number=number,
        path=[number],
        author=author,
        body=text,
        html=f"<p>{text}</p>",
        renderer_version=1,
        published_at=timezone.now() - timedelta(minutes=number),
    )
    index_comments([comment.pk])
    return comment


def ask(text: str, reader: Person | AnonymousUser, **more: Any) -> Answer:
    now = timezone.now()
    return search(Asked(parse(text, now.date()), **more), reader, now)


def titles(answer: Answer) -> list[str]:
    posts = Post.objects.in_bulk([hit.post_id for hit in answer.hits])
    return [posts[hit.post_id].title for hit in answer.hits]


def facet(answer: Answer, name: str) -> dict[str, int]:
    return {value.value: value.count.number for each in answer.facets if each.name == name for value in each.values}


def count_words() -> None:
    for _ in vocabulary.count_anew():
        pass
