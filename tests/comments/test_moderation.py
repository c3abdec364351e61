"""What moderators do: each act changes one thing once, stands in the log, and is told to everyone concerned."""

from __future__ import annotations

from threading import Barrier, Thread as Strand

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from comments import moderation
from comments.models import (
    Comment,
    CommentState,
    Flag,
    FlagState,
    ModerationAct,
    ModerationKind,
    Suspension,
    Thread,
)
from tests.comments.court import WHY, Judge, flagged, make_moderator, state_of, told

VISIBLE, HELD, HIDDEN = CommentState.VISIBLE, CommentState.HELD, CommentState.HIDDEN


def last_act() -> ModerationAct:
    return ModerationAct.objects.get()


def put(comment: Comment, state: CommentState) -> None:
    Comment.objects.filter(pk=comment.pk).update(state=state)


def test_hiding_puts_the_reason_in_its_place_and_upholds_the_flags(
    judge: Judge, aino: Person, bo: Person, mo: Person, comment: Comment
) -> None:
    flag = flagged(comment, aino)
    for _twice in range(2):
        assert judge("hiding") == 302
    found = Comment.objects.get()
    assert (found.state, found.removed_because) == (HIDDEN, WHY)
    flag.refresh_from_db()
    assert (flag.state, flag.settled_by) == (FlagState.UPHELD, mo)
    act = last_act()
    assert (act.actor, act.kind, act.comment, act.because, act.person) == (mo, "hide", comment, WHY, bo)
    assert told(bo, "act:") == told(aino, "act:") == [f"act:{act.pk}"]


def test_restoring_dismisses_what_was_upheld(judge: Judge, aino: Person, bo: Person, comment: Comment) -> None:
    flag = flagged(comment, aino)
    judge("hiding")
    for _twice in range(2):
        assert judge("hiding/delete", "It was a quotation.") == 302
    assert state_of(comment) == VISIBLE
    flag.refresh_from_db()
    assert flag.state == FlagState.DISMISSED
    kinds = list(ModerationAct.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["hide", "restore"]
    assert len(told(bo, "act:")) == len(told(aino, "act:")) == 2
    assert Post.objects.get().comment_count == 1


def test_a_held_comment_is_let_through_or_turned_away(judge: Judge, bo: Person, comment: Comment) -> None:
    put(comment, HELD)
    for _twice in range(2):
        assert judge("approval") == 302
    assert state_of(comment) == VISIBLE
    assert last_act().kind == ModerationKind.APPROVE
    assert told(bo) == [f"act:{last_act().pk}"]
    assert Comment.objects.get().told_at is None  # those it concerns are told from now on
    put(comment, HELD)
    judge("hiding")
    assert state_of(comment) == HIDDEN


def test_dismissing_leaves_the_comment_and_tells_both(judge: Judge, aino: Person, bo: Person, comment: Comment) -> None:
    flagged(comment, aino)
    for _twice in range(2):
        assert judge("dismissal") == 302
    assert state_of(comment) == VISIBLE
    assert Flag.objects.get().state == FlagState.DISMISSED
    assert told(bo, "act:") == told(aino, "act:") == [f"act:{last_act().pk}"]


def test_a_thread_is_closed_and_opened(judge: Judge, comment: Comment) -> None:
    ann = Person.objects.create_user("ann")
    Post.objects.update(author=ann)
    for _twice in range(2):
        assert judge("lock") == 302
    thread = Thread.objects.get()
    assert thread.locked_at is not None
    assert thread.locked_because == WHY
    assert told(ann) == [f"act:{last_act().pk}"]
    for _twice in range(2):
        assert judge("lock/delete") == 302
    assert Thread.objects.get().locked_at is None
    assert len(told(ann)) == ModerationAct.objects.count() == 2


def test_a_thread_is_slowed_down_and_let_go(judge: Judge, client: Client, comment: Comment) -> None:
    for seconds in (300, 300, 0):
        assert judge("pace", seconds=seconds) == 302
    assert Thread.objects.get().slow_seconds == 0
    acts = ModerationAct.objects.order_by("pk")
    assert [act.about for act in acts] == ["300", "0"]
    assert b"one comment in 5 minutes" in client.get(f"/moderation/acts/{acts[0].pk}/").content
    for nonsense in ("", "7", "-60", "x"):
        assert judge("pace", seconds=nonsense) == 422


@pytest.mark.parametrize(("span", "days"), [("day", 1), ("week", 7), ("lifted", None)])
def test_somebody_is_suspended_for_a_while(
    judge: Judge, bo: Person, mo: Person, comment: Comment, span: str, days: int | None
) -> None:
    for _twice in range(2):
        assert judge("suspension", span=span) == 302
    found = Suspension.objects.get()
    assert (found.person, found.by, found.because) == (bo, mo, WHY)
    assert (found.until and (found.until - found.since).days) == days
    assert told(bo) == [f"act:{last_act().pk}"]
    assert judge("suspension", span="for ever") == 422


def test_a_suspension_is_lifted_once(judge: Judge, client: Client, bo: Person, comment: Comment) -> None:
    judge("suspension", span="lifted")
    address = f"/moderation/suspensions/{Suspension.objects.get().pk}/delete/"
    client.post(address, {"because": " "})
    assert Suspension.objects.get().lifted_at is None
    assert b"Bo Ekdahl" in client.get("/moderation/").content
    for _twice in range(2):
        client.post(address, {"because": "Thank you."})
    assert not Suspension.objects.in_force(timezone.now()).exists()
    assert list(ModerationAct.objects.order_by("pk").values_list("kind", flat=True)) == ["suspend", "lift"]
    assert len(told(bo)) == 2


ALL = ("hiding", "hiding/delete", "approval", "dismissal", "lock", "lock/delete", "pace", "suspension")


@pytest.mark.parametrize("what", ALL)
def test_nothing_is_done_without_a_reason(judge: Judge, comment: Comment, what: str) -> None:
    for nothing in ("", "  ", "\u202e\u200b"):
        assert judge(what, nothing, seconds=60, span="day") == 422
    assert not ModerationAct.objects.exists()
    assert state_of(comment) == VISIBLE


@pytest.mark.parametrize("what", ALL)
def test_others_than_moderators_find_nothing(client: Client, aino: Person, comment: Comment, what: str) -> None:
    address = f"/moderation/comments/{comment.pk}/{what}/"
    values = {"because": WHY, "seconds": 60, "span": "day"}
    assert client.post(address, values)["Location"].startswith("/sign-in")
    staff = Person.objects.create_user("staff", is_staff=True)
    for person in (aino, staff):
        client.force_login(person)
        assert client.post(address, values).status_code == 404
    client.force_login(make_moderator("mo"))
    assert client.get(address).status_code == 405
    assert not ModerationAct.objects.exists()


@pytest.mark.parametrize("how", ["wrote", "flagged"])
def test_nobody_judges_their_own_case(
    judge: Judge, client: Client, aino: Person, mo: Person, comment: Comment, how: str
) -> None:
    flagged(comment, mo if how == "flagged" else aino)
    if how == "wrote":
        Comment.objects.update(author=mo)
    for what in ("hiding", "dismissal", "suspension"):
        assert judge(what, span="day") == 302
    assert b"This concerns yourself" in client.get(f"/moderation/comments/{comment.pk}/").content
    assert not ModerationAct.objects.exists()
    page = client.get("/moderation/").content
    assert b"1 more concerns yourself" in page
    assert b"case-" not in page


def test_nobody_rules_the_thread_under_their_own_post_or_on_their_blog_or_lifts_their_own_suspension(
    judge: Judge, client: Client, mo: Person, comment: Comment
) -> None:
    Post.objects.update(author=mo)
    for what in ("lock", "lock/delete", "pace"):
        judge(what, seconds=60)
    Post.objects.update(author=None)
    comment.post.blog.owners.add(mo)
    judge("lock")
    own = Suspension.objects.create(person=mo, since=timezone.now(), because="x")
    client.post(f"/moderation/suspensions/{own.pk}/delete/", {"because": "Me"})
    assert Suspension.objects.get().lifted_at is None
    assert not ModerationAct.objects.exists()


def test_the_second_moderator_gets_a_plain_message(judge: Judge, client: Client, comment: Comment) -> None:
    judge("hiding")
    client.force_login(make_moderator("second"))
    address = f"/moderation/comments/{comment.pk}/hiding/"
    page = client.post(address, {"because": "Me too", "from": "queue"}, follow=True)
    assert page.redirect_chain == [("/moderation/", 302)]
    assert b"This comment has been removed already." in page.content
    assert last_act().because == WHY


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_acts(aino: Person, comment: Comment) -> None:
    flagged(comment, aino)
    moderators, barrier, undone = [make_moderator("one"), make_moderator("two")], Barrier(2), []

    def press(moderator: Person) -> None:
        barrier.wait()
        try:
            moderation.hide(comment, moderator, WHY, timezone.now())
        except moderation.NotDone as nothing:
            undone.append(nothing.message)
        finally:
            connection.close()

    strands = [Strand(target=press, args=[moderator]) for moderator in moderators]
    for strand in strands:
        strand.start()
    for strand in strands:
        strand.join()
    assert undone == ["This comment has been removed already."]
    assert ModerationAct.objects.count() == 1
    assert len(told(aino, "act:")) == 1


def test_forged_fields_change_nothing(judge: Judge, aino: Person, mo: Person, comment: Comment) -> None:
    judge("hiding", actor=aino.pk, kind="lift", person=aino.pk, comment=0, at="2001-01-01", state="visible", about="x")
    act = last_act()
    assert (act.actor, act.kind, act.comment, act.about) == (mo, "hide", comment, comment.excerpt)
    assert act.at.year > 2001
