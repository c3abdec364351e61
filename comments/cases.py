"""What moderators have before them: the comments that wait, each with all that is needed to judge it fairly.

Reads only; what is done about it is in moderation.py. ``visible_to`` holds for moderators, too: a comment on a blog
that is not for them neither waits for them nor opens. Superusers alone also see comments of restricted blogs, and of
those only what has been flagged, held or judged: somebody must be able to answer a flag raised in a small circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Min, Q, QuerySet
from django.db.models.functions import Coalesce

from aggregator.models import Blog
from aggregator.models.blog import hidden_from
from bloghub.people.models import Person
from comments.models import Comment, CommentState, Flag, FlagState, ModerationAct, Revision, Suspension, Thread

QUEUE_SIZE = 20  # cases on a page; the next come up as these are settled


@dataclass(frozen=True, slots=True)
class History:
    """How it has gone with a writer so far. ``suspension`` is the one in force."""

    comments: int = 0
    upheld: int = 0
    suspensions: int = 0
    suspension: Suspension | None = None


@dataclass(frozen=True, slots=True)
class Case:
    """One comment before a moderator. ``flags`` are the open ones, ``is_own`` leaves it to somebody else."""

    comment: Comment
    flags: list[Flag]
    settled: list[Flag]
    revisions: list[Revision]
    acts: list[ModerationAct]
    history: History
    thread: Thread | None
    is_own: bool
    opens: bool  # whether the moderator may read the post itself

    @property
    def reply(self) -> str:
        """What its writer says to the flags."""
        return next((flag.reply for flag in self.flags if flag.reply), "")

    @property
    def is_locked(self) -> bool:
        return self.thread is not None and self.thread.locked_at is not None

    @property
    def slow_seconds(self) -> int:
        return self.thread.slow_seconds if self.thread else 0


def judged_by(moderator: Person) -> QuerySet[Comment]:
    """The comments this moderator may look into (see above)."""
    readable = ~Q(post__blog__in=hidden_from(moderator))
    if not moderator.is_superuser:
        return Comment.objects.filter(readable)
    before = Q(state=CommentState.HELD) | Q(pk__in=Flag.objects.values("comment"))
    judged = Q(pk__in=ModerationAct.objects.filter(comment__isnull=False).values("comment"))
    return Comment.objects.filter(readable | before | judged)


def waiting(moderator: Person, now: datetime) -> QuerySet[Comment]:
    """What waits for this moderator: held comments and flagged ones whose writers have answered or had their day.

    Found by two small partial indexes, so that the count in the menu costs nothing worth naming.
    """
    held = Comment.objects.filter(state=CommentState.HELD).values("pk")
    flagged = Flag.objects.waiting(now).values("comment")
    found = Comment.objects.filter(pk__in=held.union(flagged))
    found = found.exclude(state__in=[CommentState.HIDDEN, CommentState.DELETED])
    return found if moderator.is_superuser else found.exclude(post__blog__in=hidden_from(moderator))


def to_judge(moderator: Person, now: datetime) -> QuerySet[Comment]:
    """What waits for this moderator and is not their own case."""
    return waiting(moderator, now).exclude(_own(moderator))


def left_to_others(moderator: Person, now: datetime) -> QuerySet[Comment]:
    """What waits for this moderator's colleagues, because it is their own case."""
    return waiting(moderator, now).filter(_own(moderator))


def _own(moderator: Person) -> Q:
    """That the moderator wrote or flagged it."""
    return Q(author=moderator) | Q(pk__in=Flag.objects.filter(person=moderator).values("comment"))


def queue(moderator: Person, now: datetime) -> tuple[list[Case], int]:
    """The cases for this moderator to judge, who has waited longest first, and how many more there are."""
    ours = to_judge(moderator, now)
    since = Coalesce(Min("flags__queue_at", filter=Q(flags__settled_at=None)), "published_at")
    ordered = ours.alias(since=since).order_by("since", "pk")
    shown = cases(ordered[:QUEUE_SIZE], moderator, now)
    return shown, max(0, ours.count() - len(shown)) if len(shown) == QUEUE_SIZE else 0


def cases(found: QuerySet[Comment], moderator: Person, now: datetime) -> list[Case]:
    """Each with its context, in a fixed number of queries. ``found`` may be a slice."""
    comments = list(found.select_related("author", "parent__author", "post__blog", "post__author", "post__thread"))
    numbers = [comment.pk for comment in comments]
    flags = Flag.objects.filter(comment__in=numbers).select_related("person", "settled_by").order_by("flagged_at", "pk")
    revisions = Revision.objects.filter(comment__in=numbers)
    acts = ModerationAct.objects.filter(comment__in=numbers).select_related("actor")
    told = _Context(list(flags), list(revisions), list(acts), _histories(comments, now))
    closed = _closed(comments, moderator)
    return [told.case(comment, moderator, opens=comment.post.blog_id not in closed) for comment in comments]


@dataclass(frozen=True, slots=True)
class _Context:
    """What belongs to the comments of one page, to be dealt out to them."""

    flags: list[Flag]
    revisions: list[Revision]
    acts: list[ModerationAct]
    histories: dict[int, History]

    def case(self, comment: Comment, moderator: Person, *, opens: bool) -> Case:
        flags = [flag for flag in self.flags if flag.comment_id == comment.pk]
        mine = comment.author_id == moderator.pk or any(flag.person_id == moderator.pk for flag in flags)
        return Case(
            comment=comment,
            flags=[flag for flag in flags if flag.settled_at is None],
            settled=[flag for flag in flags if flag.settled_at is not None],
            revisions=[revision for revision in self.revisions if revision.comment_id == comment.pk],
            acts=[act for act in self.acts if act.comment_id == comment.pk],
            history=self.histories.get(comment.author_id or 0, History()),
            thread=getattr(comment.post, "thread", None),
            is_own=mine,
            opens=opens,
        )


def _closed(comments: Sequence[Comment], moderator: Person) -> set[int]:
    """The blogs of these comments that the moderator may not read."""
    blogs = Blog.objects.filter(pk__in={comment.post.blog_id for comment in comments})
    return set(blogs.filter(pk__in=hidden_from(moderator)).values_list("pk", flat=True))


def _histories(comments: Sequence[Comment], now: datetime) -> dict[int, History]:
    """By writer. Three queries."""
    writers = {comment.author_id for comment in comments if comment.author_id is not None}
    said = Comment.objects.filter(author__in=writers).order_by().values_list("author").annotate(Count("pk"))
    upheld = Flag.objects.filter(comment__author__in=writers, state=FlagState.UPHELD)
    upheld_by = dict(upheld.order_by().values_list("comment__author").annotate(Count("comment", distinct=True)))
    suspensions = list(Suspension.objects.filter(person__in=writers).select_related("by"))
    counts = dict(said)
    return {writer: _history(writer, counts, upheld_by, suspensions, now) for writer in writers}


def _history(
    writer: int, said: dict[int, int], upheld: dict[int, int], suspensions: list[Suspension], now: datetime
) -> History:
    theirs = [one for one in suspensions if one.person_id == writer]
    in_force = next((one for one in theirs if one.is_in_force(now)), None)
    return History(said.get(writer, 0), upheld.get(writer, 0), len(theirs), in_force)
