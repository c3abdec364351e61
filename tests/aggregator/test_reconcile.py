"""Data against what we have: new, edited, the same; and where a post stands in the rivers."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from aggregator.polling.identity import KnownPost
from aggregator.polling.reconcile import reconcile, river_time
from aggregator.polling.types import IncomingPost

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
POST = IncomingPost(
    guid="a",
    permalink="https://blogs.example/a",
    title="A",
    author_name="",
    author_email="",
    content_html="<p>a</p>",
    excerpt="a",
    language="en",
    word_count=1,
    published_at=NOW - timedelta(days=1),
    updated_at=None,
    tags=(),
    enclosures=(),
    content_hash="1",
)
STORED = KnownPost(7, POST.guid, POST.permalink, POST.title, NOW - timedelta(days=1), POST.content_hash)


def test_an_unknown_guid_is_a_new_post_with_its_own_date() -> None:
    [create] = reconcile([], [POST], NOW).create
    assert create.post is POST
    assert create.published_at == NOW - timedelta(days=1)


def test_a_changed_hash_is_an_edit_of_the_same_post() -> None:
    intents = reconcile([STORED], [replace(POST, content_hash="2")], NOW)
    assert [update.id for update in intents.update] == [7]
    assert not intents.create


def test_the_same_hash_says_nothing_new() -> None:
    intents = reconcile([STORED], [POST], NOW)
    assert (intents.create, intents.update, intents.skipped) == ((), (), 1)


def test_a_post_that_left_the_feed_is_left_alone() -> None:
    intents = reconcile([STORED, replace(STORED, id=6, guid="old")], [POST], NOW)
    assert not intents.update


@pytest.mark.parametrize(
    "stated",
    [
        None,
        NOW + timedelta(days=9),
        datetime(2099, 1, 1, tzinfo=UTC),
        datetime(1970, 1, 1, tzinfo=UTC),
        datetime(1, 1, 1, tzinfo=UTC),
    ],
)
def test_an_impossible_date_means_now(stated: datetime | None) -> None:
    assert river_time(stated, NOW) == NOW


def test_posts_without_dates_keep_the_order_of_their_document() -> None:
    undated = [replace(POST, guid=str(number), published_at=None) for number in range(3)]
    times = [create.published_at for create in reconcile([], undated, NOW).create]
    assert times == sorted(times, reverse=True)
    assert len(set(times)) == 3
