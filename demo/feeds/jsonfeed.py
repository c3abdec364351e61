"""JSON Feed 1.1."""

from __future__ import annotations

import json

from demo.company import DatedPost
from demo.feeds.document import Document


def jsonfeed11(document: Document) -> bytes:
    """JSON Feed 1.1 (jsonfeed.org/version/1.1)."""
    feed = {
        "version": "https://jsonfeed.org/version/1.1",
        "title": document.blog.title,
        "description": document.blog.description,
        "home_page_url": document.homepage,
        "feed_url": document.url,
        "language": document.blog.language,
        "items": [_jsonfeed_item(document, dated) for dated in document.posts],
    }
    return json.dumps(feed, ensure_ascii=False, indent=1).encode()


def _jsonfeed_item(document: Document, dated: DatedPost) -> dict[str, object]:
    post = dated.post
    item: dict[str, object] = {
        "id": document.guid(post),
        "url": document.link(post),
        "title": post.title,
        "content_html": post.html(document.address),
        "date_published": dated.published_at.isoformat(),
        "authors": [{"name": post.author.display_name}],
        "tags": list(post.tags),
    }
    if post.summary:
        item["summary"] = post.summary
    if dated.updated_at != dated.published_at:
        item["date_modified"] = dated.updated_at.isoformat()
    return item
