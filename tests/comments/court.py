"""What tests of flags and moderation share: what is sent, what somebody was told, and how a comment stands."""

from __future__ import annotations

from collections.abc import Callable

from django.contrib.auth.models import Permission
from django.test import Client
from django.utils import timezone

from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from comments import flagging
from comments.models import Comment, CommentState, Flag, FlagReason

Judge = Callable[..., int]
Say = Callable[..., Comment]
WHY = "We do not speak like that."
HOSTILE = "<script>alert(1)</script>\u202eevil"


def make_moderator(username: str, name: str = "") -> Person:
    """Somebody on the staff who may change comments."""
    person = Person.objects.create_user(
        username, f"{username}@example.com", display_name=name or username, is_staff=True
    )
    person.user_permissions.add(Permission.objects.get(codename="change_comment"))
    return Person.objects.get(pk=person.pk)


def told(person: Person, prefix: str = "") -> list[str]:
    """The events this person was told of."""
    rows = Notification.objects.filter(recipient=person, event__startswith=prefix).order_by("pk")
    return list(rows.values_list("event", flat=True))


def state_of(comment: Comment) -> CommentState:
    return CommentState(Comment.objects.values_list("state", flat=True).get(pk=comment.pk))


def flag(client: Client, comment: Comment, reason: str = "unkind", note: str = "Not among us.", **more: str) -> int:
    """Sends the form."""
    values = {"reason": reason, "note": note, **more}
    return client.post(f"/comments/{comment.pk}/flag/", values).status_code


def flagged(comment: Comment, person: Person) -> Flag:
    """It comes to moderators at once."""
    return flagging.flag_comment(comment, person, FlagReason.CONFIDENTIAL, "", timezone.now())
