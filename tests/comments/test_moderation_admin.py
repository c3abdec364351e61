"""The conversation in the admin: read there, judged with a reason, and the log out of everybody's reach."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

import pytest
from django.apps import apps
from django.contrib.auth.models import Group, Permission
from django.test import Client
from django.utils import timezone

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from comments import flagging
from comments.models import Comment, CommentState, Flag, FlagReason, Guidelines, ModerationAct, Suspension, Thread
from tests.comments.court import Say, make_moderator, state_of, told


def choose(client: Client, action: str, comment: Comment, **values: str) -> str:
    answer = client.post(
        "/admin/comments/comment/", {"action": action, "_selected_action": [comment.pk], **values}, follow=True
    )
    return answer.content.decode()


def test_hiding_and_restoring_ask_for_a_reason(client: Client, admin: Person, bo: Person, comment: Comment) -> None:
    client.force_login(admin)
    for action, state in (("hide", CommentState.HIDDEN), ("restore", CommentState.VISIBLE)):
        before = state_of(comment)
        assert "Your reason" in choose(client, action, comment)
        assert "Give a reason" in choose(client, action, comment, because=" ")
        assert state_of(comment) == before
        assert "1 comment is judged." in choose(client, action, comment, because="Because")
        assert state_of(comment) == state
    assert list(ModerationAct.objects.order_by("pk").values_list("kind", "because")) == [
        ("hide", "Because"),
        ("restore", "Because"),
    ]
    assert len(told(bo)) == 2


def test_the_admin_knows_no_own_case_either(client: Client, admin: Person, comment: Comment) -> None:
    Comment.objects.update(author=admin)
    client.force_login(admin)
    assert "This concerns yourself" in choose(client, "hide", comment, because="Me")
    assert state_of(comment) == CommentState.VISIBLE


def test_nothing_is_changed_or_removed_there(client: Client, admin: Person, aino: Person, comment: Comment) -> None:
    flag = flagging.flag_comment(comment, aino, FlagReason.CONFIDENTIAL, "", timezone.now())
    act = ModerationAct.objects.create(actor=admin, kind="hide", because="Because", post=comment.post)
    suspension = Suspension.objects.create(person=aino, since=timezone.now(), because="x")
    thread = Thread.objects.create(post=comment.post)
    guidelines = Guidelines.objects.create(body="Be kind", html="<p>Be kind</p>", by=admin)
    client.force_login(admin)
    for row in (comment, flag, act, suspension, thread, guidelines):
        pages = f"/admin/comments/{row._meta.model_name}/"
        assert client.get(pages).status_code == 200
        assert client.get(f"{pages}{row.pk}/change/").status_code == 200
        assert client.post(f"{pages}{row.pk}/change/", {"because": "x", "body": "x"}).status_code == 403
        assert client.post(f"{pages}{row.pk}/delete/", {"post": "yes"}).status_code == 403
        client.post(pages, {"action": "delete_selected", "_selected_action": [row.pk], "post": "yes"})
        assert type(row)._default_manager.filter(pk=row.pk).exists()
        if row is not guidelines:
            assert client.get(f"{pages}add/").status_code == 403


def test_posts_and_people_can_still_be_removed(client: Client, admin: Person, aino: Person, comment: Comment) -> None:
    flagging.flag_comment(comment, aino, FlagReason.CONFIDENTIAL, "", timezone.now())
    Suspension.objects.create(person=aino, since=timezone.now(), because="x")
    client.force_login(admin)
    client.post(f"/admin/people/person/{aino.pk}/delete/", {"post": "yes"})
    assert not Person.objects.filter(pk=aino.pk).exists()
    client.post(f"/admin/aggregator/post/{comment.post_id}/delete/", {"post": "yes"})
    assert not Comment.objects.exists()


def test_moderators_see_no_other_audiences_comments_in_the_admin(
    client: Client, say: Say, bo: Person, make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    crew = Group.objects.create(name="Crew")
    secret = say(bo, make_post(make_blog(for_groups=(crew,))), excerpt="The secret")
    Flag.objects.create(comment=secret, person=bo, reason="other", note="The note", queue_at=timezone.now())
    moderator = make_moderator("mo")
    moderator.user_permissions.add(*Permission.objects.filter(codename__in=["view_comment", "view_flag"]))
    client.force_login(moderator)
    for name, row in (("comment", secret.pk), ("flag", Flag.objects.get().pk)):
        assert "0 " in client.get(f"/admin/comments/{name}/").content.decode()
        assert client.get(f"/admin/comments/{name}/{row}/change/").status_code == 302  # is not there


@pytest.fixture
def as_migrated(db: None) -> None:
    """What the migration makes; a test that empties the database may have come before."""
    config = apps.get_app_config("comments")
    models = config.models_module
    try:
        import_module("comments.migrations.0002_moderators").make_group(apps, None)
    finally:
        config.models_module = models


@pytest.mark.usefixtures("as_migrated")
def test_the_group_of_moderators_is_there_with_its_rights(client: Client, aino: Person) -> None:
    aino.groups.add(Group.objects.get(name="Moderators"))
    client.force_login(aino)
    assert client.get("/moderation/").status_code == 404  # the group alone makes nobody staff
    Person.objects.filter(pk=aino.pk).update(is_staff=True)
    for address in ("/moderation/", "/admin/comments/comment/", "/admin/comments/moderationact/"):
        assert client.get(address).status_code == 200


def test_guidelines_change_by_a_new_version(client: Client, admin: Person) -> None:
    client.force_login(admin)
    assert "Speak for yourself" in client.get("/admin/comments/guidelines/add/").content.decode()
    for body in ("First **version**", "Second <script>alert(1)</script>"):
        assert client.post("/admin/comments/guidelines/add/", {"body": body, "must_accept": "on"}).status_code == 302
    first, second = Guidelines.objects.order_by("pk")
    assert (first.html.strip(), first.by) == ("<p>First <strong>version</strong></p>", admin)
    assert second.must_accept
    assert "<script" not in second.html
    assert "Second" in client.get("/admin/comments/guidelines/add/").content.decode()
