"""Votes for comments: one a person, undoable, never for one's own, and counted right when many press at once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post
from aggregator.models.blog import Audience
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from comments import voting
from comments.models import Comment, CommentState, CommentVote
from tests.comments.threads import say

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]


@pytest.fixture
def comment(make_post: MakePost, bo: Person) -> Comment:
    return say(make_post(), bo, "Soup.")


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def votes(comment: Comment) -> tuple[int, int]:
    """As the comment says and as they lie there."""
    return Comment.objects.get(pk=comment.pk).vote_count, CommentVote.objects.filter(comment=comment).count()


def test_a_vote_is_counted_once_however_often_it_is_sent(reader: Client, comment: Comment) -> None:
    for _again in range(3):
        response = reader.post(f"/comments/{comment.pk}/vote/")
        assert (response.status_code, response["Location"]) == (302, f"/comments/{comment.pk}/")
    assert votes(comment) == (1, 1)


def test_it_can_be_taken_back_once(reader: Client, comment: Comment) -> None:
    reader.post(f"/comments/{comment.pk}/vote/")
    for _again in range(2):
        reader.post(f"/comments/{comment.pk}/vote/delete/")
    assert votes(comment) == (0, 0)


def test_nobody_votes_for_their_own(client: Client, comment: Comment, bo: Person) -> None:
    client.force_login(bo)
    client.post(f"/comments/{comment.pk}/vote/")
    assert votes(comment) == (0, 0)


@pytest.mark.parametrize("state", [CommentState.HELD, CommentState.HIDDEN, CommentState.DELETED])
def test_what_is_not_to_be_read_is_not_to_be_voted_for(reader: Client, comment: Comment, state: CommentState) -> None:
    Comment.objects.update(state=state)
    assert reader.post(f"/comments/{comment.pk}/vote/").status_code == 404
    assert not voting.cast(comment, Person.objects.get(username="aino"), timezone.now())
    assert votes(comment) == (0, 0)


def test_a_blog_for_others_hides_its_comments_from_votes(
    reader: Client, make_blog: Callable[..., Blog], make_post: MakePost, crew: object, bo: Person
) -> None:
    comment = say(make_post(make_blog(for_groups=(crew,))), bo)
    assert reader.post(f"/comments/{comment.pk}/vote/").status_code == 404


def test_it_wants_a_post_and_a_sign_in(client: Client, comment: Comment, aino: Person) -> None:
    assert "/sign-in/" in client.post(f"/comments/{comment.pk}/vote/")["Location"]
    client.force_login(aino)
    assert client.get(f"/comments/{comment.pk}/vote/").status_code == 405


def test_a_script_gets_the_button_anew(reader: Client, comment: Comment) -> None:
    html = reader.post(f"/comments/{comment.pk}/vote/", headers={"HX-Request": "true"}).content.decode()
    assert 'aria-pressed="true"' in html
    assert f'formaction="/comments/{comment.pk}/vote/delete/"' in html
    assert '<span class="num">1</span>' in html


def test_its_writer_hears_of_a_milestone_once(comment: Comment, bo: Person) -> None:
    people = [Person.objects.create_user(f"reader-{number}") for number in range(5)]
    for person in people:
        voting.cast(comment, person, timezone.now())
    voting.take_back(comment, people[0], timezone.now())
    voting.cast(comment, people[0], timezone.now())
    assert list(Notification.objects.values_list("recipient_id", "event")) == [(bo.pk, f"comment:{comment.pk}:votes:5")]


@pytest.mark.django_db(transaction=True)
def test_fifty_who_press_at_once_are_counted_as_fifty(comment: Comment) -> None:
    people = [Person.objects.create_user(f"reader-{number}") for number in range(50)]

    def press(person: Person) -> None:
        try:
            voting.cast(comment, person, timezone.now())
            voting.cast(comment, person, timezone.now())
            if person.pk % 5 == 0:
                voting.take_back(comment, person, timezone.now())
        finally:
            connection.close()

    with ThreadPoolExecutor(50) as presses:
        list(presses.map(press, people))
    left = sum(person.pk % 5 != 0 for person in people)
    assert votes(comment) == (left, left)


def test_a_writer_who_may_no_longer_see_the_post_is_told_nothing_of_it(comment: Comment, aino: Person) -> None:
    Comment.objects.update(vote_count=4)
    Blog.objects.update(audience=Audience.GROUPS)
    voting.cast(Comment.objects.get(), aino, timezone.now())
    assert not Notification.objects.exists()
