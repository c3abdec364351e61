"""Ending a mailing from the mail itself: the link in it, and what one click does (RFC 8058)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings
from django.core import signing
from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from bloghub.notifications.choices import choose, deliveries_of
from bloghub.notifications.models import Delivery, DigestRhythm, Notification, Preferences

if TYPE_CHECKING:
    from bloghub.people.models import Person

_SIGNER = signing.Signer(salt="bloghub.notifications.unsubscribing")


class Mailing(models.TextChoices):
    """What can be ended with one click: each is a mailing list in the eyes of a mail program (RFC 2369)."""

    NOTIFICATIONS = "notifications", _("mails at once")
    DIGEST = "digest", _("the digest")


NOTIFICATIONS, DIGEST = Mailing.NOTIFICATIONS, Mailing.DIGEST


def unsubscribe_url(person: Person, mailing: Mailing) -> str:
    """Where one click ends a mailing, signed in or not; it holds as long as the hub's secret key does."""
    token = _SIGNER.sign(f"{person.pk}.{mailing.value}")
    return settings.PUBLIC_URL + reverse("notifications:mailing-delete", args=[token])


def read_token(token: str) -> tuple[int, Mailing] | None:
    """Whose mailing a link ends, and which; None for anything that we have not signed."""
    try:
        person_id, mailing = _SIGNER.unsign(token).split(".")
        return int(person_id), Mailing(mailing)
    except (signing.BadSignature, ValueError):
        return None


def unsubscribe(person: Person, mailing: Mailing) -> None:
    """No more mails of this mailing; what they would have told stays in the inbox. Safe to run twice."""
    if mailing == DIGEST:
        Preferences.objects.update_or_create(person=person, defaults={"digest": DigestRhythm.NEVER})
        Notification.objects.filter(recipient=person, in_digest=True).update(in_digest=False)
        return
    by_mail = [kind for kind, delivery in deliveries_of(person).items() if delivery == Delivery.MAIL]
    choose(person, dict.fromkeys(by_mail, Delivery.INBOX))
