"""The demo's feeds are what they claim to be, and the hub reads what was written."""

from __future__ import annotations

import json
import re
from collections import Counter
from datetime import timedelta
from urllib.parse import urlsplit

import feedparser
import pytest

from aggregator.polling.parse import parse_feed
from demo import company, feeds, sound
from tests.demo.kaltiva import ADDRESS, BLOGS, DATED, EPOCH, KALTIVA, LATER, feed_of, polled, site


@BLOGS
def test_the_feed_is_well_formed_and_of_its_format(blog: company.Blog) -> None:
    body, version = feed_of(blog), feeds.FORMATS[blog.format].version
    if version == "jsonfeed11":
        assert json.loads(body)["version"] == "https://jsonfeed.org/version/1.1"
        return
    parsed = feedparser.parse(body)
    assert not parsed.bozo
    assert parsed.version == version
    assert parsed.feed.title == blog.title


@BLOGS
def test_the_hub_reads_what_was_written(blog: company.Blog) -> None:
    feed = polled(blog)
    written = {ADDRESS + item.post.path: item for item in DATED if item.post.blog == blog}
    assert (feed.title, feed.language, feed.notes) == (blog.title, blog.language, ())
    assert {post.permalink for post in feed.posts} == set(written)
    for post in feed.posts:
        item = written[post.permalink]
        assert post.title == item.post.title
        assert post.language == item.post.language
        assert (post.published_at or post.updated_at) in {item.published_at, item.updated_at}
        assert post.author_name in {item.post.author.display_name, ""}
        assert post.excerpt


@BLOGS
def test_the_gate_takes_nothing_out(blog: company.Blog) -> None:
    if blog.format == "rss092":
        pytest.skip("it publishes summaries only")
    written = {ADDRESS + item.post.path: item.post.body for item in DATED if item.post.blog == blog}
    for post in polled(blog).posts:
        assert Counter(re.findall(r"<(\w+)", post.content_html)) == Counter(
            re.findall(r"<(\w+)", written[post.permalink])
        )


def test_one_blog_gives_summaries_only() -> None:
    blog = KALTIVA.blogs["first-read"]
    assert all(post.word_count < 40 and "<p>" not in post.content_html for post in polled(blog).posts)


@BLOGS
def test_guids_are_unique_and_survive_a_restart(blog: company.Blog) -> None:
    runs = [parse_feed(feed_of(blog, now), url=ADDRESS).entries for now in (EPOCH, LATER)]
    before, after = ({entry.permalink: entry.guid or entry.permalink for entry in run} for run in runs)
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(runs[1])


@BLOGS
def test_guids_do_not_hang_on_the_port_where_the_format_has_any(blog: company.Blog) -> None:
    if blog.format in {"rss091", "rss092"}:
        pytest.skip("RSS 0.9x has no guid: the permalink stands in")
    there = [post.guid for post in polled(blog, "http://127.0.0.1:9999").posts]
    assert there == [post.guid for post in polled(blog).posts]


def test_links_relative_to_xml_base_become_whole() -> None:
    body = feed_of(KALTIVA.blogs["night-flow"]).decode()
    assert 'href="/under-gatan/' in body.replace("&quot;", '"') or "href=&quot;/under-gatan/" in body
    html = " ".join(post.content_html for post in polled(KALTIVA.blogs["night-flow"]).posts)
    assert f'href="{ADDRESS}/under-gatan/klockan-tre/"' in html


def test_episodes_carry_their_recording() -> None:
    for post in polled(KALTIVA.blogs["line-pressure"]).posts:
        (enclosure,) = post.enclosures
        assert (enclosure.media_type, enclosure.duration) == ("audio/wav", sound.SECONDS)
        answer = site().answer(urlsplit(enclosure.url).path, LATER)
        assert answer is not None and len(answer.body) == enclosure.length


def test_what_is_held_back_is_nowhere_until_its_time() -> None:
    path = "/pump-house-diary/the-wheel-is-on-its-way/"
    for minutes, there in ((0, False), (2, False), (3, True)):
        now = EPOCH + timedelta(minutes=minutes)
        assert (path.encode() in feed_of(KALTIVA.blogs["pump-house-diary"], now)) is there
        assert (site().answer(path, now) is not None) is there
