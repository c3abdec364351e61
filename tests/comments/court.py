"""What tests of flags and moderation share: a post with a comment by Bo, and what somebody was told."""

from __future__ import annotations

from django.contrib.auth.models import Permission

from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from comments.models import Comment, CommentState

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
