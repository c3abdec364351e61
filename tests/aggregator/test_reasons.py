"""Every reason a poll can fail for has a number in the history, a few words for charts, and advice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from aggregator.health import reasons
from aggregator.models import Feed, FeedState
from aggregator.polling.history import OTHER, Visit, pack, unpack
from tests.aggregator.incoming import NOW

ROOT = Path(__file__).resolve().parent.parent.parent
_NOT_STORED = {"not_tried"}  # says nothing about its feed (polling/poll.py)
# Where a trouble is made: by its class, by the parser's short form, by a refusal, in a table of sentences
_MADE = re.compile(
    r"(?:Trouble\(\s*TroubleKind\.\w+,|FetchError\(\s*\w+,|not_a_feed\(|[Rr]efus(?:al|e)\(|Error, \w+,)\s*\"([a-z_]+)\""
)
_OF_DOCUMENTS = re.compile(r'": \("([a-z_]+)", "The address answers')


def codes() -> list[str]:
    files = [*(ROOT / "bloghub/lib").glob("*.py"), *(ROOT / "aggregator/polling").glob("*.py")]
    found = {
        code for file in files for code in _MADE.findall(file.read_text()) + _OF_DOCUMENTS.findall(file.read_text())
    }
    return sorted(found - _NOT_STORED)


def test_the_codes_are_found() -> None:
    """Or the others would show nothing."""
    assert {"dns", "web_page", "blocked_port", "not_listed", "parser_died", "deadline", "redirect_loop"} <= set(codes())


@pytest.mark.parametrize("code", codes())
def test_every_code_has_a_number_words_and_advice(code: str) -> None:
    assert unpack(pack(Visit(NOW, code))).outcome == code
    assert reasons.label(code) != reasons.label(OTHER)
    assert reasons.advice(code)


@pytest.mark.parametrize(
    ("code", "label", "has_advice"),
    [
        ("http_404", "not found (404)", True),
        ("http_502", "server trouble (502)", True),
        ("http_418", "other answer (418)", False),
        ("from_tomorrow", "other trouble", False),
    ],
)
def test_statuses_and_unknown_words_have_a_name(code: str, label: str, has_advice: bool) -> None:
    assert reasons.label(code) == label
    assert bool(reasons.advice(code)) == has_advice


def test_a_web_page_where_there_never_was_a_feed_did_not_move() -> None:
    feed = Feed(last_error_code="web_page", last_error="The address answers with a web page, not a feed.")
    assert reasons.reason(feed) == feed.last_error
    feed.last_good_at = NOW
    assert reasons.reason(feed) == "The address now answers with a web page, not a feed; did the blog move?"


def test_a_feed_that_is_well_has_no_reason() -> None:
    assert reasons.reason(Feed()) == reasons.advice("") == ""
    assert "410" in reasons.reason(Feed(state=FeedState.GONE))
