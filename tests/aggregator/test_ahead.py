"""Reading ahead of the writing: in order, within bounds, and ended with its caller."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest

from aggregator.polling.ahead import AHEAD, Ahead
from aggregator.polling.types import FetchedFeed


def document(number: int) -> FetchedFeed:
    return FetchedFeed(number, 200, "http://a.example/", body=b"<rss/>")


def unchanged(number: int) -> FetchedFeed:
    return FetchedFeed(number, 304, "http://a.example/")


def feed_id(answer: FetchedFeed) -> int:
    return answer.feed_id


def test_each_answer_is_examined_once_and_documents_keep_their_order() -> None:
    handfuls = [[document(0), unchanged(1)], [], [document(number) for number in range(2, 2 + 2 * AHEAD)]]
    with closing(Ahead(feed_id)) as ahead:
        found = [number for findings in ahead.findings(handfuls) for number in findings]
    assert sorted(found) == list(range(2 + 2 * AHEAD))
    assert [number for number in found if number != 1] == [0, *range(2, 2 + 2 * AHEAD)]


def test_what_needs_no_parsing_does_not_wait_for_a_document() -> None:
    parsed = threading.Event()

    def examine(answer: FetchedFeed) -> int:
        if answer.body:
            parsed.wait(60)
        return answer.feed_id

    with closing(Ahead(examine)) as ahead:
        findings = ahead.findings([[document(0), unchanged(1)], [unchanged(2)]])
        assert [next(findings), next(findings)] == [[1], [2]]
        parsed.set()
        assert list(findings) == [[0]]


def test_documents_are_taken_within_bounds() -> None:
    taken = []

    def handful() -> Iterator[FetchedFeed]:
        for number in range(4 * AHEAD):
            taken.append(number)
            yield document(number)

    with closing(Ahead(feed_id)) as ahead:
        next(ahead.findings([handful()]))
        assert len(taken) == AHEAD + 1


def test_a_failure_reaches_the_caller() -> None:
    def examine(answer: FetchedFeed) -> int:
        raise MemoryError

    with closing(Ahead(examine)) as ahead, pytest.raises(MemoryError):
        list(ahead.findings([[document(0)]]))


def test_closing_drops_what_has_not_begun() -> None:
    begun, go_on = threading.Event(), threading.Event()
    examined = []

    def examine(answer: FetchedFeed) -> int:
        examined.append(answer.feed_id)
        begun.set()
        go_on.wait(60)
        return answer.feed_id

    ahead = Ahead(examine)
    assert next(ahead.findings([[document(0), document(1), document(2)]])) == []
    begun.wait(60)
    ahead.close()
    go_on.set()
    ahead._thread.shutdown(wait=True)
    assert examined == [0]
