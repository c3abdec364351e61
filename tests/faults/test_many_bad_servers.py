"""A hundred servers that hold on, twenty names that do not exist, twenty bad certificates: healthy feeds are on time.

What a refusal, a Retry-After and two refusals of one server lead to is in tests/aggregator/test_hosts.py and
test_schedule.py.
"""

from __future__ import annotations

import json
import logging
import ssl
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

from aggregator.polling.courier import Pace
from aggregator.polling.fetch import fetch_many
from aggregator.polling.types import FeedRequest
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import Limits
from bloghub.lib.sender import Sender
from tests.lib.test_http_limits import certificate, needs_openssl
from tests.netns import inside, require, settle
from tests.scale import FULL
from tests.web import Answer, serve

TARPITS, UNKNOWN, UNTRUSTED, HEALTHY = 100, 20, 20, 50
GOOD, TARPIT, TLS = "10.20.30.40", "10.20.30.41", "10.20.30.42"
LIMITS = Limits() if FULL else Limits(connect=2.0, read=6.0, total=6.0)
NAMES = {
    **{f"tarpit-{n}.test": [[TARPIT]] for n in range(TARPITS)},
    **{f"tls-{n}.test": [[TLS]] for n in range(UNTRUSTED)},
    **{f"good-{n // 5}.test": [[GOOD]] for n in range(HEALTHY)},  # five feeds a server
}

pytestmark = [pytest.mark.netns, needs_openssl]


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    require()
    return inside("tests.faults.test_many_bad_servers")


def test_each_ends_with_its_reason(outcome: dict[str, Any]) -> None:
    assert outcome["good"] == {"200": HEALTHY}
    assert outcome["unknown"] == {"dns": UNKNOWN}
    assert outcome["tls"] == {"certificate": UNTRUSTED}
    assert sum(outcome["tarpit"].values()) == TARPITS
    assert outcome["tarpit"].keys() <= {"stalled", "deadline"}


def test_the_healthy_ones_wait_for_none_of_them(outcome: dict[str, Any]) -> None:
    """All of them are there before a single tarpit has been given up."""
    assert set(outcome["order"][: outcome["good"]["200"] + UNKNOWN + UNTRUSTED]) == {"good", "unknown", "tls"}


def test_no_server_sees_more_than_two_requests_at_once(outcome: dict[str, Any]) -> None:
    assert outcome["most for one host"] <= 2
    assert outcome["asked"] == HEALTHY


class Counting:
    """Answers after a moment, and notes the most requests under way for one host name."""

    def __init__(self) -> None:
        self.under_way: dict[str, int] = {}
        self.most = 0

    def __call__(self, request: Any) -> Answer:
        host = request.headers["host"]
        self.under_way[host] = self.under_way.get(host, 0) + 1
        self.most = max(self.most, self.under_way[host])
        time.sleep(0.1)
        self.under_way[host] -= 1
        return Answer(b"<rss/>")


def requests() -> dict[str, list[str]]:
    """The tarpits first, as if they had been due longest."""
    return {
        "tarpit": [f"http://tarpit-{n}.test/feed" for n in range(TARPITS)],
        "unknown": [f"http://unknown-{n}.test/feed" for n in range(UNKNOWN)],
        "tls": [f"https://tls-{n}.test/feed" for n in range(UNTRUSTED)],
        "good": [f"http://good-{n // 5}.test/{n}" for n in range(HEALTHY)],
    }


def fetch_all() -> dict[str, Any]:
    kinds = [(kind, url) for kind, urls in requests().items() for url in urls]
    asked = [FeedRequest(number, url) for number, (_kind, url) in enumerate(kinds)]
    outcome: dict[str, Any] = {kind: {} for kind in requests()} | {"order": []}
    for handful in fetch_many(asked, policy=FetchPolicy.parse(), sender=Sender(), pace=Pace(limits=LIMITS)):
        for fetched in handful:
            kind = kinds[fetched.feed_id][0]
            word = fetched.trouble.code if fetched.trouble else str(fetched.status)
            outcome[kind][word] = outcome[kind].get(word, 0) + 1
            outcome["order"].append(kind)
    return outcome


def untrusted(folder: Path) -> ssl.SSLContext:
    """A certificate that nobody has signed."""
    return certificate(folder, name="tls-0.test")[0]


def main() -> dict[str, Any]:
    logging.disable(logging.WARNING)
    settle([GOOD, TARPIT, TLS], NAMES)
    counting = Counting()
    with (
        tempfile.TemporaryDirectory() as folder,
        serve({"*": counting}, host=GOOD, port=80) as good,
        serve({"*": Answer(wait=300)}, host=TARPIT, port=80),
        serve({}, host=TLS, port=443, tls=untrusted(Path(folder))),
    ):
        outcome = fetch_all()
    return outcome | {"most for one host": counting.most, "asked": len(good.requests)}


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
