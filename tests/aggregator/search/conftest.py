"""Posts that search knows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aggregator.models import Post
from aggregator.search.posts import index_posts
from tests.aggregator.pages import tag


@pytest.fixture
def tell(make_post: Callable[..., Post]) -> Callable[..., Post]:
    """Stores a post that search knows."""

    def told(title: str, text: str = "", *, tags: tuple[str, ...] = (), **columns: Any) -> Post:
        post = make_post(title=title, content_html=f"<p>{text}</p>", **columns)
        tag(post, *tags)
        index_posts([post.pk])
        return post

    return told
