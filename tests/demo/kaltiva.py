"""The demo's company at one moment, for the tests of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.parse import parse_feed
from aggregator.polling.types import ParsedFeed
from demo import company, feeds, serve

EPOCH = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
LATER = EPOCH + timedelta(hours=2)  # when everything held back is out
ADDRESS = "http://127.0.0.1:8801"
KALTIVA = company.load()
DATED = KALTIVA.dated(EPOCH)
IMAGES = sorted((company.HERE / "content").glob("*/images/*.svg"))
BLOGS = pytest.mark.parametrize("blog", KALTIVA.blogs.values(), ids=lambda blog: blog.slug)


def site(epoch: datetime = EPOCH, address: str = ADDRESS) -> serve.Site:
    return serve.Site(KALTIVA, epoch, address)


def feed_of(blog: company.Blog, now: datetime = LATER, address: str = ADDRESS) -> bytes:
    answer = site(address=address).answer(blog.feed_path, now)
    assert answer is not None
    return answer.body


def polled(blog: company.Blog, address: str = ADDRESS) -> ParsedFeed:
    url = address + blog.feed_path
    media_type = feeds.FORMATS[blog.format].media_type
    return clean_feed(parse_feed(feed_of(blog, address=address), url=url, content_type=media_type), url=url)
