"""Why a request brought no answer, in words that the owner of a blog understands.

Owns the one exception of the client and the sentences. Knows the errors of the standard library only; ``http.py``
unwraps those of its HTTP library. No sentence holds an address that was looked up: the reader typed a name.
"""

from __future__ import annotations

import re
import socket
import ssl
from datetime import UTC, datetime

NOT_ALLOWED = "not_allowed"
NOT_REACHABLE = "not_reachable"
TOO_LARGE = "too_large"
TOO_SLOW = "too_slow"

CERTIFICATE_EXPIRED = 10

# Codes of OpenSSL's verification, from x509_vfy.h.
_CERTIFICATE = {
    9: "The certificate of {who} is not valid yet.",
    CERTIFICATE_EXPIRED: "The certificate of {who} has expired.",
    18: "The certificate of {who} is signed by itself, not by an authority that BlogHub knows.",
    19: "The certificate of {who} is signed by an authority that BlogHub does not know.",
    20: "The certificate of {who} is signed by an authority that BlogHub does not know.",
    21: "The certificate of {who} is signed by an authority that BlogHub does not know.",
    62: "The certificate of {who} is made out for another name.",
    64: "The certificate of {who} is made out for another name.",
}


# The two times of a certificate's validity in DER (RFC 5280 section 4.1.2.5): years of two digits, or of four.
_VALIDITY = re.compile(rb"\x30[\x1e\x20\x22](?:\x17\x0d\d{12}Z|\x18\x0f\d{14}Z)(?:\x17\x0d(\d{12})Z|\x18\x0f(\d{14})Z)")


class FetchError(Exception):
    """A request that brought no answer.

    ``kind`` is one of the four words above, ``code`` a stable word for counting, ``reason`` one plain sentence,
    ``hint`` the line of configuration that would open the address, ``retry_after`` seconds to wait if that is known.
    """

    def __init__(self, kind: str, code: str, reason: str, hint: str = "", retry_after: int | None = None) -> None:
        super().__init__(reason)
        self.kind, self.code, self.reason = kind, code, reason
        self.hint, self.retry_after = hint, retry_after


def explain(error: OSError, who: str) -> FetchError:
    """The FetchError for an error of the operating system, of name lookup or of TLS; ``who`` is the place."""
    if isinstance(error, ssl.SSLCertVerificationError):
        sentence = _CERTIFICATE.get(error.verify_code, "The certificate of {who} cannot be trusted.")
        return FetchError(NOT_REACHABLE, "certificate", sentence.format(who=who))
    if isinstance(error, ssl.SSLError):
        return FetchError(NOT_REACHABLE, "tls", f"No safe connection (TLS) can be made to {who}.")
    if isinstance(error, socket.gaierror):
        return _explain_lookup(error, who)
    if isinstance(error, ConnectionRefusedError):
        return FetchError(NOT_REACHABLE, "refused", f"No server answers at {who}.")
    if isinstance(error, ConnectionError):
        return FetchError(NOT_REACHABLE, "disconnected", f"The connection to {who} broke off.")
    return FetchError(NOT_REACHABLE, "unreachable", f"No server answers at {who}.")


def _explain_lookup(error: socket.gaierror, who: str) -> FetchError:
    if error.errno == socket.EAI_AGAIN:
        return FetchError(NOT_REACHABLE, "dns", f"The name of {who} could not be looked up just now.")
    if " " in who:  # described, not named
        return FetchError(NOT_REACHABLE, "dns", f"The name of {who} is not known.")
    return FetchError(NOT_REACHABLE, "dns", f"No server is called {re.sub(r':[0-9]+$', '', who)}.")


def expired(der: bytes, who: str) -> FetchError:
    """The FetchError for a certificate that is over, naming the day when it can be read from its DER form."""
    match = _VALIDITY.search(der)
    digits = (match[2] or b"20" + match[1]).decode() if match else ""
    try:
        ended = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return FetchError(NOT_REACHABLE, "certificate", f"The certificate of {who} has expired.")
    return FetchError(NOT_REACHABLE, "certificate", f"The certificate of {who} ended on {ended.day} {ended:%B %Y}.")
