"""The moderators' pages: the queue, a case, the log and one act, each for those whom it concerns."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from bloghub.people.models import Person
from comments import cases, flagging
from comments.models import Comment, CommentState, FlagReason, ModerationAct
from tests.comments.court import HOSTILE, WHY, Judge, Say, flagged


def test_hostile_reasons_are_shown_as_words(judge: Judge, client: Client, bo: Person, comment: Comment) -> None:
    judge("hiding", HOSTILE)
    for address in (
        f"/moderation/comments/{comment.pk}/",
        "/moderation/log/",
        f"/moderation/acts/{ModerationAct.objects.get().pk}/",
    ):
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
            aino, comment.post, state=CommentState.HELD
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
