"""What templates say of moderation: how much waits for a moderator, and each act in one sentence."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.translation import gettext as _, ngettext

from bloghub.people.models import Person
from comments import cases
from comments.models import ModerationAct, ModerationKind, moderates

register = template.Library()


@register.simple_tag
def waiting_count(reader: object) -> int | None:
    """How many cases wait for this reader to judge; None for who does not moderate. Costs only staff a query."""
    if not isinstance(reader, Person) or not moderates(reader):
        return None
    return cases.to_judge(reader, timezone.now()).count()


@register.filter
def deed(act: ModerationAct) -> str:
    """What was done, whoever reads it."""
    return _slowed(act) if act.kind == ModerationKind.SLOW else _deeds()[act.kind]


@register.filter
def deed_to(act: ModerationAct, reader: Person) -> str:
    """The same, as it is said to the person it was done to."""
    return _deeds_to_you().get(act.kind, deed(act)) if act.person_id == reader.pk else deed(act)


def _slowed(act: ModerationAct) -> str:
    seconds = int(act.about) if act.about.isdecimal() else 0
    if not seconds:
        return _("A conversation may go at its own pace again")
    minutes = seconds // 60
    said = ngettext(
        "A conversation is slowed down: one comment a minute from each of us",
        "A conversation is slowed down: one comment in %(count)d minutes from each of us",
        minutes,
    )
    return said % {"count": minutes}


def _deeds() -> dict[str, str]:
    return {
        ModerationKind.HIDE: _("A comment has been hidden"),
        ModerationKind.RESTORE: _("A hidden comment is back"),
        ModerationKind.APPROVE: _("A held comment has been let through"),
        ModerationKind.DISMISS: _("A flagged comment stays"),
        ModerationKind.LOCK: _("A conversation has been closed"),
        ModerationKind.UNLOCK: _("A conversation is open again"),
        ModerationKind.SUSPEND: _("Comments are read by a moderator first"),
        ModerationKind.LIFT: _("Comments need not wait any more"),
    }


def _deeds_to_you() -> dict[str, str]:
    return {
        ModerationKind.HIDE: _("Your comment has been hidden"),
        ModerationKind.RESTORE: _("Your comment is back"),
        ModerationKind.APPROVE: _("Your comment has been let through"),
        ModerationKind.DISMISS: _("Your comment stays"),
        ModerationKind.SUSPEND: _("Your comments are read by a moderator first"),
        ModerationKind.LIFT: _("Your comments need not wait any more"),
    }
