"""What the benchmarks fill in, serve and check is as they say, or their figures mean nothing. No time is asserted."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPConnection, HTTPResponse
from pathlib import Path
from statistics import mean
from threading import Thread

import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from aggregator.models import Post
from benchmarks import talking, writing
from benchmarks.browsing import Answer
from benchmarks.farm_content import World
from benchmarks.fill_talk import Talk, notify, text_of
from benchmarks.harness import ROOT, Cost, WrongResultError, cpu_seconds, percentile, tree
from benchmarks.telling import recipients
from bloghub.notifications.models import Notification
from comments.models import Comment
from comments.rendering import Context, render
from comments.store import Draft, publish

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


# --- the conversation ------------------------------------------------------------------------------------------------


def test_a_benchmarks_comment_is_as_long_and_as_marked_up_as_those_of_colleagues() -> None:
    texts = [text_of(f"zqs{number}e", number) for number in range(50)]
    assert all(300 < len(text) < 335 for text in texts)
    html = render(texts[0], Context()).html
    assert "zqs0e: the <strong>" in html
    assert [html.count(f"<{name}") for name in ("strong", "code", "blockquote", "a ")] == [1, 1, 1, 1]
    assert html.count("<p") >= 3


@pytest.fixture
def talk(transactional_db: None) -> Talk:
    """Seven people; transactional, for statistics cannot be taken inside a transaction."""
    return Talk(World(1, 3, lambda blog: f"http://blog{blog}.example"), 7)


def test_what_is_filled_in_is_what_storing_would_have_left(talk: Talk, make_post: Callable[..., Post]) -> None:
    short, long = make_post(title="Short", author=talk.people[0]), make_post(title="Long", author=talk.people[1])
    talk.converse({short: 3, long: 45})
    writing.check_counts([short.pk, long.pk])
    said = publish(Draft(talk.people[0], Post(pk=long.pk), text_of("zqown", 1)), timezone.now())
    assert said.number == 46
    writing.check_counts([short.pk, long.pk])
    assert not Comment.objects.filter(told_at=None).exclude(pk=said.pk).exists()


def test_nobody_who_was_filled_in_meets_a_limit_for_newcomers(talk: Talk, make_post: Callable[..., Post]) -> None:
    post = make_post()
    talk.converse({post: 7})
    for number in range(4):
        publish(Draft(talk.people[2], Post(pk=post.pk), text_of(f"zq{number}", 1)), timezone.now())
    assert Comment.objects.filter(author=talk.people[2]).count() == 5


def test_wrong_numbers_are_noticed(talk: Talk, make_post: Callable[..., Post]) -> None:
    post = make_post()
    talk.converse({post: 12})
    right = Post.objects.filter(pk=post.pk).values(
        "comment_count", "last_comment_number", "voice_count", "thread_shape"
    )
    right_numbers = dict(right[0])
    for column in right_numbers:
        wrong = [*post.thread_shape[:-1], 999] if column == "thread_shape" else 99
        Post.objects.filter(pk=post.pk).update(**{**right_numbers, column: wrong})
        with pytest.raises(WrongResultError, match=column):
            writing.check_counts([post.pk])
    Post.objects.filter(pk=post.pk).update(**right_numbers)
    Comment.objects.filter(post=post, number=12).update(state="hidden")
    with pytest.raises(WrongResultError):
        writing.check_counts([post.pk])


def test_the_latest_of_each_conversation_leads_and_the_older_half_is_read(
    talk: Talk, make_post: Callable[..., Post]
) -> None:
    posts = [make_post(title=f"Post {number}") for number in range(12)]
    notify(talk.people[:2], 12, posts, now=timezone.now(), in_digest=False)
    reader = talk.people[0]
    assert Notification.objects.count() == 24
    assert Notification.objects.for_inbox(reader).count() == 6
    assert Notification.objects.unread(reader).count() == 3
    groups = Notification.objects.filter(recipient=reader).order_by("-happened_at")
    assert [row.leads for row in groups] == [True, False] * 6


def test_writers_say_what_they_mean_in_their_own_names(
    talk: Talk, make_post: Callable[..., Post], live_server: LiveServer
) -> None:
    post = make_post()
    talk.converse({post: 7})
    port = int(live_server.url.rpartition(":")[2])
    cookies = talk.cookies(talk.people)
    people = [talking.Person(person.pk, cookie) for person, cookie in zip(talk.people, cookies, strict=True)]
    writers = talking.Writers(port, people, 2, {})
    for headers in (talking.HTMX, talking.PLAIN):
        with ThreadPoolExecutor(1) as pool:  # in this thread the browser's loop may be running
            run = pool.submit(writers.write, "a few", [post.pk], 4, headers).result()
        assert len(run.spoken) == 4
        writing.check_stored(run)
    writing.check_counts([post.pk])
    assert Comment.objects.filter(post=post).count() == 15


def test_an_answer_without_the_words_is_noticed() -> None:
    def run(status: int, html: str) -> talking.Run:
        answer = Answer(status, {}, html.encode(), 0.01)
        return talking.Run("one", [talking.Spoken(talking.Person(1, ""), 1, "zqs1e", answer)], Cost(1.0, {}))

    def checked(status: int, html: str) -> None:
        with ThreadPoolExecutor(1) as pool:  # in this thread the browser's loop may be running
            pool.submit(talking.check, run(status, html), 0).result()

    checked(200, "<p>zqs1e: the <strong>pump</strong>")
    for status, html in ((200, "<p>zqs2e: the <strong>pump</strong>"), (422, "<p>zqs1e: the <strong>pump</strong>")):
        with pytest.raises(WrongResultError):
            checked(status, html)


def test_letters_are_counted_by_whom_they_are_for(tmp_path: Path) -> None:
    for number, address in enumerate(("a@corp.example", "b@corp.example", "a@corp.example")):
        (tmp_path / f"{number}.eml").write_bytes(f"To: {address}\r\nSubject: x\r\n\r\nTo: c@corp.example\r\n".encode())
    (tmp_path / ".3.eml.part").write_bytes(b"To: d@corp.example\r\n\r\n")
    assert recipients(tmp_path) == {"a@corp.example": 2, "b@corp.example": 1}
