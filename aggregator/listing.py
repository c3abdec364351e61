"""The blogs of the hub as an OPML list, to be taken along. Who may see which is the caller's question."""

from __future__ import annotations

from datetime import datetime

from django.db.models import QuerySet
from django.http import HttpResponse

from aggregator.models import Blog, Feed, FeedKind
from aggregator.opml import Outline, write_opml
from bloghub.lib.urls import absolute_url


def as_opml(title: str, blogs: QuerySet[Blog], now: datetime) -> bytes:
    """Their feeds of posts, by title; without credentials, should an address hold any. One query."""
    chosen = blogs.order_by().values("pk")
    feeds = (
        Feed.objects.filter(blog__in=chosen, kind=FeedKind.POSTS).select_related("blog").order_by("blog__title", "pk")
    )
    columns = feeds.values_list("blog__title", "url", "blog__homepage_url")
    outlines = (Outline(absolute_url(url), name, absolute_url(homepage)) for name, url, homepage in columns)
    return write_opml(title, (outline for outline in outlines if outline.url), now)


def opml_answer(document: bytes) -> HttpResponse:
    """A file to keep, never a page."""
    headers = {"Content-Disposition": 'attachment; filename="blogs.opml"'}
    return HttpResponse(document, content_type="text/x-opml; charset=utf-8", headers=headers)
