"""Two beats at once, and a clock that is set back an hour: with real processes, on feeds whose server counts.

The machine's own clock is not touched: what the hub wrote down is put an hour ahead, which is the same to it.
(tests/test_beat.py has the clock of beat itself.)
"""

from __future__ import annotations

import re
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.blogs import Blogs
from tests.hub import Hub
from tests.scale import FULL, at_length
from tests.web import Web, serve

FEEDS = 30
SECONDS = 600 if FULL else 0  # of two beats, beyond the first claims of each
CLAIM = re.compile(r"Task aggregator\.tasks\.claim_due_feeds\[[0-9a-f-]+\] received")
AN_HOUR_AHEAD = """
UPDATE aggregator_feed SET last_polled_at = last_polled_at + interval '1 hour',
    next_poll_at = next_poll_at + interval '1 hour', lease_until = lease_until + interval '1 hour'
"""
SOON = "SELECT max(next_poll_at - now()) <= interval '6 minutes' FROM aggregator_feed"


@pytest.fixture
def blogs() -> Iterator[Web]:
    with serve({}) as web:
        yield web


@at_length
def test_two_beats_poll_nothing_twice_and_a_clock_set_back_holds_up_nothing(tmp_path: Path, blogs: Web) -> None:
    with Hub(tmp_path / "hub", allow=blogs.address) as hub:
        all_blogs = Blogs(blogs, FEEDS)
        all_blogs.register(hub)
        hub.start("worker")
        beats = [hub.start("beat"), hub.start("beat")]
        two_beats(hub, all_blogs)
        for beat in beats:
            hub.end(beat)
        set_back(hub, all_blogs)


def two_beats(hub: Hub, blogs: Blogs) -> None:
    """Whatever they send, what has been claimed is not due."""
    log = hub.data_dir / "worker.log"
    blogs.publish()
    hub.rows("UPDATE aggregator_feed SET next_poll_at = now()")
    hub.until(lambda: len(CLAIM.findall(log.read_text())) >= 3, "both beats have sent claims")
    time.sleep(SECONDS)
    hub.until(lambda: blogs.is_stored(hub), "all is stored")
    blogs.check(hub)
    assert Counter(blogs.polls.values()) == {1: FEEDS}


def set_back(hub: Hub, blogs: Blogs) -> None:
    """Feeds wait as long as they would have, not for an hour more; nobody's lease is taken away, none lasts longer."""
    hub.rows("UPDATE aggregator_feed SET next_poll_at = last_polled_at + interval '5 minutes'")
    hub.rows(AN_HOUR_AHEAD)
    blogs.publish()
    hub.messages.send_task("aggregator.tasks.set_clock_right")  # what beat does every minute
    hub.until(lambda: bool(hub.value(SOON)), "all are polled within their five minutes")
    blogs.make_due(hub)
    hub.until(lambda: blogs.is_stored(hub), "polls go on")
    blogs.check(hub)
    assert Counter(blogs.polls.values()) == {1: FEEDS}
