"""How often somebody may try to sign in: failures per account and per address, counted in PostgreSQL for all processes.

A try is written down before the password is looked at and struck out when it was right, so that many tries at the same
moment count, too. A refused try is not written down: nobody is kept out longer than WINDOW by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b
from math import ceil

from django.conf import settings
from django.db import models
from django.http import HttpRequest

LIMIT = 10  # failures
WINDOW = timedelta(minutes=5)


class SignInAttempt(models.Model):
    """A failed try, or one being looked at. Names and addresses are kept as digests only, and for WINDOW."""

    key = models.CharField(max_length=32)
    at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(fields=["key", "at"], name="signinattempt_key"),
            models.Index(fields=["at"], name="signinattempt_at"),
        ]

    def __str__(self) -> str:
        return f"{self.key} {self.at:%c}"


@dataclass(frozen=True, slots=True)
class Try:
    """One try that was written down, or refused: then ``wait`` says for how many seconds."""

    pks: tuple[int, ...] = ()
    wait: int = 0

    def succeeded(self) -> None:
        """The password was right: this try was no failure."""
        SignInAttempt.objects.filter(pk__in=self.pks).delete()


def begin(username: str, address: str, now: datetime) -> Try:
    """Writes a try down, unless there were LIMIT failures for this account or from this address within WINDOW."""
    since = now - WINDOW
    SignInAttempt.objects.filter(at__lt=since).delete()
    keys = [_key("account", username.strip().casefold()), _key("address", address)]
    rows = SignInAttempt.objects.bulk_create([SignInAttempt(key=key, at=now) for key in keys])
    own = tuple(row.pk for row in rows)
    waits = [_wait(key, own, now) for key in keys]
    if not any(waits):
        return Try(own)
    SignInAttempt.objects.filter(pk__in=own).delete()
    return Try(wait=max(waits))


def _wait(key: str, own: tuple[int, ...], now: datetime) -> int:
    """Seconds until the LIMIT-th newest failure of a key is old enough; 0 when there are fewer."""
    failures = SignInAttempt.objects.filter(key=key, at__gte=now - WINDOW).exclude(pk__in=own)
    times = list(failures.order_by("-at").values_list("at", flat=True)[:LIMIT])
    return max(1, ceil((times[-1] + WINDOW - now).total_seconds())) if len(times) == LIMIT else 0


def _key(kind: str, value: str) -> str:
    secret = settings.SECRET_KEY.encode()[:64]
    return blake2b(f"{kind}:{value}".encode(), key=secret, digest_size=16).hexdigest()


def client_address(request: HttpRequest) -> str:
    """The address that speaks to us, or the one the proxy in front saw last, when there is one (README, Configure)."""
    if settings.SECURE_PROXY_SSL_HEADER:
        forwarded = str(request.META.get("HTTP_X_FORWARDED_FOR", "")).rpartition(",")[2].strip()
        if forwarded:
            return forwarded
    return str(request.META.get("REMOTE_ADDR", ""))
