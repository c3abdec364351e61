"""Preference: how a person wishes to be told."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from bloghub.notifications.models.notification import Kind


class Delivery(models.TextChoices):
    MAIL = "mail", _("here and by mail at once")
    DIGEST = "digest", _("here and in the digest")
    INBOX = "inbox", _("here only")
    NOTHING = "nothing", _("not at all")


class DigestRhythm(models.TextChoices):
    DAILY = "daily", _("every day")
    WEEKLY = "weekly", _("every Monday")
    NEVER = "never", _("never")


class Preference(models.Model):
    """One person's choice for one kind; without a row the default of the kind holds."""

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="preferences_by_kind")
    kind = models.CharField(max_length=12, choices=Kind)
    delivery = models.CharField(max_length=8, choices=Delivery)

    class Meta:
        verbose_name = _("choice for a kind")
        verbose_name_plural = _("choices for kinds")
        constraints = [models.UniqueConstraint(fields=["person", "kind"], name="preference_once")]

    def __str__(self) -> str:
        return f"{self.person_id}: {self.kind} {self.delivery}"


class Preferences(models.Model):
    """What holds for all mails to one person; without a row, the defaults below. Hours are local (Person.time_zone)."""

    person = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, primary_key=True, related_name="preferences"
    )
    quiet_from = models.TimeField(_("no mails from"), null=True, blank=True)
    quiet_until = models.TimeField(_("until"), null=True, blank=True)
    digest = models.CharField(_("digest"), max_length=8, choices=DigestRhythm, default=DigestRhythm.WEEKLY)
    digest_hour = models.PositiveSmallIntegerField(_("digest at"), default=8)

    class Meta:
        verbose_name = _("preferences")
        verbose_name_plural = _("preferences")

    def __str__(self) -> str:
        return str(self.person_id)
