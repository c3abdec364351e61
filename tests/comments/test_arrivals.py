"""What was said while a page is open: it comes as the whole thread has it, whatever else the thread holds."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from comments.models import Comment, CommentState
from tests.aggregator.pages import text_of
from tests.comments.threads import say

MakePost = Callable[..., Post]
SENTENCE = re.compile(r'id="sum"[^>]*>([^<]+)<')
SUMMARY = re.compile(r"<summary>([^<]+)</summary>")


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def thread(make_post: MakePost, bo: Person, aino: Person) -> dict[int, Comment]:
    """Old branches and new ones, one deeper than the drawing; something in it of every state."""
    post, said = make_post(title="Pump"), dict[int, Comment]()
    for number, above in enumerate((0, 0, 1, 3, 4, 5, 6, 2, 0, 9, 7, 1, 10, 0), 1):
        said[number] = say(post, (aino, bo, None)[number % 3], f"Word{number}.", said.get(above))
    for number, state in ((2, "deleted"), (5, "hidden"), (8, "held"), (12, "deleted"), (14, "held")):
        Comment.objects.filter(pk=said[number].pk).update(state=CommentState(state), removed_at=timezone.now())
    return said


def places(html: str) -> dict[int, str]:
    """In whose list each comment stands, as an open page would put it."""
    found = re.findall(r'data-into="(?:c(\d+)|thread)".*?<li class="comment[^"]*" id="c(\d+)"', html, re.S)
    return {int(number): into for into, number in found}


@pytest.mark.parametrize("after", range(14))
def test_each_stands_where_the_whole_thread_has_it(reader: Client, thread: dict[int, Comment], after: int) -> None:
    address = f"/posts/{thread[1].post_id}/comments/fresh/?show=1&after="
    everything, arrived = text_of(reader, f"{address}0"), text_of(reader, f"{address}{after}")
    expected = {number: into for number, into in places(everything).items() if number > after}
    assert places(arrived) == expected
    assert set(SUMMARY.findall(arrived)) <= set(SUMMARY.findall(text_of(reader, thread[1].post.get_absolute_url())))


def test_the_sentence_is_about_the_whole_thread(reader: Client, thread: dict[int, Comment]) -> None:
    post = thread[1].post
    answer = reader.post(f"/posts/{post.pk}/comments/new/", {"body": "More."}, headers={"HX-Request": "true"})
    told = SENTENCE.search(answer.content.decode())
    on_page = SENTENCE.search(text_of(reader, post.get_absolute_url()))
    assert told and on_page
    assert told[1] == on_page[1]
    assert "10 comments." in told[1]
