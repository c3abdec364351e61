"""What this hub may fetch, and as whom: policy and sender of ``bloghub.lib``, filled from settings and credentials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from aggregator import credentials
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.sender import Sender

_DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379, "postgresql": 5432, "postgres": 5432}


def hub_policy() -> FetchPolicy:
    """The policy of the settings as they are now; its parts are worked out once."""
    return _policy(settings.FETCH_ALLOW, tuple(_own_endpoints()))


def hub_sender(*, signs_in: bool = True) -> Sender:
    """Who asks: introduced with the address where a human can ask back, with the passwords we were given. One query.

    Where no admin has approved of the address it must not sign in: a stranger would choose what our password opens.
    """
    authorities = Path(settings.FETCH_CA_BUNDLE) if settings.FETCH_CA_BUNDLE else None
    passwords = credentials.known() if signs_in else {}
    return Sender(f"BlogHub (+{settings.PUBLIC_URL})", authorities, passwords, settings.FETCH_PROXY)


@cache
def _policy(allow: str, own: tuple[str, ...]) -> FetchPolicy:
    return FetchPolicy.parse(allow, own)


def _own_endpoints() -> Iterator[str]:
    """``host:port`` of everything of ours that listens; sockets in the file system need no entry."""
    yield f"127.0.0.1:{settings.PORT}"
    for url in (settings.PUBLIC_URL, settings.DATABASE_URL, settings.REDIS_URL):
        parts = urlsplit(url)
        if parts.hostname:
            host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
            yield f"{host}:{parts.port or _DEFAULT_PORTS[parts.scheme]}"
    if settings.EMAIL_HOST:
        yield f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
