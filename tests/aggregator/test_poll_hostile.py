"""Feeds that break things, polled for real: a reason on the feed, nothing lost, nothing else disturbed."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.models import Blog, Feed, Post
from aggregator.polling.poll import poll_now
from tests.aggregator.feeds import rss
from tests.corpus import CORPUS, needs_corpus
from tests.web import Answer, Web

MakeBlog = Callable[..., Blog]


def poll_all() -> None:
    Feed.objects.update(next_poll_at=timezone.now(), state="active")
    list(poll_now(Feed.objects.all()))


def feed(body: str, *, head: str = "") -> bytes:
    return f"<?xml version='1.0'?>{head}<rss version='2.0'><channel><title>t</title>{body}</channel></rss>".encode()


@needs_corpus
def test_no_hostile_file_disturbs_a_healthy_feed(web: Web, make_blog: MakeBlog) -> None:
    files = sorted(path for path in (CORPUS / "hostile").iterdir() if path.name != "expect.tsv")
    assert len(files) == 49
    for path in files:
        web.routes["/" + path.name] = path.read_bytes()
        make_blog(url=f"{web.url}/{path.name}")
    web.routes["/healthy"] = rss("Fine")
    healthy = make_blog(url=web.url + "/healthy")
    poll_all()
    assert healthy.posts.get().title == "Fine"
    assert not Feed.objects.filter(last_polled_at=None).exists()
    for ill in Feed.objects.exclude(last_error=""):
        assert ill.last_error.endswith((".", "?")), ill.url
        assert ill.last_error_code not in {"internal", "not_storable"}, ill.url
    before = dict(Post.objects.values_list("pk", "content_hash"))
    poll_all()
    after = dict(Post.objects.values_list("pk", "content_hash"))
    assert after.items() >= before.items()
    assert {request.path for request in web.requests} <= {"/healthy", *(f"/{path.name}" for path in files)}


@needs_corpus
@pytest.mark.parametrize(
    "name",
    ["latin1-bytes-declared-utf8.rss", "leading-junk.rss", "unknown-charset.rss", "windows-1252-declared-latin1.rss"],
)
def test_badly_encoded_feeds_are_read(web: Web, make_blog: MakeBlog, name: str) -> None:
    web.routes["/feed"] = (CORPUS / "hostile" / name).read_bytes()
    blog = make_blog(url=web.url + "/feed")
    poll_all()
    assert blog.posts.exists(), Feed.objects.get().last_error


def test_good_entries_before_the_break_are_stored(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("One", "Two", "Three")[:-120]
    make_blog(url=web.url + "/feed")
    poll_all()
    assert {"One", "Two"} <= set(Post.objects.values_list("title", flat=True))
    assert Feed.objects.get().notes


def test_impossible_dates_do_not_pin_a_post_to_the_top(web: Web, make_blog: MakeBlog) -> None:
    dates = {"future": "Thu, 01 Jan 2099 00:00:00 GMT", "epoch": "Thu, 01 Jan 1970 00:00:00 GMT", "none": "soon"}
    items = "".join(f"<item><title>{n}</title><guid>{n}</guid><pubDate>{d}</pubDate></item>" for n, d in dates.items())
    web.routes["/feed"] = feed("<item><title>first</title><guid>first</guid></item>")
    make_blog(url=web.url + "/feed")
    poll_all()
    web.routes["/feed"] = feed(items)  # what comes later is new, and not a new blog's history
    before = timezone.now()
    poll_all()
    posts = Post.objects.exclude(guid="first")
    assert len(posts) == len(dates)
    for post in posts:
        assert before - timedelta(seconds=1) < post.published_at <= timezone.now()


def test_a_title_of_a_megabyte_is_cut(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = feed(f"<item><guid>1</guid><title>{'long ' * 200_000}</title></item>")
    make_blog(url=web.url + "/feed")
    poll_all()
    assert 100 < len(Post.objects.get().title) <= 1000


def test_a_feed_of_too_many_entries_gives_the_newest_and_says_so(web: Web, make_blog: MakeBlog) -> None:
    items = "".join(f"<item><title>{n}</title><guid>{n}</guid></item>" for n in range(3000))
    web.routes["/feed"] = feed(items)
    make_blog(url=web.url + "/feed")
    poll_all()
    assert Post.objects.count() == 500
    assert "500" in Feed.objects.get().notes


@pytest.mark.parametrize(
    "entities",
    [
        "<!DOCTYPE r [<!ENTITY a 'aaaaaaaaaa'>"
        + "".join(f"<!ENTITY {'abcdefghi'[n + 1]} '{('&' + 'abcdefghi'[n] + ';') * 10}'>" for n in range(8))
        + "]>",
        "<!DOCTYPE r [<!ENTITY i SYSTEM 'file:///etc/passwd'>]>",
    ],
)
def test_entities_are_never_expanded(web: Web, make_blog: MakeBlog, entities: str) -> None:
    web.routes["/feed"] = feed("<item><title>&i;</title><guid>1</guid></item>", head=entities)
    make_blog(url=web.url + "/feed")
    poll_all()
    assert not Post.objects.filter(title__contains="root:").exists()
    assert not Post.objects.filter(title__contains="aaaaaaaaaaaaaaaaaaaa").exists()


def test_a_compressed_bomb_is_refused_and_what_is_stored_stays(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("One")
    make_blog(url=web.url + "/feed")
    poll_all()
    web.routes["/feed"] = Answer(gzip.compress(b" " * 200_000_000), headers={"Content-Encoding": "gzip"})
    poll_all()
    assert Feed.objects.get().last_error_kind == "too_large"
    assert Post.objects.get().title == "One"
