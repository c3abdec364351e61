"""What is made of a server that says a feed has moved: named situations."""

from __future__ import annotations

import pytest

from aggregator.polling.moving import ASKS, SEEN, STAYS, Move, Sighting, after_answer, stays_at_home

OLD, NEW, ELSEWHERE = "http://blogs.example/a", "http://blogs.example/b", "http://other.example/a"


def after(*sightings: Sighting, known: Move | None = None) -> Move:
    move = known or Move()
    for sighting in sightings:
        move = after_answer(move, OLD, sighting)
    return move


def sent(url: str = NEW, *, new_title: bool = False) -> Sighting:
    return Sighting(url, has_document=True, has_new_title=new_title)


UNCHANGED = Sighting(NEW, has_document=False)
NOT_SENT_ON = Sighting("", has_document=True)


@pytest.mark.parametrize(
    ("situation", "sightings", "followed", "waits"),
    [
        ("twice", [sent()] * 2, False, False),
        ("three times", [sent()] * 3, True, False),
        ("three times, not in a row", [sent(), sent(), NOT_SENT_ON, sent()], False, False),
        ("each time to another place", [sent(), sent("http://blogs.example/c"), sent()], False, False),
        ("a document, then two times nothing new from there", [sent(), UNCHANGED, UNCHANGED], True, False),
        ("nothing new, never a document", [UNCHANGED] * 9, False, False),
        ("nothing new at first, then a document", [UNCHANGED, sent(), sent()], False, False),
        ("twice to another host", [sent(ELSEWHERE)] * 2, False, False),
        ("three times to another host", [sent(ELSEWHERE)] * 3, False, True),
        ("with another title", [sent(new_title=True), sent(), sent()], False, True),
        ("with another title in the end", [sent(), sent(), sent(new_title=True)], False, True),
        ("to the other scheme", [sent("https://blogs.example/a")] * 3, True, False),
    ],
)
def test_a_move_is_followed_or_asked_about(
    situation: str, sightings: list[Sighting], followed: bool, waits: bool
) -> None:
    move = after(*sightings)
    assert (move.is_followed, move.waits) == (followed, waits), situation


def test_whoever_declined_is_not_asked_again_about_the_same_address() -> None:
    declined = Move(NEW, 3, STAYS)
    assert after(sent(), sent(new_title=True), known=declined) == Move(NEW, 5, STAYS)
    assert after(*[sent(ELSEWHERE)] * 3, known=declined).waits


def test_a_redirect_that_ends_is_forgotten() -> None:
    assert after(NOT_SENT_ON, known=Move(NEW, 2, SEEN)) == Move()
    assert after(sent(OLD), known=Move(ELSEWHERE, 3, ASKS)) == Move()


def test_a_thousand_polls_are_counted_within_what_a_column_holds() -> None:
    assert after(*[sent(ELSEWHERE)] * 1500).times == 1000


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("http://a.example/x", "http://a.example/y", True),
        ("http://a.example/x", "https://a.example/x", True),
        ("https://a.example/x", "http://a.example/x", False),
        ("https://a.example/x", "https://A.example:443/y", True),
        ("http://a.example/x", "http://b.a.example/x", False),
        ("http://a.example/x", "http://www.a.example/x", False),
        ("http://a.example/x", "http://a.example:8080/x", False),
        ("http://a.example:8080/x", "http://a.example:8080/y", True),
        ("http://a.example:8080/x", "https://a.example/x", False),
        ("http://a.example/x", "http://[broken", False),
        ("http://a.example/x", "http://a.example:99999/x", False),
    ],
)
def test_what_is_the_same_server(old: str, new: str, same: bool) -> None:
    assert stays_at_home(old, new) is same
