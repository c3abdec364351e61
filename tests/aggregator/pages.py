"""What a test reads off a page."""

from __future__ import annotations

import re
from html import unescape

from django.test import Client

from aggregator.models import Post, Tag, TaggedPost
from aggregator.models.tag import tag_slug

_TITLE = re.compile(r'<h2 class="title[^>]*><a[^>]*>(.*?)</a></h2>', re.DOTALL)


def text_of(client: Client, path: str) -> str:
    """The page's HTML; fails unless it is one."""
    response = client.get(path)
    assert response.status_code == 200, (path, response.status_code)
    return response.content.decode()


def titles(html: str) -> list[str]:
    """The titles of the rows, in their order."""
    return [unescape(title) for title in _TITLE.findall(html)]


def tag(post: Post, *names: str) -> None:
    """Puts tags on a post, as storing does."""
    for position, name in enumerate(names):
        found, _new = Tag.objects.get_or_create(slug=tag_slug(name), defaults={"name": name})
        TaggedPost.objects.create(tag=found, content_object=post, position=position, published_at=post.published_at)
