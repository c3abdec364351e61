"""What moderators do: hide, restore, approve, dismiss, lock, slow down, suspend, and all of it undone.

Every act is one transaction: what it changes, its row in the audit log, and what everyone concerned is told. It happens
under a lock (of the post, or of the person), and is done only when it changes something: of two moderators who press
at once one acts, and the other is told so. Nobody judges their own case. What may be judged is asked in cases.py.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator.models import Post
from bloghub.lib.text import plain_line
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, tell, withdraw as take_back
from bloghub.people.models import Person
from comments import store
from comments.flagging import locked
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

LONGEST = 300  # characters of a reason
SUSPENDED_FOR = {"day": timedelta(days=1), "week": timedelta(weeks=1), "lifted": None}


class NotDone(Exception):
    """An act that changed nothing. ``message`` says why, in a sentence for the moderator."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


@transaction.atomic
def hide(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """Puts a placeholder with the reason in its place; its open flags were right. Held comments are turned away so."""
    comment = _case(comment, by)
    if comment.state not in {CommentState.VISIBLE, CommentState.HELD}:
        raise NotDone(_("This comment has been removed already."))
    flaggers = _settle(comment, by, FlagState.UPHELD, now)
    take_back([f"comment:{comment.pk}"])
    act = _on_comment(ModerationKind.HIDE, comment, by, because, now, flaggers)
    store.hide(comment, act.because, now)
    return act


@transaction.atomic
def restore(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """Shows a hidden comment again: the flags that led to its hiding count as dismissed."""
    comment = _case(comment, by)
    if comment.state != CommentState.HIDDEN:
        raise NotDone(_("This comment is not hidden."))
    upheld = Flag.objects.filter(comment=comment, state=FlagState.UPHELD)
    flaggers = list(upheld.values_list("person", flat=True))
    upheld.update(state=FlagState.DISMISSED, settled_at=now, settled_by=by)
    store.show(comment, now)
    return _on_comment(ModerationKind.RESTORE, comment, by, because, now, flaggers)


@transaction.atomic
def approve(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """Lets a held comment through; those it concerns hear of it from now on (notifying.py)."""
    comment = _case(comment, by)
    if comment.state != CommentState.HELD:
        raise NotDone(_("This comment does not wait any more."))
    store.show(comment, now)
    return _on_comment(ModerationKind.APPROVE, comment, by, because, now)


@transaction.atomic
def dismiss(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """The comment may stay: settles its open flags."""
    comment = _case(comment, by)
    flaggers = _settle(comment, by, FlagState.DISMISSED, now)
    if not flaggers:
        raise NotDone(_("No flag on this comment is open any more."))
    return _on_comment(ModerationKind.DISMISS, comment, by, because, now, flaggers)


@transaction.atomic
def lock(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """Nobody adds to the thread this comment stands in, until it is unlocked."""
    post = _thread_case(comment, by)
    thread, _made = Thread.objects.get_or_create(post=post)
    if thread.locked_at is not None:
        raise NotDone(_("This conversation is closed already."))
    act = _on_thread(ModerationKind.LOCK, post, by, because, now)
    Thread.objects.filter(post=post).update(locked_at=now, locked_because=act.because)
    return act


@transaction.atomic
def unlock(comment: Comment, by: Person, because: str, now: datetime) -> ModerationAct:
    """The thread is open again."""
    post = _thread_case(comment, by)
    locked_one = Thread.objects.filter(post=post, locked_at__isnull=False)
    if not locked_one.update(locked_at=None, locked_because=""):
        raise NotDone(_("This conversation is open already."))
    return _on_thread(ModerationKind.UNLOCK, post, by, because, now)


@transaction.atomic
def slow(comment: Comment, seconds: int, by: Person, because: str, now: datetime) -> ModerationAct:
    """From now on a person writes once in so many seconds there; 0 ends that. ``about`` of the act is the number."""
    post = _thread_case(comment, by)
    Thread.objects.get_or_create(post=post)
    if not Thread.objects.filter(post=post).exclude(slow_seconds=seconds).update(slow_seconds=seconds):
        raise NotDone(_("This conversation has that pace already."))
    return _on_thread(ModerationKind.SLOW, post, by, because, now, str(seconds))


@transaction.atomic
def suspend(comment: Comment, span: str, by: Person, because: str, now: datetime) -> ModerationAct:
    """What the writer of this comment writes is held for a while: ``span`` is a key of SUSPENDED_FOR."""
    comment = _case(comment, by)
    if comment.author is None:
        raise NotDone(_("Whoever wrote this has no account here."))
    Person.objects.select_for_update(no_key=True).get(pk=comment.author.pk)
    if Suspension.objects.in_force(now).filter(person=comment.author).exists():
        raise NotDone(_("The comments of %(name)s are held already.") % {"name": comment.author})
    length = SUSPENDED_FOR[span]
    act = _on_comment(ModerationKind.SUSPEND, comment, by, because, now)
    until = now + length if length else None
    Suspension.objects.create(person=comment.author, since=now, until=until, because=act.because, by=by)
    return act


@transaction.atomic
def lift(suspension: Suspension, by: Person, because: str, now: datetime) -> ModerationAct:
    """Ends a suspension that is in force."""
    if suspension.person_id == by.pk:
        raise _own_case()
    if not Suspension.objects.in_force(now).filter(pk=suspension.pk).update(lifted_at=now):
        raise NotDone(_("This suspension has ended already."))
    act = ModerationAct(kind=ModerationKind.LIFT, actor=by, person_id=suspension.person_id, because=because, at=now)
    return _done(act, [suspension.person_id])


def _own_case() -> NotDone:
    return NotDone(_("This concerns yourself, so another moderator decides it."))


def _case(comment: Comment, by: Person) -> Comment:
    """The comment as it is now, locked with its post, unless they wrote or flagged it: then somebody else decides."""
    comment = locked(comment)
    if comment.author_id == by.pk or Flag.objects.filter(comment=comment, person=by).exists():
        raise _own_case()
    return comment


def _thread_case(comment: Comment, by: Person) -> Post:
    """The post whose thread is to be ruled, locked; neither its author nor the owners of its blog rule it."""
    post = locked(comment).post
    if post.author_id == by.pk or post.blog.owners.filter(pk=by.pk).exists():
        raise _own_case()
    return post


def _settle(comment: Comment, by: Person, state: FlagState, now: datetime) -> list[int]:
    """Settles the open flags; returns who had flagged."""
    flags = Flag.objects.open().filter(comment=comment)
    flaggers = list(flags.values_list("person", flat=True))
    flags.update(state=state, settled_at=now, settled_by=by)
    return flaggers


def _on_comment(
    kind: ModerationKind, comment: Comment, by: Person, because: str, now: datetime, flaggers: Iterable[int] = ()
) -> ModerationAct:
    """Concerns whoever wrote the comment, and those whose flags it settles."""
    act = ModerationAct(kind=kind, actor=by, comment=comment, post=comment.post, because=because, at=now)
    act.person, act.about = comment.author, comment.excerpt
    return _done(act, [comment.author_id, *flaggers])


def _on_thread(
    kind: ModerationKind, post: Post, by: Person, because: str, now: datetime, about: str = ""
) -> ModerationAct:
    """Concerns whoever wrote the post and whose blog it is; others read of it in the thread."""
    act = ModerationAct(kind=kind, actor=by, post=post, because=because, about=about, at=now)
    return _done(act, [post.author_id, *post.blog.owners.values_list("pk", flat=True)])


def _done(act: ModerationAct, people: Iterable[int | None]) -> ModerationAct:
    """Puts it in the log with its reason made harmless, and tells these people what was done and why, with the
    moderator's name: colleagues answer for what they do."""
    act.because = plain_line(act.because, LONGEST)
    act.save(force_insert=True)
    told = {pk: Kind.MODERATION for pk in people if pk is not None}
    secret = Flag.objects.filter(comment=act.comment_id or 0, reason=FlagReason.CONFIDENTIAL).exists()
    event = Event(
        key=f"act:{act.pk}",
        group=f"act:{act.pk}",
        actor_id=act.actor_id,
        title=str(act.post) if act.post else "",
        excerpt=act.because,
        url=reverse("comments:act-detail", args=[act.pk]),
        scope=act.post.blog_id if act.post else None,
        happened_at=act.at,
        confidential=secret,
    )
    tell(event, told, act.at)
    return act
