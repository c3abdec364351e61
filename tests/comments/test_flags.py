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
from tests.comments.court import HOSTILE, make_moderator, state_of, told

Say = Callable[..., Comment]
DAY = timedelta(days=1)


@pytest.fixture
def secret(
    say: Say, make_post: Callable[..., Post], make_blog: Callable[..., Blog], crew: Group, bo: Person
) -> Comment:
    """A comment by Bo on a blog for the crew."""
    return say(bo, make_post(make_blog(for_groups=(crew,))))


@pytest.fixture
def comment(say: Say, make_post: Callable[..., Post], bo: Person) -> Comment:
    return say(bo, make_post())


def flag(client: Client, comment: Comment, reason: str = "unkind", note: str = "Not among us.", **more: str) -> int:
    values = {"reason": reason, "note": note, **more}
    return client.post(f"/comments/{comment.pk}/flag/", values).status_code


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


def test_the_pages_of_the_writer_settle_it(client: Client, aino: Person, bo: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    client.force_login(bo)
    page = client.get(f"/comments/{comment.pk}/flags/").content.decode()
    assert f"/comments/{comment.pk}/edit/" in page
    client.post(f"/comments/{comment.pk}/edit/", {"body": "Kinder words"})
    flagging.flag_comment(comment, Person.objects.create_user("p"), FlagReason.OTHER, "", timezone.now())
    assert f"/comments/{comment.pk}/delete/" in page
    client.post(f"/comments/{comment.pk}/delete/")
    states = Flag.objects.order_by("pk").values_list("state", flat=True)
    assert list(states) == [FlagState.ANSWERED, FlagState.ANSWERED]
    client.post(f"/comments/{comment.pk}/undelete/")
    assert list(states.all()) == [FlagState.ANSWERED, FlagState.QUEUED]


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


def test_ones_own_comment_is_not_flagged(client: Client, bo: Person, comment: Comment) -> None:
    client.force_login(bo)
    assert b"This is your own comment" in client.get(f"/comments/{comment.pk}/flag/").content
    assert flag(client, comment) == 422
    assert not Flag.objects.exists()


def test_a_reason_is_asked_for(client: Client, aino: Person, comment: Comment) -> None:
    client.force_login(aino)
    for reason in ("", "hostile"):
        assert flag(client, comment, reason) == 422
    assert not Flag.objects.exists()


def test_forged_fields_change_nothing(client: Client, aino: Person, bo: Person, comment: Comment) -> None:
    client.force_login(aino)
    flag(client, comment, person=str(bo.pk), state="upheld", queue_at="2001-01-01", settled_by="1")
    found = Flag.objects.get()
    assert (found.person, found.state, found.settled_by) == (aino, FlagState.ASKED, None)
    assert found.queue_at > timezone.now()


def test_hostile_words_are_shown_as_words(client: Client, aino: Person, bo: Person, comment: Comment) -> None:
    client.force_login(aino)
    flag(client, comment, note=HOSTILE)
    client.force_login(bo)
    client.post(f"/comments/{comment.pk}/flags/reply/", {"reply": HOSTILE})
    page = client.get(f"/comments/{comment.pk}/flags/").content.decode()
    assert page.count("&lt;script&gt;alert(1)&lt;/script&gt;evil") == 2
    assert "<script>alert" not in page
    assert "\u202e" not in page


def test_nobody_else_sees_what_was_flagged(client: Client, aino: Person, admin: Person, comment: Comment) -> None:
    found = flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    for person, addresses in ((aino, [f"/comments/{comment.pk}/flags/"]), (admin, [f"/flags/{found.pk}/"])):
        client.force_login(person)
        for address in addresses:
            assert client.get(address).status_code == 404
    client.force_login(admin)
    assert client.post(f"/flags/{found.pk}/renewal/").status_code == 404
    assert client.post(f"/comments/{comment.pk}/flags/reply/", {"reply": "Mine"}).status_code == 404


def test_what_one_may_not_see_cannot_be_flagged(
    client: Client, aino: Person, bo: Person, secret: Comment, say: Say, comment: Comment
) -> None:
    client.force_login(aino)
    gone = [say(bo, comment.post, state=state) for state in ("held", "hidden", "deleted")]
    for one in (secret, *gone):
        assert client.get(f"/comments/{one.pk}/flag/").status_code == 404
        assert flag(client, one) == 404


def test_a_flag_leaves_with_the_audience(client: Client, aino: Person, crew: Group, comment: Comment) -> None:
    found = flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    Blog.objects.update(audience="groups")
    client.force_login(aino)
    assert client.get(f"/flags/{found.pk}/").status_code == 404


def test_it_rejects_get_and_strangers(client: Client, aino: Person, comment: Comment) -> None:
    found = flagging.flag_comment(comment, aino, FlagReason.UNKIND, "", timezone.now())
    posts = [f"/flags/{found.pk}/renewal/", f"/comments/{comment.pk}/flags/reply/"]
    for address in (f"/comments/{comment.pk}/flag/", f"/comments/{comment.pk}/flags/", f"/flags/{found.pk}/", *posts):
        assert client.get(address)["Location"].startswith("/sign-in")
    client.force_login(aino)
    for address in posts:
        assert client.get(address).status_code == 405


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
