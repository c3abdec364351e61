"""What moderators do: each act changes one thing once, stands in the log, and is told to everyone concerned."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread as Strand

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from aggregator.models import Post
from bloghub.people.models import Person
from comments import cases, flagging, moderation
from comments.models import (
    Comment,
    CommentState,
    Flag,
    FlagReason,
    FlagState,
    ModerationAct,
    ModerationKind,
    Suspension,
    Thread,
)
from tests.comments.court import HOSTILE, make_moderator, state_of, told

Say = Callable[..., Comment]
WHY = "We do not speak like that."
VISIBLE, HELD, HIDDEN = CommentState.VISIBLE, CommentState.HELD, CommentState.HIDDEN


@pytest.fixture
def mo(db: None) -> Person:
    """A moderator."""
    return make_moderator("mo", "Mo Derat")


@pytest.fixture
def comment(say: Say, make_post: Callable[..., Post], bo: Person) -> Comment:
    return say(bo, make_post(author=Person.objects.create_user("ann", display_name="Ann Author")))


@pytest.fixture
def judge(client: Client, mo: Person, comment: Comment) -> Callable[..., int]:
    """``judge("hiding")``: the moderator presses that button under the comment."""

    def judge(what: str, because: str = WHY, **values: object) -> int:
        client.force_login(mo)
        address = f"/moderation/comments/{comment.pk}/{what}/"
        return client.post(address, {"because": because, **values}).status_code

    return judge


Judge = Callable[..., int]


def last_act() -> ModerationAct:
    return ModerationAct.objects.get()


def put(comment: Comment, state: CommentState) -> None:
    Comment.objects.filter(pk=comment.pk).update(state=state)


def flagged(comment: Comment, person: Person) -> Flag:
    return flagging.flag_comment(comment, person, FlagReason.CONFIDENTIAL, "", timezone.now())


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
    for _twice in range(2):
        assert judge("lock") == 302
    thread = Thread.objects.get()
    assert thread.locked_at is not None
    assert thread.locked_because == WHY
    ann = Person.objects.get(username="ann")
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


def test_hostile_reasons_are_shown_as_words(judge: Judge, client: Client, bo: Person, comment: Comment) -> None:
    judge("hiding", HOSTILE)
    for address in (f"/moderation/comments/{comment.pk}/", "/moderation/log/", f"/moderation/acts/{last_act().pk}/"):
        page = client.get(address).content.decode()
        assert "&lt;script&gt;alert(1)&lt;/script&gt;evil" in page
        assert "<script>alert" not in page
        assert "\u202e" not in page


def test_an_act_is_read_by_those_it_concerns_and_by_nobody_else(
    judge: Judge, client: Client, aino: Person, bo: Person, comment: Comment
) -> None:
    flagged(comment, aino)
    judge("hiding")
    judge("suspension", span="day")
    hidden, suspended = ModerationAct.objects.order_by("pk")
    stranger = Person.objects.create_user("stranger")
    for person, reads in ((bo, (200, 200)), (aino, (200, 404)), (stranger, (404, 404))):
        client.force_login(person)
        answers = [client.get(f"/moderation/acts/{act.pk}/") for act in (hidden, suspended)]
        assert tuple(answer.status_code for answer in answers) == reads
        if person == bo:
            assert WHY.encode() in answers[0].content
            assert b"Your comment has been hidden" in answers[0].content
            assert b"Your comments are read by a moderator first" in answers[1].content
            assert b"Words 1" in answers[0].content
        if person == aino:
            assert b"A comment has been hidden" in answers[0].content
            assert b"Words 1" not in answers[0].content  # hidden from her as from all


def test_a_case_shows_all_that_is_needed_to_be_fair(
    client: Client, aino: Person, bo: Person, mo: Person, comment: Comment, say: Say
) -> None:
    answer = say(bo, comment.post, parent=say(aino, comment.post, excerpt="What do you mean?"))
    flagging.flag_comment(answer, aino, FlagReason.CONFIDENTIAL, "The price is in it", timezone.now())
    flagging.answer(answer, "It is on our web site", timezone.now())
    answer.revisions.create(body="What it said before", replaced_at=timezone.now())
    client.force_login(mo)
    page = client.get("/moderation/").content.decode()
    for told_there in (
        *("What do you mean?", "The price is in it", "Aino Lehtinen", "It is on our web site", "What it said before"),
        *(comment.post.title, "Words 3", "2 comments by this writer", "0 suspensions"),
    ):
        assert told_there in page


def test_queue_and_log_cost_the_same_however_long_they_are(
    client: Client,
    aino: Person,
    mo: Person,
    comment: Comment,
    say: Say,
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client.force_login(mo)
    for _number in range(cases.QUEUE_SIZE + 2):
        flagged(say(Person.objects.create_user(f"w{_number}"), comment.post), aino) if _number < 19 else say(
            aino, comment.post, state=HELD
        )
    with django_assert_max_num_queries(24):  # type: ignore[attr-defined]
        page = client.get("/moderation/").content
    assert page.count(b'id="case-') == cases.QUEUE_SIZE
    assert b"2 more wait after these" in page


def test_the_log_runs_page_by_page_and_only_grows(client: Client, mo: Person, comment: Comment) -> None:
    for number in range(30):
        ModerationAct.objects.create(actor=mo, kind="hide", post=comment.post, because=f"Reason {number:02}")
    client.force_login(mo)
    first = client.get("/moderation/log/").content.decode()
    assert "Reason 29" in first
    assert "Reason 04" not in first
    older = first.split('href="?before=')[1].split('"')[0]
    assert "Reason 04" in client.get(f"/moderation/log/?before={older}").content.decode()
    assert client.post("/moderation/log/").status_code == 405


@pytest.mark.parametrize("address", ["/moderation/", "/moderation/log/"])
def test_the_menu_leads_there_for_moderators_alone(
    client: Client, aino: Person, bo: Person, mo: Person, comment: Comment, address: str
) -> None:
    flagged(comment, aino)
    client.force_login(mo)
    assert b"Moderation: 1 waits" in client.get("/blogs/").content
    assert client.get(address).status_code == 200
    client.force_login(bo)
    assert b"/moderation/" not in client.get("/blogs/").content
    assert client.get(address).status_code == 404


def test_a_comment_out_of_sight_is_judged_by_superusers_alone(
    client: Client, admin: Person, aino: Person, mo: Person, comment: Comment
) -> None:
    address = f"/moderation/comments/{comment.pk}/"
    flag = flagged(comment, aino)
    comment.post.blog.__class__.objects.update(audience="groups")
    client.force_login(mo)
    assert client.get(address).status_code == 404
    assert client.post(f"{address}hiding/", {"because": WHY}).status_code == 404
    client.force_login(admin)
    assert client.get(address).status_code == 200
    flag.delete()  # what nobody complained of is not theirs to read
    assert client.get(address).status_code == 404
