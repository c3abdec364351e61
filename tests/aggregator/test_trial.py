"""A feed tried out before an admin's eyes: every step told, the real client used, nothing stored."""

from __future__ import annotations

import re
from collections.abc import Callable
from hashlib import blake2b
from html import unescape

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Feed, PollHour, Post
from tests.aggregator.feeds import rss
from tests.everything import tables
from tests.web import Answer, Web

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(make_blog: Callable[..., Blog], web: Web) -> Feed:
    return make_blog("Engines", url=f"{web.url}/feed").feeds.get()


def tried_out(desk: Client, feed: Feed) -> str:
    answer = desk.post(f"/admin/aggregator/feed/{feed.pk}/test/")
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())))


def test_a_good_feed_is_shown_step_by_step(desk: Client, feed: Feed, web: Web) -> None:
    web.routes["/feed"] = Answer(rss("one", "two", blog="Engine diary"), headers={"ETag": '"1"'})
    shown = tried_out(desk, feed)
    steps = ("Address judged", "Connected", "Request sent", "Server answered", "Document received", "Document read")
    places = [shown.index(step) for step in (*steps, "Would be stored", "Afterwards")]
    assert places == sorted(places)
    for words in (web.address, "GET /feed HTTP/1.1", "200 OK", 'Etag: "1"', "“Engine diary”, 2 entries", "2 new posts"):
        assert words in shown
    assert "The feed answers well." in shown


def test_nothing_is_stored(desk: Client, feed: Feed, web: Web) -> None:
    web.routes["/feed"] = rss("one", "two")
    before = tables()
    tried_out(desk, feed)
    after = tables()
    assert {name for name in after if after[name] != before[name]} == set()
    assert not Post.objects.exists()
    assert not PollHour.objects.exists()


def test_it_asks_for_the_whole_document(desk: Client, feed: Feed, web: Web) -> None:
    body = rss("one")
    known = blake2b(body, digest_size=16).hexdigest()  # as the last poll left it: the very same document
    Feed.objects.update(etag='"1"', last_modified="Mon, 02 Nov 2026 10:00:00 GMT", body_hash=known)
    web.routes["/feed"] = Answer(body, headers={"ETag": '"1"'})
    assert "1 new posts" in tried_out(desk, feed)
    assert "if-none-match" not in web.last("/feed").headers


def test_every_redirect_is_judged_and_shown(desk: Client, feed: Feed, web: Web) -> None:
    web.routes |= {"/feed": Answer.redirect("/moved", 301), "/moved": Answer.redirect("http://169.254.169.254/x")}
    shown = tried_out(desk, feed)
    assert "301 Moved Permanently Server:" in shown
    assert "Location: /moved" in shown
    assert "redirects to an address that is not allowed" in shown
    assert shown.count("Address judged") == 3
    assert "entries" not in shown


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (Answer(status=404), "There is nothing at this address (404). Did the blog move"),
        (Answer(b"<!doctype html><html><body>Hi"), "The address answers with a web page, not a feed."),
        (Answer(status=503, headers={"Retry-After": "60"}), "The server has trouble of its own (503)."),
        (Answer(raw=b"nonsense\r\n\r\n"), "does not speak proper HTTP"),
    ],
)
def test_what_goes_wrong_is_told_with_advice(desk: Client, feed: Feed, web: Web, answer: Answer, words: str) -> None:
    web.routes["/feed"] = answer
    shown = tried_out(desk, feed)
    assert words in shown
    assert "The feed answers well." not in shown


def test_an_address_that_is_refused_is_not_visited(desk: Client, feed: Feed, web: Web, settings: Settings) -> None:
    settings.FETCH_ALLOW = ""
    shown = tried_out(desk, feed)
    assert f"BLOGHUB_FETCH_ALLOW={web.address}" in shown
    assert web.requests == []


def test_what_the_server_says_is_shown_as_text(desk: Client, feed: Feed, web: Web) -> None:
    web.routes["/feed"] = Answer(
        rss("one", blog="<script>alert(1)</script>"), headers={"X-Evil": "<b>\x1b[31m", "Set-Cookie": "id=secret"}
    )
    html = desk.post(f"/admin/aggregator/feed/{feed.pk}/test/").content.decode()
    assert "<script>alert" not in html
    assert "X-Evil: &lt;b&gt;?[31m" in html
    assert "id=secret" not in html


def test_opening_the_address_again_leads_to_the_feeds_polls(desk: Client, feed: Feed, web: Web) -> None:
    answer = desk.get(f"/admin/aggregator/feed/{feed.pk}/test/")
    assert answer.status_code == 302
    assert answer["Location"] == f"/admin/aggregator/feed/{feed.pk}/polls/"
    assert web.requests == []


def test_a_trial_leaves_a_lease_alone(desk: Client, feed: Feed, web: Web) -> None:
    web.routes["/feed"] = rss("one")
    claim = Feed.objects.filter(pk=feed.pk).claim(timezone.now(), limit=1)
    tried_out(desk, feed)
    assert Feed.objects.held(claim.token).exists()
