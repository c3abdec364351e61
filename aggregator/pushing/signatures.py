"""Whether a push was signed with our secret (W3C WebSub, section 8). Pure."""

from __future__ import annotations

import hmac

# SHA-1 stands in the specification for the sake of old hubs; what it signs is taken for unsigned
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})


def is_signed(header: str, secret: str, body: bytes) -> bool:
    """Whether ``X-Hub-Signature`` (``sha256=`` and hexadecimal digits) fits the body; by no shorter way when not."""
    method, _, given = header.strip().partition("=")
    if method.lower() not in _DIGESTS or not given.isascii():
        return False
    expected = hmac.new(secret.encode(), body, method.lower()).hexdigest()
    return hmac.compare_digest(expected, given.strip().lower())
