"""What tests of the conversation need beside the cast."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from comments.models import Comment
from tests.comments.court import WHY, Judge, Say, make_moderator


@pytest.fixture
def say() -> Callable[..., Comment]:
    """Stores a comment as it is, past every rule and counter: for tests of what comes after writing."""

    def say(author: Person | None, post: Post, *, parent: Comment | None = None, **columns: Any) -> Comment:
        number = Comment.objects.filter(post=post).count() + 1
        values = {
            "number": number,
            "depth": parent.depth + 1 if parent else 0,
            "path": [*(parent.path if parent else []), number],
            "body": f"Words {number}",
            "html": f"<p>Words {number}</p>",
            "excerpt": f"Words {number}",
            "renderer_version": 1,
            "published_at": timezone.now(),
        }
        return Comment.objects.create(post=post, author=author, parent=parent, **(values | columns))

    return say


@pytest.fixture
def comment(say: Say, make_post: Callable[..., Post], bo: Person) -> Comment:
    """A comment by Bo."""
    return say(bo, make_post())


@pytest.fixture
def mo(db: None) -> Person:
    """A moderator."""
    return make_moderator("mo", "Mo Derat")


@pytest.fixture
def judge(client: Client, mo: Person, comment: Comment) -> Judge:
    """``judge("hiding")``: the moderator presses that button under the comment."""

    def judge(what: str, because: str = WHY, **values: object) -> int:
        client.force_login(mo)
        address = f"/moderation/comments/{comment.pk}/{what}/"
        return client.post(address, {"because": because, **values}).status_code

    return judge
