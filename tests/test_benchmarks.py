"""The benchmarks' own source of blogs does what it says, or its figures mean nothing. No times are asserted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPResponse
from statistics import mean
from threading import Thread

import pytest

from benchmarks.farm_content import World
from benchmarks.harness import ROOT, cpu_seconds, percentile, tree

ATOM = "{http://www.w3.org/2005/Atom}"
CONTENT = "{http://purl.org/rss/1.0/modules/content/}encoded"


class Client:
    """Asks the farm; every request on a connection of its own."""

    def __init__(self, port: int) -> None:
        self.port = port

    def get(self, path: str, host: str = "127.0.0.1", **headers: str) -> tuple[HTTPResponse, bytes]:
        connection = HTTPConnection(host, self.port, timeout=20)
        try:
            connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
            response = connection.getresponse()
            return response, response.read()
        finally:
            connection.close()

    def control(self, wish: str) -> dict[str, int]:
        answer: dict[str, int] = json.loads(self.get(f"/control?{wish}")[1])
        return answer


@pytest.fixture(scope="module")
def running_farm() -> Iterator[Client]:
    words = ["--port", "0", "--blogs", "12", "--json-every", "6", "--host-spread", "3"]
    farm = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.farm", *words], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    assert farm.stdout is not None
    yield Client(int(farm.stdout.readline().rpartition("=")[2]))
    farm.terminate()
    farm.wait(10)
    farm.stdout.close()


@pytest.fixture
def farm(running_farm: Client) -> Client:
    """The farm on its first day."""
    running_farm.control("reset=1")
    running_farm.get("/stats?reset=1")
    return running_farm


def test_it_serves_rss_atom_and_json(farm: Client) -> None:
    items = ET.fromstring(farm.get("/blog/0/feed")[1]).findall(".//item")
    entries = ET.fromstring(farm.get("/blog/1/feed")[1]).findall(f"{ATOM}entry")
    posts = json.loads(farm.get("/blog/5/feed")[1])["items"]
    assert [len(items), len(entries), len(posts)] == [20, 20, 20]
    assert "zq0x20" in (items[0].findtext(CONTENT) or "")  # the newest comes first, with its own word
    assert "zq1x20" in (entries[0].findtext(f"{ATOM}content") or "")
    assert "zq5x20" in posts[0]["content_html"]


def test_the_entries_are_as_long_as_those_of_real_blogs() -> None:
    world = World(1, 1000, lambda _blog: "http://127.0.0.1")
    lengths = [len(world.entry(blog, 3, 0.0).html) for blog in range(400)]
    assert 3600 < mean(lengths) < 4000
    assert min(lengths) >= 1900


def test_the_same_seed_gives_the_same_bytes(farm: Client) -> None:
    first, _, again = farm.get("/blog/2/feed")[1], farm.control("changed=1"), farm.control("reset=1")
    assert again["tick"] == 0
    assert farm.get("/blog/2/feed")[1] == first


def test_it_answers_304_to_what_is_known(farm: Client) -> None:
    known = farm.get("/blog/0/feed")[0].headers
    assert farm.get("/blog/0/feed", if_none_match=known["ETag"])[0].status == 304
    assert farm.get("/blog/0/feed", if_modified_since=known["Last-Modified"])[0].status == 304
    other = farm.get("/blog/0/feed", if_none_match='"other"', if_modified_since=known["Last-Modified"])
    assert other[0].status == 200


def test_it_compresses_for_those_who_can_read_it(farm: Client) -> None:
    response, packed = farm.get("/blog/0/feed", accept_encoding="br, gzip")
    assert response.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed) == farm.get("/blog/0/feed")[1]


def test_a_tick_publishes_and_edits(farm: Client) -> None:
    known = farm.get("/blog/0/feed")[0].headers["ETag"]
    news = farm.control("changed=1&edited=1")
    assert news["blogs_changed"] == 12 and news["entries_edited"] == 12 and 12 <= news["entries_new"] <= 24
    response, body = farm.get("/blog/0/feed", if_none_match=known)
    assert response.status == 200
    assert b"zq0x21" in body and b"Edit 1" in body and body.count(b"<item>") == 20


@pytest.mark.parametrize(("fault", "status"), [("errors", 500), ("gone", 410), ("redirect", 301)])
def test_a_fault_is_answered_with_its_status(farm: Client, fault: str, status: int) -> None:
    farm.control(f"{fault}=1")
    response, _body = farm.get("/blog/0/feed")
    assert response.status == status
    if fault == "redirect":
        assert response.headers["Location"].endswith("/blog/0/feed/new")
        assert farm.get("/blog/0/feed/new")[0].status == 200


def test_malformed_feeds_do_not_parse_and_dripping_ones_arrive_whole(farm: Client) -> None:
    whole = farm.get("/blog/0/feed")[1]
    farm.control("drip=1&slow_s=0.1")
    assert farm.get("/blog/0/feed")[1] == whole
    farm.control("malformed=1")
    with pytest.raises(ET.ParseError):
        ET.fromstring(farm.get("/blog/0/feed")[1])


def test_it_counts_what_its_clients_do(farm: Client) -> None:
    farm.control("latency_ms=200")
    hosts = ["127.0.1.1", "127.0.1.1", "127.0.1.2"]
    threads = [Thread(target=farm.get, args=("/blog/0/feed", host)) for host in hosts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    stats = json.loads(farm.get("/stats")[1])
    assert stats["requests"] == 3 and stats["statuses"] == {"200": 3}
    assert stats["most_in_flight"] == 3 and stats["most_in_flight_one_host"] == 2


def test_a_homepage_names_its_feed_and_unknown_addresses_are_404(farm: Client) -> None:
    assert b'rel="alternate" type="application/rss+xml"' in farm.get("/blog/0/")[1]
    assert b"zq0x20" in farm.get("/blog/0/20")[1]
    assert {farm.get(path)[0].status for path in ("/blog/0/99", "/blog/99/feed", "/nothing", "/blog/x/")} == {404}


def test_the_dump_holds_the_entries_that_the_feeds_hold() -> None:
    command = [sys.executable, "-m", "benchmarks.farm", "--dump", "24", "--blogs", "12", "--port", "1"]
    lines = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    entries = [json.loads(line) for line in lines]
    assert [(entry["blog"], entry["number"]) for entry in entries[11:13]] == [(11, 2), (0, 1)]
    world = World(1, 12, lambda _blog: "http://127.0.0.1:1")
    assert entries[0]["html"] == world.entry(0, 2, 0.0).html


def test_cpu_of_a_process_counts_that_of_its_children() -> None:
    burn = "sum(range(15_000_000))"
    script = (
        f"import subprocess, sys; subprocess.run([sys.executable, '-c', '{burn}']); print('done', flush=True); input()"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    assert process.stdout is not None and process.stdin is not None
    try:
        assert process.pid in tree(process.pid)
        process.stdout.readline()
        time.sleep(0.05)
        assert cpu_seconds(process.pid) > 0.1
    finally:
        process.communicate(b"\n")


def test_a_percentile_is_one_of_the_values() -> None:
    assert [percentile([4.0, 1.0, 3.0, 2.0], share) for share in (0.0, 0.5, 0.95)] == [1.0, 3.0, 4.0]
