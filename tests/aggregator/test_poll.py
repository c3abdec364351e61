"""One poll from the socket to the row: real HTTP, real parser, real PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from aggregator.models import Blog, Feed, FeedState, Post
from aggregator.polling.poll import PollOutcome, poll_feeds, poll_now
from aggregator.polling.types import FeedRequest, FetchedFeed
from aggregator.tasks import claim_due_feeds
from tests.aggregator.feeds import rss
from tests.corpus import CORPUS, needs_corpus
from tests.web import Answer, Web

MakeBlog = Callable[..., Blog]


def poll_all() -> list[PollOutcome]:
    Feed.objects.update(next_poll_at=timezone.now())
    return list(poll_now(Feed.objects.all()))


def test_a_feed_is_polled_into_posts(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("Two &amp; a half", "One")
    blog = make_blog(url=web.url + "/feed")
    [outcome] = poll_all()
    assert (outcome.created, outcome.trouble) == (2, None)
    assert list(blog.posts.order_by("-published_at").values_list("title", flat=True)) == ["Two & a half", "One"]


def test_an_edit_in_the_feed_changes_the_post(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("One frist")
    make_blog(url=web.url + "/feed")
    poll_all()
    web.routes["/feed"] = rss("One first")
    [outcome] = poll_all()
    assert (outcome.created, outcome.updated) == (0, 1)
    assert Post.objects.get().title == "One first"


def test_validators_are_sent_and_304_is_understood(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = Answer(rss("One"), headers={"ETag": '"v1"', "Last-Modified": "Fri, 20 Nov 2026 09:00:00 GMT"})
    make_blog(url=web.url + "/feed")
    poll_all()
    [outcome] = poll_all()
    asked = web.last("/feed").headers
    assert (asked["if-none-match"], asked["if-modified-since"]) == ('"v1"', "Fri, 20 Nov 2026 09:00:00 GMT")
    assert outcome.unchanged
    assert Feed.objects.get().etag == '"v1"'


def test_the_same_body_without_validators_is_not_parsed_again(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    web.routes["/feed"] = rss("One")
    make_blog(url=web.url + "/feed")
    poll_all()
    monkeypatch.setattr("aggregator.polling.poll.parser.parse", lambda *a, **k: pytest.fail("parsed again"))
    [outcome] = poll_all()
    assert outcome.unchanged


@pytest.mark.parametrize(
    ("answer", "kind"),
    [
        (Answer(b"<html><body>Hello</body></html>", headers={"Content-Type": "text/html"}), "not_a_feed"),
        (Answer(b""), "not_a_feed"),
        (Answer(b"gone", status=410), "not_reachable"),
        (Answer(b"no", status=500), "not_reachable"),
        (Answer.redirect("/feed"), "not_reachable"),
        (Answer.redirect("http://169.254.169.254/latest"), "not_allowed"),
        (Answer(b"x" * (6 * 1024 * 1024)), "too_large"),
    ],
)
def test_trouble_is_said_and_harms_nothing_stored(web: Web, make_blog: MakeBlog, answer: Answer, kind: str) -> None:
    web.routes["/feed"] = rss("One")
    make_blog(url=web.url + "/feed")
    poll_all()
    web.routes["/feed"] = answer
    [outcome] = poll_all()
    feed = Feed.objects.get()
    assert outcome.trouble is not None
    assert (outcome.trouble.kind, feed.last_error_kind) == (kind, kind)
    assert feed.last_error.endswith(".")
    assert feed.consecutive_failures == 1
    assert Post.objects.get().title == "One"


def test_one_ill_feed_disturbs_no_other(web: Web, make_blog: MakeBlog) -> None:
    for number in range(6):
        web.routes[f"/{number}"] = rss(f"Post-{number}")
        make_blog(url=f"{web.url}/{number}")
    web.routes["/1"] = Answer(raw=b"\x00\x01 garbage")
    web.routes["/2"] = rss("Bad").replace(b"Bad</title>", b"Bad \x00 \xff</title>")
    web.routes["/3"] = Answer(status=404)
    troubled = {outcome.url[-1] for outcome in poll_all() if outcome.trouble}
    assert troubled == {"1", "3"}
    assert Post.objects.count() == 4


def test_a_feed_that_breaks_our_own_code_breaks_no_other(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    from aggregator.polling import poll  # noqa: PLC0415 - the original is needed beside the patch

    parse = poll.parser.parse

    def breaking(body: bytes, *, url: str, content_type: str = "") -> object:
        if url.endswith("/bad"):
            raise RuntimeError("a bug of ours")
        return parse(body, url=url, content_type=content_type)

    monkeypatch.setattr(poll.parser, "parse", breaking)
    for name in ("good", "bad"):
        web.routes[f"/{name}"] = rss(name)
        make_blog(url=f"{web.url}/{name}")
    poll_all()
    assert Post.objects.get().title == "good"
    assert Feed.objects.get(url__endswith="/bad").last_error_code == "internal"


def test_a_value_the_database_refuses_fails_its_own_feed_only(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.polling import posting  # noqa: PLC0415 - the original is needed beside the patch

    columns = posting._columns
    monkeypatch.setattr(
        posting,
        "_columns",
        lambda post, author: columns(post, author) | ({"language": "x" * 99} if post.title == "bad" else {}),
    )
    for name in ("good", "bad"):
        web.routes[f"/{name}"] = rss(name)
        make_blog(url=f"{web.url}/{name}")
    poll_all()
    assert Post.objects.get().title == "good"
    assert Feed.objects.get(url__endswith="/bad").last_error_code == "not_storable"
    assert Feed.objects.get(url__endswith="/bad").consecutive_failures == 1


def test_a_second_delivery_of_the_same_batch_does_nothing(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = rss("One")
    make_blog(url=web.url + "/feed")
    claim = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=9)
    assert len(poll_feeds(claim.feed_ids, claim.token)) == 1
    assert poll_feeds(claim.feed_ids, claim.token) == []
    assert web.count("/feed") == 1


def test_gone_is_not_asked_again(web: Web, make_blog: MakeBlog) -> None:
    web.routes["/feed"] = Answer(status=410)
    make_blog(url=web.url + "/feed")
    poll_all()
    assert Feed.objects.get().state == FeedState.GONE
    assert not Feed.objects.due(timezone.now() + timedelta(days=400)).exists()


@needs_corpus
def test_a_feed_that_kills_the_parser_is_quarantined_after_three_times(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.polling import poll  # noqa: PLC0415
    from aggregator.polling.types import Trouble, TroubleKind  # noqa: PLC0415

    web.routes["/feed"] = rss("One")
    make_blog(url=web.url + "/feed")
    death = Trouble(TroubleKind.NOT_A_FEED, "parser_died", "Reading this feed ended the parser.")
    monkeypatch.setattr(poll.parser, "parse", lambda *a, **k: death)
    states = []
    for _ in range(3):
        poll_all()
        states.append(Feed.objects.get().state)
    assert states == ["active", "active", "quarantined"]


@needs_corpus
def test_every_real_feed_of_the_corpus_is_stored(web: Web, make_blog: MakeBlog) -> None:
    index = [line.split("\t") for line in (CORPUS / "index.tsv").read_text().splitlines()]
    column = {name: number for number, name in enumerate(index[0])}
    expected = {
        row[column["file"]]: int(row[column["entries"]])
        for row in index[1:]
        if row[column["file"]].startswith("feeds/")
    }
    for name in expected:
        web.routes["/" + name] = (CORPUS / name).read_bytes()
        make_blog(url=f"{web.url}/{name}")
    assert [outcome for outcome in poll_all() if outcome.trouble] == []
    stored = {
        feed.url.removeprefix(web.url + "/"): feed.posts.count() + feed.appearances.count()
        for feed in Feed.objects.all()
    }
    assert len(expected) == 240
    different = {name: expected[name] - stored[name] for name in expected if stored[name] != expected[name]}
    assert different == {"feeds/sneer.org-92d90f.rss": 1}  # holds one entry twice, equal in every byte
    assert all(outcome.unchanged for outcome in poll_all())


@pytest.mark.parametrize(
    "headers",
    [
        {"Cache-Control": "max-age=60", "Age": "9" * 5000},
        {"Expires": "Thu, 01 Jan 99999999999 00:00:00 GMT", "Date": "Fri, 20 Nov 2026 09:00:00 GMT"},
        {"Retry-After": "Thu, 01 Jan 99999999999 00:00:00 GMT"},
        {"Last-Modified": "\x7f" * 50, "ETag": '"' + "é" * 50},
    ],
)
def test_nonsense_in_a_header_harms_nobody(web: Web, make_blog: MakeBlog, headers: dict[str, str]) -> None:
    for name in ("good", "odd"):
        web.routes[f"/{name}"] = Answer(rss(name), headers=headers if name == "odd" else {})
        make_blog(url=f"{web.url}/{name}")
    assert [outcome.trouble for outcome in poll_all()] == [None, None]
    assert Post.objects.count() == 2
    assert not Feed.objects.exclude(lease_token=None).exists()


def test_a_bug_in_fetching_one_feed_is_that_feeds_trouble(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from aggregator.polling import fetch  # noqa: PLC0415 - the original is needed beside the patch

    interpret = fetch.interpret

    def breaking(request: FeedRequest, answer: object) -> FetchedFeed:
        if request.url.endswith("/bad"):
            raise RuntimeError("a bug of ours")
        return interpret(request, answer)  # type: ignore[arg-type]  # handed through

    monkeypatch.setattr(fetch, "interpret", breaking)
    for name in ("good", "bad"):
        web.routes[f"/{name}"] = rss(name)
        make_blog(url=f"{web.url}/{name}")
    poll_all()
    assert Post.objects.get().title == "good"
    assert Feed.objects.get(url__endswith="/bad").last_error_code == "internal"


def test_a_batch_without_time_keeps_what_it_has_and_gives_the_rest_back(
    web: Web, make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        web.routes[f"/{number}"] = rss(f"Post-{number}")
        make_blog(url=f"{web.url}/{number}")
    clock = iter(range(0, 10_000, 50))  # every look at the clock is fifty seconds later
    monkeypatch.setattr("aggregator.polling.poll.monotonic", lambda: float(next(clock)))
    claim = Feed.objects.due(timezone.now()).claim(timezone.now(), limit=9)
    outcomes = poll_feeds(claim.feed_ids, claim.token)
    assert 1 <= len(outcomes) < 3
    assert Post.objects.count() == len(outcomes)
    assert Feed.objects.due(timezone.now()).count() == 3 - len(outcomes)


def test_when_the_broker_is_away_nothing_stays_leased(make_blog: MakeBlog, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_arguments: object, **_options: object) -> None:
        raise OperationalError("no broker")

    make_blog()
    monkeypatch.setattr("aggregator.tasks.poll_feeds.apply_async", away)
    with pytest.raises(OperationalError):
        claim_due_feeds()
    assert Feed.objects.due(timezone.now()).count() == 1
