"""Flagging: the writer is asked first and never learns by whom; time, three people or a secret bring it further."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from comments import cases, flagging, moderation, voting
from comments.limits import Refused
from comments.models import Comment, CommentState, Flag, FlagReason, FlagState
from tests.comments.court import Say, flag, make_moderator, state_of, told

DAY = timedelta(days=1)


@pytest.fixture
def secret(
    say: Say, make_post: Callable[..., Post], make_blog: Callable[..., Blog], crew: Group, bo: Person
) -> Comment:
    """A comment by Bo on a blog for the crew."""
    return say(bo, make_post(make_blog(for_groups=(crew,))))


def waits(moderator: Person, now: timedelta = timedelta()) -> list[int]:
    return list(cases.waiting(moderator, timezone.now() + now).values_list("pk", flat=True))


def test_the_writer_is_asked_without_a_name(client: Client, aino: Person, bo: Person, comment: Comment) -> None:
    client.force_login(aino)
    assert b"Bo Ekdahl is asked first" in client.get(f"/comments/{comment.pk}/flag/").content
    assert flag(client, comment) == 302
    found = Flag.objects.get()
    assert (found.person, found.reason, found.state) == (aino, FlagReason.UNKIND, FlagState.ASKED)
    row = Notification.objects.get(recipient=bo)
    assert (row.event, row.actor, row.kind) == (f"flag:{found.pk}", None, "moderation")
    client.force_login(bo)
    page = client.get(row.url).content.decode()
    assert "It attacks a person" in page
    assert "Not among us." in page
    assert "Aino" not in page
    assert Notification.objects.get(recipient=bo).read_at is not None


def test_it_comes_to_moderators_a_day_later_and_not_before(
    client: Client, admin: Person, aino: Person, comment: Comment
) -> None:
    client.force_login(aino)
    flag(client, comment)
    assert waits(admin) == []
    assert waits(admin, DAY) == [comment.pk]


@pytest.mark.parametrize(("reason", "at_once"), [("confidential", True), ("other", False)])
def test_a_secret_comes_at_once(
    client: Client, admin: Person, aino: Person, comment: Comment, reason: str, at_once: bool
) -> None:
    client.force_login(aino)
    flag(client, comment, reason)
    assert bool(waits(admin)) is at_once


def test_a_comment_without_a_writer_to_ask_comes_at_once(
    admin: Person, aino: Person, bo: Person, comment: Comment, say: Say
) -> None:
    bo.is_active = False
    bo.save()
    from_blog = say(None, comment.post, author_name="Old Harald", origin="blog")
    for one in (comment, from_blog):
        flagging.flag_comment(one, aino, FlagReason.OTHER, "", timezone.now())
    assert waits(admin) == [comment.pk, from_blog.pk]


def test_three_people_need_not_wait(admin: Person, aino: Person, comment: Comment) -> None:
    people = [aino, *(Person.objects.create_user(f"p{number}") for number in range(2))]
    for count, person in enumerate(people, 1):
        flagging.flag_comment(comment, person, FlagReason.OTHER, "", timezone.now())
        assert bool(waits(admin)) is (count == 3)


def test_the_answer_of_the_writer_brings_it_to_moderators(
    client: Client, admin: Person, aino: Person, bo: Person, comment: Comment
) -> None:
    flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    client.force_login(bo)
    assert client.post(f"/comments/{comment.pk}/flags/reply/", {"reply": " "}).status_code == 422
    for answer in ("It is a quotation.", "Twice"):
        assert client.post(f"/comments/{comment.pk}/flags/reply/", {"reply": answer}).status_code == 302
    found = Flag.objects.get()
    assert (found.reply, found.state) == ("It is a quotation.", FlagState.QUEUED)
    assert waits(admin) == [comment.pk]


@pytest.mark.parametrize("change", ["revise", "withdraw"])
def test_changing_or_deleting_it_settles_the_flag_and_tells_who_flagged_once(
    admin: Person, aino: Person, bo: Person, comment: Comment, change: str
) -> None:
    found = flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    for _twice in range(2):
        if change == "revise":
            flagging.revise(comment, "Kinder words", timezone.now())
        else:
            flagging.withdraw(comment, timezone.now())
    found.refresh_from_db()
    assert found.state == FlagState.ANSWERED
    assert told(aino) == [f"flag:{found.pk}:answered"]
    assert waits(admin, DAY) == []


def test_what_the_writer_deletes_is_not_left_with_who_flagged(aino: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    flagging.revise(comment, "Second words", timezone.now())
    flagging.withdraw(comment, timezone.now())
    assert "Second" not in Notification.objects.get(recipient=aino).excerpt


def test_the_same_text_again_settles_nothing(admin: Person, aino: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    flagging.revise(comment, comment.body, timezone.now())
    assert waits(admin, DAY) == [comment.pk]


def test_deleting_and_undoing_does_not_shake_a_flag_off(admin: Person, aino: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    flagging.withdraw(comment, timezone.now())
    flagging.bring_back(comment, timezone.now())
    assert state_of(comment) == CommentState.VISIBLE
    assert waits(admin) == [comment.pk]
    assert told(aino) == []


def test_who_flagged_may_ask_a_moderator_when_the_change_mended_nothing(
    client: Client, admin: Person, aino: Person, comment: Comment
) -> None:
    found = flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    address = f"/flags/{found.pk}/renewal/"
    client.force_login(aino)
    client.post(address)
    assert waits(admin) == []  # not before it was changed
    flagging.revise(comment, "Other words, no kinder", timezone.now())
    client.post(address)
    assert waits(admin) == [comment.pk]


def test_what_was_dismissed_may_be_asked_again_of_other_words(
    client: Client, admin: Person, aino: Person, comment: Comment
) -> None:
    client.force_login(aino)
    flag(client, comment)
    found = Flag.objects.get()
    address = f"/flags/{found.pk}/"
    moderation.dismiss(comment, admin, "It is fine.", timezone.now())
    assert b"<h1>A flagged comment stays</h1>" in client.get(address).content
    assert not flagging.renew(found, timezone.now())
    flagging.revise(comment, "Now it is not.", timezone.now())
    changed = client.get(address).content
    assert b"<h1>The comment has been changed</h1>" in changed
    assert b"Ask a moderator" in changed
    assert flagging.renew(found, timezone.now())
    assert b"<h1>A moderator looks at it</h1>" in client.get(address).content
    assert waits(admin) == [comment.pk]


def test_what_quotes_a_comment_quotes_it_as_it_is(aino: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.OTHER, "", timezone.now())
    Comment.objects.filter(pk=comment.pk).update(vote_count=4)
    voting.cast(comment, aino, timezone.now())
    quoting = Notification.objects.filter(recipient=comment.author)
    flagging.revise(comment, "Other words", timezone.now())
    assert list(quoting.values_list("excerpt", flat=True)) == ["Other words"] * 2
    flagging.withdraw(comment, timezone.now())
    assert list(quoting.values_list("excerpt", flat=True)) == [""] * 2
    flagging.bring_back(comment, timezone.now())
    assert list(quoting.values_list("excerpt", flat=True)) == ["Other words"] * 2


def test_a_second_flag_is_the_first(client: Client, aino: Person, bo: Person, comment: Comment) -> None:
    client.force_login(aino)
    flag(client, comment)
    assert flag(client, comment, "advertising") == 302
    assert client.get(f"/comments/{comment.pk}/flag/")["Location"] == f"/flags/{Flag.objects.get().pk}/"
    again = flagging.flag_comment(comment, aino, FlagReason.OTHER, "", timezone.now())  # pressed twice at once
    assert Flag.objects.get() == again
    assert again.reason == FlagReason.UNKIND
    assert len(told(bo, "flag:")) == 1


def test_what_one_may_not_see_cannot_be_flagged(
    client: Client, aino: Person, bo: Person, secret: Comment, say: Say, comment: Comment
) -> None:
    client.force_login(aino)
    gone = [say(bo, comment.post, state=state) for state in ("held", "hidden", "deleted")]
    for one in (secret, *gone):
        assert client.get(f"/comments/{one.pk}/flag/").status_code == 404
        assert flag(client, one) == 404


def test_nobody_floods_the_queue(aino: Person, bo: Person, say: Say, make_post: Callable[..., Post]) -> None:
    post = make_post()
    for _number in range(flagging.MOST_OPEN):
        flagging.flag_comment(say(bo, post), aino, FlagReason.OTHER, "", timezone.now())
    with pytest.raises(Refused, match="Twenty"):
        flagging.flag_comment(say(bo, post), aino, FlagReason.OTHER, "", timezone.now())


def test_a_moderator_outside_the_audience_is_not_shown_it(
    aino: Person, admin: Person, crew: Group, secret: Comment
) -> None:
    moderator = make_moderator("mo")
    aino.groups.add(crew)
    flagging.flag_comment(secret, aino, FlagReason.CONFIDENTIAL, "", timezone.now())
    assert waits(moderator) == []
    assert waits(admin) == [secret.pk]
    moderator.groups.add(crew)
    assert waits(moderator) == [secret.pk]
