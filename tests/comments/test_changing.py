"""Comments that are changed, deleted, brought back, hidden and shown: what stays of them, and what is counted."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from aggregator.arcs import GONE
from aggregator.models import Activity, Post
from bloghub.people.models import Person
from comments import store
from comments.limits import Refused
from comments.models import Comment, CommentState, Revision, Thread
from tests.comments.saying import numbers, say

MakePost = Callable[..., Post]
LATER = timedelta(minutes=20)


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    return make_post(author=bo)


@pytest.mark.django_db
def test_changing_leaves_no_trace_for_a_while(aino: Person, post: Post) -> None:
    comment = say(aino, post, "Teh word")
    store.revise(comment, "The word", comment.published_at + timedelta(minutes=14))
    comment.refresh_from_db()
    assert (comment.html, comment.edited_at, Revision.objects.count()) == ("<p>The word</p>", None, 0)
    assert Activity.objects.get().excerpt == "The word"


@pytest.mark.django_db
def test_changing_later_is_marked_and_kept(aino: Person, post: Post) -> None:
    comment = say(aino, post, "Before")
    now = comment.published_at + LATER
    store.revise(comment, "Before", now)
    assert not Revision.objects.exists()  # nothing was changed
    comment = store.revise(comment, "After", now)
    assert (comment.edited_at, Revision.objects.get().body) == (now, "Before")


@pytest.mark.django_db
def test_whoever_is_named_later_is_told_later(aino: Person, bo: Person, post: Post) -> None:
    comment = say(aino, post, "Ask")
    Comment.objects.update(told_at=timezone.now())
    assert store.revise(comment, "Ask you", timezone.now()).told_at
    assert store.revise(comment, "Ask @bo", timezone.now()).told_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["hidden", "deleted"])
def test_what_is_gone_is_not_changed(aino: Person, post: Post, state: str) -> None:
    comment = say(aino, post)
    Comment.objects.update(state=state)
    with pytest.raises(Refused, match="removed"):
        store.revise(comment, "Again", timezone.now())


@pytest.mark.django_db
def test_changing_is_no_way_round_the_review_or_the_lock(aino: Person, post: Post) -> None:
    comment = say(aino, post)
    with pytest.raises(Refused, match="5 links"):
        store.revise(comment, "https://x.example " * 6, timezone.now())
    Thread.objects.create(post=post, locked_at=timezone.now())
    with pytest.raises(Refused, match="closed"):
        store.revise(comment, "Again", timezone.now())


@pytest.mark.django_db
def test_deleting_takes_the_words_and_keeps_them_for_moderators(aino: Person, bo: Person, post: Post) -> None:
    comment = say(aino, post, "Regretted")
    reply = say(bo, post, "Why?", parent=comment)
    comment = store.withdraw(comment, timezone.now())
    assert (comment.body, comment.html, comment.excerpt) == ("", "", "")
    assert Revision.objects.get().body == "Regretted"
    assert numbers(post) == (1, 2, 0, [GONE, 5])
    assert Activity.objects.get().comment_id == reply.pk
    store.withdraw(comment, timezone.now())
    assert Revision.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("before", ["visible", "held", "hidden"])
def test_bringing_back_restores_what_was(aino: Person, post: Post, before: str) -> None:
    comment = say(aino, post, "Kept")
    if before == "hidden":
        store.hide(comment, "Rude", timezone.now())
    Comment.objects.update(state=before)
    now = timezone.now()
    store.withdraw(comment, now)
    comment = store.bring_back(comment, now + timedelta(seconds=9))
    assert (comment.state, comment.body, comment.html) == (before, "Kept", "<p>Kept</p>")
    assert numbers(post)[0] == (before == "visible")
    assert not Revision.objects.exists()
    assert comment.removed_because == ("Rude" if before == "hidden" else "")


@pytest.mark.django_db
def test_bringing_back_has_its_time(aino: Person, post: Post) -> None:
    comment, now = say(aino, post), timezone.now()
    store.withdraw(comment, now)
    with pytest.raises(Refused, match="too late"):
        store.bring_back(comment, now + timedelta(minutes=1))


@pytest.mark.django_db
def test_hiding_and_showing_again(aino: Person, bo: Person, post: Post) -> None:
    first, second = say(aino, post, "One"), say(bo, post, "Two")
    hidden = store.hide(second, "Unkind", timezone.now())
    assert (hidden.state, hidden.removed_because) == (CommentState.HIDDEN, "Unkind")
    assert numbers(post) == (1, 2, 1, [0, GONE])
    assert post.last_comment_at == first.published_at
    store.show(second, timezone.now())
    assert numbers(post) == (2, 2, 1, [0, 1])
    assert Activity.objects.count() == 2


@pytest.mark.django_db
def test_what_its_writer_deleted_moderators_do_not_show(aino: Person, post: Post) -> None:
    comment = store.withdraw(say(aino, post), timezone.now())
    assert store.show(comment, timezone.now()).state == CommentState.DELETED
    assert store.hide(comment, "x", timezone.now()).state == CommentState.DELETED
