"""What this hub may fetch, and as whom: the fetch policy of ``bloghub.lib`` filled from the settings."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from urllib.parse import urlsplit

from django.conf import settings

from bloghub.lib.addresses import FetchPolicy

_DEFAULT_PORTS = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379, "postgresql": 5432, "postgres": 5432}


def hub_policy() -> FetchPolicy:
    """The policy of the settings as they are now; its parts are worked out once."""
    return _policy(settings.FETCH_ALLOW, tuple(_own_endpoints()))


def user_agent() -> str:
    """How we introduce ourselves to a blog's server: with the address where a human can ask."""
    return f"BlogHub (+{settings.PUBLIC_URL})"


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
