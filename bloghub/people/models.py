"""Person: a colleague. Owns names, place in the company and sign-in; knows nothing of blogs."""

from __future__ import annotations

from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar
from zoneinfo import ZoneInfo, available_timezones

from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.contrib.sessions.backends.base import SessionBase
from django.contrib.sessions.base_session import AbstractBaseSession
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils.translation import gettext, gettext_lazy as _

from bloghub.people.throttle import SignInAttempt

__all__ = ["FACE_HUES", "Person", "Session", "SignInAttempt", "face_hue", "initials", "name_of_gone"]

FACE_HUES = 12  # colours of faces, all of one lightness (static/css/tokens.css)


def validate_time_zone(name: str) -> None:
    """Refuses what the IANA time zone database does not know."""
    if name not in available_timezones():
        raise ValidationError(_("“%(name)s” is not a time zone such as Europe/Helsinki."), params={"name": name})


@lru_cache(maxsize=4096)
def person_address(username: str) -> str:
    """Where the page of a person is. Kept, because reversing is slow and many rows name the same writers."""
    return reverse("aggregator:person-detail", args=[username])


class Person(AbstractUser):
    """A colleague who reads, writes or moderates. Groups double as audiences of blogs."""

    first_name = None  # type: ignore[assignment]  # a display name is what every culture has
    last_name = None  # type: ignore[assignment]
    display_name = models.CharField(_("name"), max_length=120, help_text=_("As colleagues know them."))
    team = models.CharField(_("team"), max_length=120, blank=True)
    site = models.CharField(_("site"), max_length=120, blank=True, help_text=_("The town or office."))
    time_zone = models.CharField(
        _("time zone"),
        max_length=64,
        blank=True,
        validators=[validate_time_zone],
        help_text=_("Europe/Helsinki"),
    )
    is_demo = models.BooleanField(_("demo person"), default=False, editable=False)
    left_at = models.DateTimeField(
        _("left the directory"),
        null=True,
        blank=True,
        editable=False,
        help_text=_("When an import switched the account off. Empty for accounts that an admin switched off."),
    )

    REQUIRED_FIELDS: ClassVar[list[str]] = ["display_name", "email"]

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="person_username_ci",
                violation_error_message=_("Somebody has this user name already."),
            ),
            # Whoever switches an account on or off by hand takes the word back from the directory
            models.CheckConstraint(condition=Q(left_at=None) | Q(is_active=False), name="person_left_is_inactive"),
        ]
        indexes = [models.Index(Lower("email"), name="person_email_ci")]

    def __str__(self) -> str:
        return self.display_name or self.username

    def get_absolute_url(self) -> str:
        return person_address(self.username)

    def get_full_name(self) -> str:
        return str(self)

    def get_short_name(self) -> str:
        return str(self)

    @property
    def zone(self) -> ZoneInfo:
        """Whose days are theirs: the hub's while they have set none, or one that the system has forgotten."""
        try:
            return ZoneInfo(self.time_zone or settings.TIME_ZONE)
        except (ValueError, OSError, LookupError):
            return ZoneInfo(settings.TIME_ZONE)

    @property
    def place(self) -> str:
        """Team and site, as they stand under a name: “Engine Lab, Yokohama”."""
        return ", ".join(part for part in (self.team, self.site) if part)


class Session(AbstractBaseSession):
    """One browser's session, as Django has it, and whose it is: read with the person, and ended with them."""

    person = models.ForeignKey(Person, on_delete=models.CASCADE, null=True, related_name="sessions")

    @classmethod
    def get_session_store_class(cls) -> type[SessionBase]:
        from bloghub.people.sessions import SessionStore  # noqa: PLC0415 - it is made of this model

        return SessionStore


def name_of_gone() -> str:
    """Stands for the name of somebody whose account has been deleted."""
    return gettext("Somebody who has left")


def face_hue(name: str) -> int:
    """The hue of a face, 0 … FACE_HUES−1: the same name gets the same colour everywhere and always."""
    return blake2b(name.casefold().encode(), digest_size=2).digest()[0] % FACE_HUES


def initials(name: str) -> str:
    """One or two letters for a face without a picture; one for names written without spaces."""
    parts = [part for part in name.split() if part[:1].isalnum()]
    return "".join(part[0] for part in ([parts[0], parts[-1]] if len(parts) > 1 else parts)).upper() or "?"
