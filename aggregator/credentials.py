"""How the hub signs in at blogs' servers: kept encrypted, read by whoever asks those servers, shown to nobody.

The key is the hub's secret key, so a copy of the database alone opens nothing; with another secret key (and without
``BLOGHUB_SECRET_KEY_FALLBACKS``) the passwords are lost, and an admin types them again.
"""

from __future__ import annotations

import logging
from base64 import urlsafe_b64encode
from functools import cache
from hashlib import blake2b

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings

from aggregator.models import CredentialScheme, HostCredential
from bloghub.lib.sender import basic, bearer, server_of

log = logging.getLogger(__name__)


def seal(secret: str) -> str:
    """Encrypted and signed, with the secret key of now."""
    return _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(secret.encode()).decode()


def known() -> dict[tuple[str, int], str]:
    """The value of ``Authorization`` for every server we sign in at. One query."""
    box = _box(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    found = {}
    for host, scheme, username, sealed in HostCredential.objects.values_list("host", "scheme", "username", "secret"):
        try:
            secret = box.decrypt(sealed).decode()
        except InvalidToken:
            log.error("the password for %s was sealed with another secret key: type it again in the admin", host)
            continue
        found[server_of(host)] = bearer(secret) if scheme == CredentialScheme.BEARER else basic(username, secret)
    return found


@cache
def _box(*keys: str) -> MultiFernet:
    """A box that the first key closes and any of them opens; Fernet wants 32 bytes."""
    digests = (blake2b(key.encode(), digest_size=32, person=b"credentials").digest() for key in keys)
    return MultiFernet([Fernet(urlsafe_b64encode(digest)) for digest in digests])
