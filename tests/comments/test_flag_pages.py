"""The pages of a flag, for whoever raised it and whoever wrote the comment, and for nobody else."""

from __future__ import annotations

from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog
from bloghub.people.models import Person
from comments import flagging
from comments.models import Comment, Flag, FlagReason, FlagState
from tests.comments.court import HOSTILE, flag


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
