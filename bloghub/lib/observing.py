"""What the outbound client tells while it works: for a person who asks why an address does not answer.

Owns what may be told of an exchange. Nothing said here can change it, and no secret is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from bloghub.lib.addresses import Refusal

HIDDEN = "…"
_SECRETS = frozenset({"authorization", "proxy-authorization", "cookie", "set-cookie", "www-authenticate"})


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection: the address at its other end, and the protocol and cipher of its TLS, empty without."""

    address: str
    port: int
    tls: str = ""
    cipher: str = ""


class Observer:
    """Told of every step, in their order. This one does not listen; whoever wants to know overrides a method."""

    def judged_target(self, url: str, refusal: Refusal | None) -> None:
        """An address to ask, the first or one that a redirect names, was held against the policy."""

    def judged_address(self, host: str, address: str, refusal: Refusal | None) -> None:
        """``host`` was looked up, and one of the addresses it has was held against the policy."""

    def connected(self, connection: Connection) -> None:
        """A connection is open; with TLS its certificate has been verified."""

    def sent(self, method: str, url: str, headers: Iterable[tuple[str, str]]) -> None:
        """The request has been sent, with exactly these headers but for what is secret in them."""

    def answered(self, status: int, phrase: str, headers: Iterable[tuple[str, str]]) -> None:
        """The head of an answer has come."""

    def received(self, wire: int, decoded: int) -> None:
        """The whole body has come: bytes on the wire, and unpacked."""


SILENT = Observer()


def disclosed(headers: Mapping[str, str]) -> list[tuple[str, str]]:
    """All headers, several of a name each by itself, with what is secret hidden."""
    return [(name, HIDDEN if name.lower() in _SECRETS else value) for name, value in headers.items()]
