"""Flags: a reader finds that a comment breaks the guidelines, its writer is asked first, then a moderator.

Owns what becomes of a flag until a moderator judges it (moderation.py does). Who flagged is told to moderators alone.
Every function is one transaction under the lock of the post, as in store.py, whose changes of a comment that its
writer makes go through here: a comment that was changed or deleted after its writer was asked settles its flags.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _

from aggregator.models import Post
from bloghub.lib.text import plain_line
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, reword, tell, withdraw as take_back
from bloghub.people.models import Person
from comments import store, voting
from comments.limits import Refused
from comments.models import Comment, CommentState, Flag, FlagReason, FlagState

ASKED_FIRST = timedelta(days=1)  # in which the writer may answer before a moderator looks
ENOUGH = 3  # people whose flags need not wait
MOST_OPEN = 20  # flags of one person; more are no longer about single comments
LONGEST = 500  # characters of a note and of an answer


def flag_comment(comment: Comment, person: Person, reason: FlagReason, note: str, now: datetime) -> Flag:
    """Flags a comment that ``person`` may see; the flag that is there already when they did before.

    Raises Refused: ``own``, ``removed``, ``many``.
    """
    with transaction.atomic():
        comment = locked(comment)
        known = Flag.objects.filter(comment=comment, person=person).first()
        if known is not None:
            return known
        _judge(comment, person)
        asked = comment.author is not None and comment.author.is_active
        at_once = reason == FlagReason.CONFIDENTIAL or not asked
        flag = Flag.objects.create(
            comment=comment,
            person=person,
            reason=reason,
            note=plain_line(note, LONGEST),
            state=FlagState.QUEUED if at_once else FlagState.ASKED,
            flagged_at=now,
            queue_at=now if at_once else now + ASKED_FIRST,
        )
        if Flag.objects.open().filter(comment=comment).count() >= ENOUGH:
            _queue(comment, now)
            flag.refresh_from_db()
        _ask(flag, comment, now)
    return flag


def _judge(comment: Comment, person: Person) -> None:
    if comment.author_id == person.pk:
        raise Refused("own", _("This is your own comment. You can change or delete it."))
    if comment.state != CommentState.VISIBLE:
        raise Refused("removed", _("This comment has been removed meanwhile."))
    if Flag.objects.open().filter(person=person).count() >= MOST_OPEN:
        raise Refused("many", _("Twenty of your flags are still open. Please wait until they are settled."))


def _queue(comment: Comment, now: datetime) -> None:
    """Brings every open flag of a comment before the moderators now."""
    waiting = Flag.objects.open().filter(comment=comment, queue_at__gt=now)
    waiting.update(state=FlagState.QUEUED, queue_at=now)


def _ask(flag: Flag, comment: Comment, now: datetime) -> None:
    """Tells the writer, without a name, where to read what is the matter and to answer."""
    if comment.author_id is not None:
        tell(_event(comment, flag, "", reverse("comments:flag-list", args=[comment.pk]), now), _one(comment.author_id))


def answer(comment: Comment, reply: str, now: datetime) -> bool:
    """Its writer says why it should stay: its flags come before the moderators. False when none waited for that."""
    with transaction.atomic():
        comment = locked(comment)
        unanswered = Flag.objects.open().filter(comment=comment, reply="")
        count = unanswered.update(reply=plain_line(reply, LONGEST))
        _queue(comment, now)
    return count > 0


def renew(flag: Flag, now: datetime) -> bool:
    """Whoever flagged finds that another text mended nothing: a moderator is to look. False when it was not mended."""
    with transaction.atomic():
        comment = locked(flag.comment)
        mended = Flag.objects.filter(pk=flag.pk, state=FlagState.ANSWERED)
        if comment.state != CommentState.VISIBLE:
            return False
        return mended.update(state=FlagState.QUEUED, queue_at=now, settled_at=None) > 0


def revise(comment: Comment, body: str, now: datetime) -> Comment:
    """``store.revise``; another text settles the flags its writer was asked about, and is what those told of it read.
    Whoever raised a flag that was dismissed may ask a moderator again.

    Raises what that raises.
    """
    with transaction.atomic():
        before = locked(comment).body
        comment = store.revise(comment, body, now)
        if comment.body != before:
            _settle(comment, now)
            reword(_quoting(comment), comment.excerpt)
            judged = Flag.objects.filter(comment=comment, state=FlagState.DISMISSED)  # of the words that are gone
            judged.update(state=FlagState.ANSWERED, settled_at=now, settled_by=None)
    return comment


def withdraw(comment: Comment, now: datetime) -> Comment:
    """``store.withdraw``: what its writer deletes needs no moderator any more, and nobody is told of it any more."""
    with transaction.atomic():
        comment = store.withdraw(comment, now)
        _settle(comment, now)
        take_back([f"comment:{comment.pk}"])
        reword(_quoting(comment), "")
    return comment


def bring_back(comment: Comment, now: datetime) -> Comment:
    """``store.bring_back``; the flags that its deletion settled are open again. Raises what that raises."""
    with transaction.atomic():
        removed_at = locked(comment).removed_at
        comment = store.bring_back(comment, now)
        if removed_at is None or comment.state == CommentState.DELETED:
            return comment
        reword(_quoting(comment), comment.excerpt)
        flags = Flag.objects.filter(comment=comment, state=FlagState.ANSWERED, settled_at=removed_at)
        take_back([_key(flag, ":answered") for flag in flags])
        flags.update(state=FlagState.QUEUED, queue_at=now, settled_at=None)
    return comment


def _quoting(comment: Comment) -> list[str]:
    """All that is told with the comment's words: of it, of its votes, and to its writer of flags."""
    flags = [_key(flag, "") for flag in Flag.objects.filter(comment=comment)]
    return [f"comment:{comment.pk}", *voting.milestones(comment.pk), *flags]


def _settle(comment: Comment, now: datetime) -> None:
    """The writer has answered the open flags by what they did: whoever flagged is told, each apart."""
    flags = list(Flag.objects.open().filter(comment=comment).order_by("pk"))
    for flag in flags:
        address = reverse("comments:flag-detail", args=[flag.pk])
        tell(_event(comment, flag, ":answered", address, now), _one(flag.person_id))
    Flag.objects.filter(pk__in=[flag.pk for flag in flags]).update(state=FlagState.ANSWERED, settled_at=now)


def locked(comment: Comment) -> Comment:
    """The comment as it is now, its post locked until the transaction ends. Raises Refused: ``gone``."""
    posts = Post.objects.select_for_update(no_key=True).filter(pk=comment.post_id)
    found = (
        posts.values_list("pk") and Comment.objects.select_related("post__blog", "author").filter(pk=comment.pk).first()
    )
    if not found:
        raise Refused("gone", _("This comment is no longer there."))
    return found


def group_of(comment: Comment) -> str:
    """What is told of the flags of one comment stands in one row, and is read together."""
    return f"flags:{comment.pk}"


def _key(flag: Flag, what: str) -> str:
    return f"flag:{flag.pk}{what}"


def _one(person_id: int) -> dict[int, Kind]:
    return {person_id: Kind.MODERATION}


def _event(comment: Comment, flag: Flag, what: str, address: str, now: datetime) -> Event:
    return Event(
        key=_key(flag, what),
        group=group_of(comment),
        actor_id=None,
        title=str(comment.post),
        excerpt="" if what else comment.excerpt,  # who flagged finds the words as they are now on the page
        url=address,
        scope=comment.post.blog_id,
        happened_at=now,
        confidential=flag.reason == FlagReason.CONFIDENTIAL,
    )
