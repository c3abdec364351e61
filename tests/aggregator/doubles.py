"""Blogs that have posts in common: a blogger's, a planet's and a team's, for tests of posts in several feeds."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from aggregator.models import Appearance, Blog, Feed, Post
from aggregator.polling.store import store
from aggregator.polling.types import IncomingPost
from tests.aggregator.incoming import NOW, claim, finding, incoming

MakeBlog = Callable[..., Blog]


def blog_at(make_blog: MakeBlog, name: str, **columns: Any) -> Feed:
    """The feed of a blog whose homepage is https://NAME.example/; ``name`` may hold a path."""
    host, _slash, path = name.partition("/")
    home = f"https://{host}.example/{path}"
    return make_blog(f"Blog {name}", url=f"{home.rstrip('/')}/feed.xml", homepage_url=home, **columns).feeds.get()


def boats(guid: str = "boats", **columns: Any) -> IncomingPost:
    """A post of aino.example, as any feed may bring it."""
    values = {"permalink": "https://aino.example/boats", "title": "On boats", "content_hash": "1" * 32}
    return incoming(guid, **(values | columns))


def poll_together(*brought: tuple[Feed, list[IncomingPost]]) -> None:
    """One transaction for all of them."""
    token = claim(*(feed for feed, _posts in brought))
    store([finding(feed, *posts) for feed, posts in brought], token, NOW)


def stands() -> list[tuple[str, str, list[str]]]:
    """Every post: its title, its home, and the other blogs that list it."""
    shown = Appearance.objects.filter(is_shown=True).order_by("pk")
    return [
        (post.title, post.blog.title, list(shown.filter(post=post).values_list("blog__title", flat=True)))
        for post in Post.objects.select_related("blog").order_by("pk")
    ]


def counts() -> dict[str, int]:
    """How many posts each blog says it has."""
    return dict(Blog.objects.values_list("title", "post_count"))
