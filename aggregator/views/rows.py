"""Posts in a list: a list asks only for what tells its rows apart, and for whole posts once a row is not kept."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from datetime import datetime
from functools import cached_property
from typing import Any

from aggregator.models import Post
from aggregator.models.post import PostQuerySet
from bloghub.lib.paging import RIVER, Order, Page, paginate


class Posts:
    """The whole posts of one page, fetched together when the first of them is wanted."""

    def __init__(self, pks: list[int]) -> None:
        self._pks = pks

    @cached_property
    def by_pk(self) -> Mapping[int, Post]:
        return Post.objects.for_rows().in_bulk(self._pks)


class PostRow:
    """One post in a list. ``key`` changes whenever its row would look different (templatetags/rows.py)."""

    __slots__ = ("_posts", "blog_id", "blog_title", "key", "pk", "published_at")

    def __init__(self, found: Any, posts: Posts) -> None:
        self._posts = posts
        self.key: Hashable = found
        self.pk: int = found.pk
        self.published_at: datetime = found.published_at
        self.blog_id: int = found.blog_id
        self.blog_title: str = found.blog__title

    @property
    def post(self) -> Post | None:
        """The whole post; None when it went away since the list was asked for."""
        return self._posts.by_pk.get(self.pk)


def post_page(posts: PostQuerySet, query: Mapping[str, str], order: Order = RIVER) -> Page[PostRow]:
    """The page of these posts that the address asks for: one query, and a second one when a row is not kept."""
    page: Page[Any] = paginate(posts.row_keys(), query, order)
    whole = Posts([found.pk for found in page.rows])
    return Page([PostRow(found, whole) for found in page.rows], page.newer, page.older)
