"""Parsing in a process of its own: the same answers, and nothing a document does reaches beyond it."""

import csv
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from aggregator.polling.clean import clean_feed
from aggregator.polling.parse import parse_feed
from aggregator.polling.sandbox import Parser
from aggregator.polling.types import ParsedFeed, Trouble
from tests.corpus import CORPUS, needs_corpus

DATA = Path(__file__).parent.parent / "data" / "feeds"
HOME = "https://blog.example/feed"
GOOD = b"<rss version='2.0'><channel><title>T</title><item><title>One</title></item></channel></rss>"
SLOW = b"<rss version='2.0'><channel>" + b"<item><title>x</title></item>" * 200_000 + b"</channel></rss>"
REFUSED = {
    "json-error-body.json",
    "json-items-object.json",
    "login-page.html",
    "opml-many.opml",
    "opml-ssrf-and-script.opml",
    "recursive-entity.rss",
    "truncated-cdata.rss",
    "truncated-mid-utf8.rss",
}


@pytest.fixture
def parser() -> Iterator[Parser]:
    made = Parser()
    yield made
    made.close()


@pytest.mark.parametrize("name", ["sloppy-rss.xml", "planet-atom.xml", "jsonfeed.json"])
def test_the_answer_is_the_same_as_without_a_process(parser: Parser, name: str) -> None:
    body = (DATA / name).read_bytes()
    assert parser.parse(body, url=HOME) == clean_feed(parse_feed(body, url=HOME), url=HOME)


def test_one_child_reads_many_documents_however_large_the_parent_is(parser: Parser) -> None:
    ballast = bytearray(os.urandom(1)) * (200 * 1024 * 1024)
    parser.parse(GOOD, url=HOME)
    first = parser.child_pid
    parser.parse(GOOD, url=HOME)
    assert ballast
    assert first
    assert parser.child_pid == first


def test_what_is_no_feed_comes_back_as_trouble(parser: Parser) -> None:
    answer = parser.parse(b"<html>", url=HOME)
    assert isinstance(answer, Trouble)
    assert answer.code == "web_page"


def test_the_child_has_no_secrets_no_files_and_no_django(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BLOGHUB_SECRET_KEY", "do not tell")
    parser.parse(GOOD, url=HOME)
    child = psutil.Process(parser.child_pid)
    assert "do not tell" not in child.environ().values()
    assert not [file for file in child.open_files() if file.fd > 2]
    assert not [one.path for one in child.memory_maps() if "psycopg" in one.path]
    assert child.memory_info().rss < 60 * 1024 * 1024


def test_a_document_that_takes_too_long_is_given_up_and_the_next_one_read() -> None:
    parser = Parser(cpu_seconds=0.05)
    answer = parser.parse(SLOW, url=HOME)
    assert isinstance(answer, Trouble)
    assert (answer.kind, answer.code) == ("too_slow", "parser_timeout")
    assert isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)
    parser.close()


def test_a_child_that_says_nothing_is_given_up() -> None:
    parser = Parser(wall_seconds=3)
    parser.parse(GOOD, url=HOME)
    assert parser.child_pid
    os.kill(parser.child_pid, signal.SIGSTOP)
    answer = parser.parse(GOOD, url=HOME)
    assert isinstance(answer, Trouble)
    assert answer.code == "parser_timeout"
    parser.close()


def test_a_child_killed_by_somebody_else_costs_no_feed(parser: Parser) -> None:
    parser.parse(GOOD, url=HOME)
    killed = parser.child_pid
    assert killed
    os.kill(killed, signal.SIGKILL)
    assert isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)
    assert parser.child_pid != killed


def test_a_document_that_kills_its_reader_twice_is_named(parser: Parser, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("aggregator.polling.sandbox._COMMAND", "import os; os.abort()")
    answer = parser.parse(GOOD, url=HOME)
    assert isinstance(answer, Trouble)
    assert answer.code == "parser_died"


def test_memory_is_limited(parser: Parser) -> None:
    body = b"<rss version='2.0'><channel><title>" + b"x" * 150_000_000 + b"</title></channel></rss>"
    answer = parser.parse(body, url=HOME)
    assert isinstance(answer, Trouble)
    assert answer.code == "parser_memory"
    assert isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)


def test_closing_ends_the_child_and_parsing_starts_another(parser: Parser) -> None:
    parser.parse(GOOD, url=HOME)
    child = psutil.Process(parser.child_pid)
    parser.close()
    assert not child.is_running()
    assert isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)


def test_a_child_ends_with_its_parent(parser: Parser) -> None:
    parser.parse(GOOD, url=HOME)
    child = psutil.Process(parser.child_pid)
    assert parser._channel
    parser._channel.close()  # what the kernel does when the parent dies
    assert child.wait(timeout=5) in {0, None}


def test_a_forked_copy_starts_a_child_of_its_own(parser: Parser) -> None:
    parser.parse(GOOD, url=HOME)
    before = parser.child_pid
    reader, writer = os.pipe()
    pid = os.fork()
    if not pid:
        fine = parser.child_pid is None and isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)
        os.write(writer, b"y" if fine and parser.child_pid != before else b"n")
        parser.close()
        os._exit(0)
    os.waitpid(pid, 0)
    assert os.read(reader, 1) == b"y"
    assert isinstance(parser.parse(GOOD, url=HOME), ParsedFeed)
    assert parser.child_pid == before


@needs_corpus
def test_hostile_files_are_read_or_refused_and_never_hold_anybody_up(parser: Parser) -> None:
    with (CORPUS / "hostile" / "expect.tsv").open(encoding="utf-8") as lines:
        names = [row["file"] for row in csv.DictReader(lines, delimiter="\t")]
    refused = set()
    for name in names:
        answer = parser.parse((CORPUS / "hostile" / name).read_bytes(), url=HOME)
        if isinstance(answer, Trouble):
            refused.add(name)
            assert answer.reason.endswith("."), name
            continue
        for post in answer.posts:
            shown = f"{post.title} {post.content_html} {post.author_name} {post.excerpt} {post.permalink}"
            assert "\0" not in shown
            assert "root:" not in shown
            assert len(post.title) <= 1000
            assert post.permalink == "" or post.permalink.startswith(("http://", "https://"))
        assert len({(post.guid, post.content_hash) for post in answer.posts}) == len(answer.posts)
    assert refused == REFUSED
