"""ModerationAct: the audit log of what moderators did and why. Rows are only ever added. Who moderates is here, too."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post
from comments.models.comment import Comment

if TYPE_CHECKING:
    from aggregator.models.blog import Reader
    from bloghub.people.models import Person


def moderates(reader: Reader) -> bool:
    """Whether this person moderates: staff who may change comments (the group Moderators may), and superusers.

    Costs a query for staff alone.
    """
    return bool(reader.is_active and reader.is_staff and reader.has_perm("comments.change_comment"))


class ModerationKind(models.TextChoices):
    HIDE = "hide", _("hid a comment")
    RESTORE = "restore", _("restored a comment")
    APPROVE = "approve", _("let a held comment through")
    DISMISS = "dismiss", _("dismissed a flag")
    LOCK = "lock", _("locked a thread")
    UNLOCK = "unlock", _("unlocked a thread")
    SLOW = "slow", _("slowed a thread down")
    SUSPEND = "suspend", _("suspended a person's commenting")
    LIFT = "lift", _("lifted a suspension")


ON_COMMENTS = (ModerationKind.HIDE, ModerationKind.RESTORE, ModerationKind.APPROVE, ModerationKind.DISMISS)
ON_THREADS = (ModerationKind.LOCK, ModerationKind.UNLOCK, ModerationKind.SLOW)


class ModerationActQuerySet(models.QuerySet["ModerationAct"]):
    def visible_to(self, moderator: Person) -> Self:
        """The log as this moderator may read it: ``visible_to`` of the posts holds for them as for everybody.

        Superusers read all of it, or nobody could look after those who moderate a restricted blog. Whose post is gone
        could be of any audience: without words of it, it is for every moderator; with them, for superusers.
        """
        if moderator.is_superuser:
            return self
        return self.filter(Q(post__in=Post.objects.visible_to(moderator)) | Q(post=None, about=""))

    def concerning(self, person: Person) -> Self:
        """What was done to this person, their comments, comments they flagged, or the thread under their post."""
        wrote, flagged = Q(comment__author=person), Q(comment__flags__person=person)
        on_comment = Q(kind__in=ON_COMMENTS) & (wrote | flagged)
        on_thread = Q(kind__in=ON_THREADS) & (Q(post__author=person) | Q(post__blog__owners=person))
        return self.filter(Q(person=person) | on_comment | on_thread).distinct()


class ModerationAct(models.Model):
    """One thing that a moderator did. What it was done to may go; the act and its words stay.

    ``because`` is the reason as everyone concerned reads it, ``about`` the words it was done to, for moderators.
    """

    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    kind = models.CharField(_("what"), max_length=12, choices=ModerationKind)
    comment = models.ForeignKey(Comment, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts")
    post = models.ForeignKey(Post, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="acts_upon"
    )
    because = models.CharField(_("reason"), max_length=300)
    about = models.CharField(_("about"), max_length=400, blank=True)
    at = models.DateTimeField(_("when"), default=timezone.now)

    objects = ModerationActQuerySet.as_manager()

    class Meta:
        verbose_name = _("act of moderation")
        verbose_name_plural = _("audit log")
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["-at", "-id"], name="act_log")]

    def __str__(self) -> str:
        return f"{self.actor}: {self.get_kind_display()}"
