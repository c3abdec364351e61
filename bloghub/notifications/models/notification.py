"""Notification: one thing that happened, told to one person."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from bloghub.notifications import guard

if TYPE_CHECKING:
    from bloghub.people.models import Person


class Kind(models.TextChoices):
    """Why somebody is told. The first that applies to a person is the one they are given."""

    MODERATION = "moderation", _("A moderator did something that concerns you")
    MENTION = "mention", _("Somebody mentioned you")
    REPLY = "reply", _("Somebody answered you")
    FIRST = "first", _("The first comment on your blog")
    COMMENT = "comment", _("Somebody commented on your post")
    WATCHED = "watched", _("A new comment in a conversation you watch")
    FEED = "feed", _("The feed of your blog cannot be read, or can again")
    MATCH = "match", _("A search you saved finds something new")
    SUGGESTION = "suggestion", _("A blog you suggested was answered")
    MILESTONE = "milestone", _("Colleagues found your words worth reading")


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, person: Person) -> Self:
        """What this person was told and may still see, each row by itself."""
        rows, hidden = self.filter(recipient_id=person.pk), guard.hidden_from(person)
        return rows if hidden is None else rows.exclude(scope__in=hidden)

    def for_inbox(self, person: Person) -> Self:
        """The rows of the inbox: the newest of each group and kind, read ones by when they were read."""
        return self.of(person).filter(leads=True)

    def unread(self, person: Person) -> Self:
        """The rows of the inbox that are new. The bell counts these and the inbox marks these: one condition."""
        return self.for_inbox(person).filter(read_at=None)


class Notification(models.Model):
    """What is told: one row per event and person, however many reasons there are.

    ``event`` names what happened (``comment:17``), ``group`` what it belongs to on the page (``post:4``), ``scope`` the
    blog whose audience decides whether it may still be shown, ``url`` a path of our own. ``mail_due_at`` is set while
    a mail is to be sent, ``in_digest`` while it waits for the daily digest; reading ends both.

    The rows of one recipient, group, kind and ``read_at`` (all unread ones, or those read at once) are one row on the
    page: the newest of them ``leads``. telling.py keeps that true, so that no page has to group anything.
    """

    recipient = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="notifications")
    kind = models.CharField(_("kind"), max_length=12, choices=Kind)
    event = models.CharField(max_length=80)
    group = models.CharField(max_length=80)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    title = models.CharField(_("about"), max_length=300, blank=True)
    excerpt = models.CharField(_("what was said"), max_length=400, blank=True)
    url = models.CharField(max_length=400)
    scope = models.BigIntegerField(null=True)
    is_confidential = models.BooleanField(default=False)
    happened_at = models.DateTimeField(_("when"))
    read_at = models.DateTimeField(_("read"), null=True)
    leads = models.BooleanField(default=True)
    mail_due_at = models.DateTimeField(null=True)
    mail_attempts = models.PositiveSmallIntegerField(default=0)
    mailed_at = models.DateTimeField(null=True)
    in_digest = models.BooleanField(default=False)

    objects = NotificationQuerySet.as_manager()

    class Meta:
        verbose_name = _("notification")
        verbose_name_plural = _("notifications")
        constraints = [models.UniqueConstraint(fields=["recipient", "event"], name="notification_once")]
        indexes = [
            models.Index(
                fields=["recipient", "-happened_at", "-id"], name="notification_inbox", condition=Q(leads=True)
            ),
            models.Index(
                fields=["recipient", "scope"], name="notification_unread", condition=Q(leads=True, read_at=None)
            ),
            models.Index(fields=["recipient", "group", "-happened_at"], name="notification_together"),
            models.Index(fields=["mail_due_at"], name="notification_mail", condition=Q(mail_due_at__isnull=False)),
            models.Index(fields=["recipient"], name="notification_digest", condition=Q(in_digest=True)),
            models.Index(fields=["event"], name="notification_event"),
            models.Index(fields=["group"], name="notification_group"),
        ]

    def __str__(self) -> str:
        return f"{self.recipient_id}: {self.event}"
