"""Reads the environment for settings.py: typed, with one clear line when a value is wrong.

Knows no setting by name beyond what it is asked; settings.py owns the list.
"""

from __future__ import annotations

import os
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured, ValidationError
from django.core.validators import validate_email

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"", "0", "false", "no", "off"}
_CONTACT_LENGTH = 120


def text(name: str, default: str = "") -> str:
    """The variable without surrounding white space, or the default when it is unset."""
    return os.environ.get(name, default).strip()


def flag(name: str, *, default: bool = False) -> bool:
    """A yes-or-no variable; anything but the usual words is refused rather than guessed."""
    word = text(name, "yes" if default else "no").lower()
    if word in _TRUE:
        return True
    if word in _FALSE:
        return False
    raise ImproperlyConfigured(f"{name} must be true or false, not {word!r}.")


def contact(name: str) -> str:
    """A mail address or a few words saying who can be asked; one line, since it stands in the middle of a sentence."""
    told = text(name)
    if len(told) > _CONTACT_LENGTH or not told.isprintable():
        raise ImproperlyConfigured(f"{name} must be one line of at most {_CONTACT_LENGTH} characters.")
    if is_mail_address(told):
        try:
            validate_email(told)
        except ValidationError:
            raise ImproperlyConfigured(f"{name} looks like a mail address but is none: {told!r}.") from None
    return told


def is_mail_address(contact: str) -> bool:
    """Whether a contact is meant as a mail address; the name of a channel or an account may begin with “@”."""
    return "@" in contact[1:] and " " not in contact


def number(name: str, default: int) -> int:
    """A whole number."""
    word = text(name, str(default))
    try:
        return int(word)
    except ValueError:
        raise ImproperlyConfigured(f"{name} must be a whole number, not {word!r}.") from None


def words(name: str) -> list[str]:
    """A comma-separated list without empty parts."""
    return [part.strip() for part in text(name).split(",") if part.strip()]


def database(url: str) -> dict[str, Any]:
    """Django's settings for ``postgresql://user:password@host:port/name?option=value``.

    A unix socket stands in the query, as libpq writes it: ``postgresql://user:password@/name?host=/directory``.
    """
    parts = urlsplit(url)
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured("DATABASE_URL must begin with postgresql://; BlogHub runs on PostgreSQL alone.")
    options = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = options.pop("host", None) or parts.hostname or ""
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host,
        "PORT": options.pop("port", None) or str(parts.port or ""),
        "OPTIONS": options,
    }
