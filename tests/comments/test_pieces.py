"""Comments are kept ready-made: a page must still say at once what has changed, and to nobody what is another's own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from aggregator.models import Post, Reading
from bloghub.people.models import Person
from comments import store
from comments.models import Comment, CommentState, CommentVote
from tests.aggregator.pages import text_of
from tests.comments.threads import say

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def bos(bo: Person) -> Client:
    client = Client()
    client.force_login(bo)
    return client


def _revise(comment: Comment) -> None:
    store.revise(comment, "Said otherwise", timezone.now())


def _rename(_comment: Comment) -> None:
    Person.objects.filter(username="bo").update(display_name="Said otherwise")


def _hide(comment: Comment) -> None:
    store.hide(comment, "Said otherwise", timezone.now())


def _answer(comment: Comment) -> None:
    say(comment.post, comment.author, "Said otherwise", comment)


@pytest.mark.parametrize("change", [_revise, _rename, _hide, _answer])
def test_a_change_is_on_the_next_page(
    reader: Client, make_post: MakePost, bo: Person, change: Callable[[Comment], None]
) -> None:
    post = make_post()
    comment = say(post, bo, "As it was")
    assert "Said otherwise" not in text_of(reader, post.get_absolute_url())
    change(comment)
    assert "Said otherwise" in text_of(reader, post.get_absolute_url())


def test_votes_are_counted_on_the_next_page(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post()
    comment = say(post, bo)
    assert '<span class="num"></span>' in text_of(reader, post.get_absolute_url())
    Comment.objects.filter(pk=comment.pk).update(vote_count=7)
    assert '<span class="num">7</span>' in text_of(reader, post.get_absolute_url())


def test_what_is_ones_own_stays_so(reader: Client, bos: Client, make_post: MakePost, bo: Person, aino: Person) -> None:
    post = make_post()
    mine, other = say(post, bo), say(post, aino)
    CommentVote.objects.create(comment=other, person=bo, voted_at=timezone.now())
    Reading.objects.create(person=bo, post=post, comments_seen=1)
    for _again in range(2):
        own, others = text_of(bos, post.get_absolute_url()), text_of(reader, post.get_absolute_url())
        assert f"/comments/{mine.pk}/edit/" in own
        assert f"/comments/{other.pk}/vote/delete/" in own
        assert 'is-new" id="c2"' in own
        assert f"/comments/{mine.pk}/edit/" not in others
        assert "/vote/delete/" not in others
        assert "is-new" not in others


def test_what_one_person_alone_sees_is_shown_to_nobody_else(
    reader: Client, bos: Client, make_post: MakePost, bo: Person
) -> None:
    post = make_post()
    held = say(post, bo, "Held for now")
    Comment.objects.filter(pk=held.pk).update(state=CommentState.HELD)
    for _again in range(2):
        assert "Held for now" in text_of(bos, post.get_absolute_url())
        assert "Held for now" not in text_of(reader, post.get_absolute_url())


def test_what_one_has_deleted_can_be_brought_back_by_oneself_for_a_moment(
    reader: Client, bos: Client, make_post: MakePost, bo: Person
) -> None:
    post = make_post()
    say(post, bo, "Stays")
    store.withdraw(say(post, bo, "Goes"), timezone.now())
    assert "Bring it back" in text_of(bos, post.get_absolute_url())
    assert "Bring it back" not in text_of(reader, post.get_absolute_url())
    Comment.objects.filter(number=2).update(removed_at=timezone.now() - timedelta(minutes=1))
    assert "Bring it back" not in text_of(bos, post.get_absolute_url())


def test_saying_the_first_thing_changes_the_sentence_and_the_watch_button(reader: Client, make_post: MakePost) -> None:
    post = make_post()
    page = text_of(reader, post.get_absolute_url())
    assert "Nobody has said anything here yet." in page
    said = reader.post(
        f"/posts/{post.pk}/comments/new/", {"body": "First", "watch": "on"}, headers={"HX-Request": "true"}
    )
    html = said.content.decode()
    assert '<p class="sum" id="sum" hx-swap-oob="true">1 comment. 1 person takes part.</p>' in html
    assert '<div class="watch" id="watch" hx-swap-oob="true">' in html
    assert "/watch/delete/" in html
    assert 'id="sum">' in page
    assert 'id="watch">' in page
