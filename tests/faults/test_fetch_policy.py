"""No feed address leads BlogHub where it may not go: tried for real, with canaries on the forbidden addresses."""

from __future__ import annotations

import json
import logging
import os
import sys
from itertools import product
from typing import Any
from urllib.parse import quote, unquote

import pytest

from aggregator.polling.courier import Pace
from aggregator.polling.fetch import fetch_many
from aggregator.polling.types import FeedRequest
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.sender import Sender
from tests.netns import Canaries, inside, require, settle
from tests.web import Answer, Request, serve

GOOD = "10.20.30.40"  # what the allow list names, on port 80
FORBIDDEN = ["169.254.169.254", "203.0.113.7", "fd00::7", "10.20.31.1", "127.0.0.1", "127.0.0.2", "::1"]
PORTS = [80, 443, 6379, 5432, 8000, 8080, 22, 25]
NAMES = {
    "good.test": [[GOOD]],
    "loop.test": [["127.0.0.1"]],
    "zero.test": [["0.0.0.0"]],
    "meta.test": [["169.254.169.254"]],
    "six.test": [["::1"]],
    "mapped.test": [["::ffff:127.0.0.1"]],
    "nat64.test": [["64:ff9b::a9fe:a9fe"]],
    "compatible.test": [["::169.254.169.254"]],
    "document.test": [["203.0.113.7"]],
    "two.test": [[GOOD, "169.254.169.254"], ["169.254.169.254", GOOD]],
    "mixed.test": [[GOOD, "::1"]],
    "flip.test": [[GOOD], ["169.254.169.254"]],
}
HOSTS = [
    *["127.0.0.1", "localhost", "localhost.", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0", "[::]", "0"],
    *["2130706433", "0x7f000001", "0x7f.1", "017700000001", "127.1", "127。0。0。1", "169.254.169.254"],
    *["2852039166", "[::ffff:169.254.169.254]", "[64:ff9b::a9fe:a9fe]", "203.0.113.7"],
    *(name for name in NAMES if name not in ("good.test", "flip.test")),
]
TARGETS = [f"http://{host}:{port}/" for host, port in product(HOSTS, [80, 443, 6379, 5432, 8000])]
FORMS = [
    *["file:///etc/passwd", "ftp://good.test/", "gopher://good.test/", "data:text/xml,<rss/>", "http://a@good.test"],
    *["http://good.test@169.254.169.254", "http://good.test#@x", "http://good.test/%0d%0aX-Y:1", "http://good.test:0/"],
    *["http://good.test/a\r\nX-Y: 1", "http://good\n.test/", "http://good.test:22/", "http://good.test:25/"],
    *["http://good.test:65536/", f"http://good.test/{'a' * 8_192}", "http://good.test\\@127.0.0.1/"],
]
LISTED = "10.20.30.0/24:80"

pytestmark = pytest.mark.netns


@pytest.fixture(scope="module")
def outcome() -> dict[str, Any]:
    require()
    return inside("tests.faults.test_fetch_policy")


def test_the_canaries_sing(outcome: dict[str, Any]) -> None:
    assert outcome["proof"] == ["169.254.169.254 80"]


@pytest.mark.parametrize("policy", ["default", "listed"])
def test_no_form_of_loopback_or_metadata_is_visited(outcome: dict[str, Any], policy: str) -> None:
    results = outcome[policy]
    assert set(results["answers"]) == set(TARGETS)
    assert {answer["kind"] for answer in results["answers"].values()} == {"not_allowed"}
    assert results["canaries"] == []


def test_no_redirect_or_refresh_leads_there_either(outcome: dict[str, Any]) -> None:
    results = outcome["redirects"]
    answers = results["answers"]
    assert {answers[path]["kind"] for path in answers if path.startswith(f"http://{GOOD}/to/")} == {"not_allowed"}
    assert {answers[f"http://{GOOD}/{page}"]["status"] for page in ("meta", "header")} == {200}
    assert results["canaries"] == []


def test_chains_are_followed_up_to_five(outcome: dict[str, Any]) -> None:
    answers = outcome["redirects"]["answers"]
    assert answers[f"http://{GOOD}/chain/4"]["status"] == 200
    assert answers[f"http://{GOOD}/chain/0"]["code"] == "too_many_redirects"
    assert answers[f"http://{GOOD}/circle"]["code"] == "redirect_loop"


def test_odd_addresses_are_refused_and_send_nothing(outcome: dict[str, Any]) -> None:
    results = outcome["forms"]
    assert {form: answer["kind"] for form, answer in results["answers"].items()} == dict.fromkeys(FORMS, "not_allowed")
    assert set(FORMS) - set(results["refused at the form"]) == set()
    assert (results["canaries"], results["requests"]) == ([], 0)


def test_the_allow_list_opens_what_it_names_only(outcome: dict[str, Any]) -> None:
    results = outcome["allow list"]
    answers = results["answers"]
    assert answers[f"http://{GOOD}/feed"]["status"] == answers["http://good.test/feed"]["status"] == 200
    for place in (f"{GOOD}:8080", "10.20.31.1:80", "[fd00::7]:80", "203.0.113.7:80"):
        refused = answers[f"http://{place.removesuffix(':80')}/feed"]
        assert (refused["kind"], refused["hint"]) == ("not_allowed", f"BLOGHUB_FETCH_ALLOW={LISTED},{place},only")
    assert results["canaries"] == []


def test_one_bad_answer_refuses_a_name(outcome: dict[str, Any]) -> None:
    results = outcome["rebinding"]
    assert results["two.test"] == ["not_allowed"] * 4
    assert results["mixed.test"] == ["not_allowed"] * 4
    assert results["flip.test"] == ["", "not_allowed", "", "not_allowed"]
    assert results["canaries"] == []


def test_the_proxy_of_the_environment_is_not_used(outcome: dict[str, Any]) -> None:
    assert outcome["proxy"] == []


class Trial:
    """Inside the namespace: fetches under a policy, and what the canaries saw meanwhile."""

    def __init__(self) -> None:
        settle([address for address in [*FORBIDDEN, GOOD] if not address.startswith(("127.", "::1"))], NAMES)
        places = [place for place in product([*FORBIDDEN, GOOD], PORTS) if place != (GOOD, 80)]
        self.canaries = Canaries(places)
        self.proxy = Canaries([("127.0.0.3", 3128)])
        os.environ |= dict.fromkeys(("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"), "http://127.0.0.3:3128")

    def fetch(self, allow: str, *urls: str) -> dict[str, Any]:
        policy = FetchPolicy.parse(allow, own=["127.0.0.1:8000"])
        requests = [FeedRequest(number, url) for number, url in enumerate(urls)]
        handfuls = fetch_many(requests, policy=policy, sender=Sender(), pace=Pace(seconds=60))
        answers = {}
        for fetched in (fetched for handful in handfuls for fetched in handful):
            trouble = fetched.trouble
            told = {"kind": trouble.kind, "code": trouble.code, "hint": trouble.hint} if trouble else {"kind": ""}
            answers[urls[fetched.feed_id]] = {"status": fetched.status, **told}
        return {"answers": answers, "canaries": self.canaries.seen[:]}

    def prove(self) -> list[str]:
        """Come to a canary on purpose, so that their silence means something."""
        self.fetch("169.254.169.254:80", "http://meta.test/", "http://169.254.169.254/")
        seen = sorted(set(self.canaries.seen))
        self.canaries.seen.clear()
        return seen


def site(request: Request) -> Answer:
    """The server that may be visited, in the hands of somebody who wants more."""
    _, kind, *rest = request.path.split("/", 3)
    if kind == "to":
        target = unquote(rest[1]).encode().decode("latin-1")  # as its bytes
        return Answer.redirect(target, int(rest[0]))
    if kind == "chain" and rest[0] != "6":
        return Answer.redirect(f"/chain/{int(rest[0]) + 1}")
    if kind == "circle":
        return Answer.redirect("/circle")
    headers = {"Refresh": "0; url=http://169.254.169.254/"} if kind == "header" else {}
    page = b'<html><meta http-equiv="refresh" content="0; url=http://169.254.169.254/">'
    return Answer(page if kind == "meta" else b"<rss/>", headers=headers)


def main() -> dict[str, Any]:
    logging.disable(logging.WARNING)
    trial = Trial()
    outcome: dict[str, Any] = {"proof": trial.prove()}
    only = f"{LISTED},only"
    with serve({"*": site}, host=GOOD, port=80) as web:
        outcome["default"] = trial.fetch("", *TARGETS)
        outcome["listed"] = trial.fetch(only, *TARGETS)
        outcome["forms"] = trial.fetch(only, *FORMS) | {"requests": len(web.requests)}
        judge = FetchPolicy.parse(only).judge_url
        outcome["forms"]["refused at the form"] = [form for form in FORMS if judge(form)]
        turns = [f"/to/{status}/{quote(url, '')}" for status, url in product((301, 302, 303, 307, 308), TARGETS)]
        paths = [*turns, "/meta", "/header", "/chain/4", "/chain/0", "/circle"]
        outcome["redirects"] = trial.fetch(only, *(f"http://{GOOD}{path}" for path in paths))
        places = [GOOD, "good.test", f"{GOOD}:8080", "10.20.31.1", "[fd00::7]", "203.0.113.7"]
        outcome["allow list"] = trial.fetch(only, *(f"http://{place}/feed" for place in places))
        outcome["rebinding"] = {
            name: [trial.fetch(only, url)["answers"][url]["kind"] for _ in range(4)]
            for name, url in ((name, f"http://{name}/feed") for name in ("two.test", "mixed.test", "flip.test"))
        }
    outcome["rebinding"]["canaries"] = trial.canaries.seen[:]
    outcome["proxy"] = trial.proxy.seen
    return outcome


if __name__ == "__main__":
    json.dump(main(), sys.stdout)
