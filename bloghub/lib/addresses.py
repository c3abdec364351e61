"""The fetch policy: which addresses BlogHub may visit, as values and pure decisions.

Owns the rules and their reasons. Looks nothing up and opens nothing: the client in ``http.py`` resolves a name,
asks here about every address it got, and connects to those and no others.

Public and private (RFC 1918, RFC 4193) addresses are open on ports 80 and 443. Everything else needs an entry in
``BLOGHUB_FETCH_ALLOW``; what ``networks.always_closed`` knows needs one that names the port too. The word ``only``
in the setting closes all that no entry names.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address, ip_network

from yarl import URL

from bloghub.lib.networks import (
    LOOPBACK,
    always_closed,
    faces,
    is_loopback,
    is_machines_only,
    literal_address,
    type_address,
    type_network,
    written_plainly,
)

SETTING = "BLOGHUB_FETCH_ALLOW"
WEB_PORTS = frozenset({80, 443})
MAX_URL_LENGTH = 2_000  # characters, also when percent-encoded; longer ones are attacks or accidents
MAX_PORT = 65_535

_SCHEME_AND_AUTHORITY = re.compile(r"https?://([^/?]*)", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029\ud800-\udfff]|%0[0ad]", re.IGNORECASE)

_WITH_PORT = re.compile(r"\[([^\[\]]+)\](?::(\d{1,5}))?|([^:\[\]]+):(\d{1,5})", re.ASCII)

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an address may not be visited.

    ``code`` is a stable word (``bad_address``, ``blocked_scheme``, ``blocked_port``, ``blocked_address``,
    ``own_address``, ``not_listed``), ``reason`` one plain sentence without any address that was looked up,
    ``hint`` the line of configuration that would open it, empty when nothing does or nobody should.
    """

    code: str
    reason: str
    hint: str = ""


def read_url(text: str) -> URL | Refusal:
    """Parse an address that a person typed or a server sent; the one parser, shared with the client.

    Refuses what two parsers could read in two ways: names and passwords before the host, control characters (line
    ends in percent encoding too), backslashes, zones of IPv6 addresses, numbers that stand for an IPv4 address.
    The fragment, which no server sees, is dropped.
    """
    refusal = _judge_text(text)
    if refusal is not None:
        return refusal
    try:
        url = URL(text)
        host, port = url.raw_host, url.port
    except ValueError:
        return Refusal("bad_address", "The address cannot be read.")
    if len(str(url)) > MAX_URL_LENGTH:
        return _too_long()
    if not host or not port or "%" in host:
        return Refusal("bad_address", "The address has no host or no valid port.")
    if not written_plainly(host):
        return Refusal("bad_address", "The address names its host by an unusual number.")
    return url.with_fragment(None) if url.raw_fragment else url


def _judge_text(text: str) -> Refusal | None:
    """What can be said before the address is parsed."""
    if len(text) > MAX_URL_LENGTH:
        return _too_long()
    start = _SCHEME_AND_AUTHORITY.match(text)
    if start is None:
        return Refusal("blocked_scheme", "The address does not begin with http:// or https://.")
    if "@" in start[1]:
        return Refusal("bad_address", "The address holds a user name or a password.")
    if _CONTROL.search(text) or re.search(r"[\\#%]", start[1]):
        return Refusal("bad_address", "The address holds characters that have no place in it.")
    return None


def _too_long() -> Refusal:
    return Refusal("bad_address", f"The address is longer than {MAX_URL_LENGTH:,} characters.")


def normal_host(host: str) -> str:
    """A host name as it is compared: in ASCII (IDNA), lower case, without the root's dot."""
    if not host.isascii():
        try:
            host = URL.build(scheme="http", host=host).raw_host or ""
        except ValueError:
            return ""
    return host.lower().rstrip(".")


@dataclass(frozen=True, slots=True)
class Entry:
    """One item of the setting: a host name or a network, with a port or (0) for ports 80 and 443."""

    text: str
    host: str = ""
    network: type_network | None = None
    port: int = 0

    @classmethod
    def parse(cls, text: str) -> Entry:
        """Read ``host``, ``host:80``, ``10.0.0.0/8``, ``10.0.0.0/8:80``, ``fd00::/8`` or ``[fd00::/8]:80``.

        Raises ValueError with a sentence for the operator.
        """
        place, port = _split_port(text)
        if not 0 <= port <= MAX_PORT:
            raise ValueError(f"{SETTING}: {text!r} has no valid port")
        try:
            return cls(text, network=ip_network(place), port=port)
        except ValueError:
            host = normal_host(place)
            if not host or re.search(r"[/:\s@\[\]]", host) or literal_address(host):
                raise ValueError(f"{SETTING}: {text!r} is neither a host nor a network") from None
        return cls(text, host=host, port=port)

    def covers(self, host: str, port: int, address: type_address | None) -> bool:
        """Whether this entry names ``host`` or the network of ``address``, on ``port``."""
        if not self.serves(port):
            return False
        if self.network is None:
            return host == self.host
        return address is not None and address.version == self.network.version and address in self.network

    def serves(self, port: int) -> bool:
        """Whether this entry speaks of ``port``."""
        return port == self.port if self.port else port in WEB_PORTS

    @property
    def names_loopback(self) -> bool:
        """Whether a server of this name listens on loopback, or on every address of the machine."""
        return is_loopback(self.network.network_address) if self.network else self.host == "localhost"


def _split_port(text: str) -> tuple[str, int]:
    """Part an entry from its port: 0 when there is none, -1 when it is written as 0."""
    match = _WITH_PORT.fullmatch(text)
    if match is None:  # a name, a network, or what will turn out to be neither
        return text, 0
    place, port = match[1] or match[3], match[2] or match[4]
    return place, int(port) or -1 if port else 0


@dataclass(frozen=True, slots=True)
class FetchPolicy:
    """What ``BLOGHUB_FETCH_ALLOW`` says, beside the hub's own endpoints, which nothing opens."""

    entries: tuple[Entry, ...] = ()
    only: bool = False
    own: tuple[Entry, ...] = ()

    @classmethod
    def parse(cls, allow: str = "", own: Iterable[str] = ()) -> FetchPolicy:
        """Build the policy from the setting and ``host:port`` of the hub's own web, database, broker and mail.

        Own names are compared as names, not looked up: one proxy may stand before the hub and all its blogs.
        Raises ValueError with a sentence for the operator when an item cannot be read.
        """
        items = [item.strip() for item in allow.split(",") if item.strip()]
        entries = tuple(Entry.parse(item) for item in items if item != "only")
        return cls(entries, "only" in items, tuple(Entry.parse(item) for item in own))

    def judge_url(self, text: str) -> Refusal | None:
        """Judge an address before any name is looked up: its form, its port, its host when that is a number."""
        url = read_url(text)
        return url if isinstance(url, Refusal) else self.judge_target(url)

    def judge_target(self, url: URL) -> Refusal | None:
        """The second half of ``judge_url``, for an address that ``read_url`` gave."""
        host, port = url.raw_host or "", url.port or 0
        address = literal_address(host)
        if address is not None:
            return self.judge(host, port, address)
        name = normal_host(host)
        if name == "localhost" or name.endswith(".localhost"):  # RFC 6761: loopback, whatever a look-up says
            return self.judge(name, port, LOOPBACK)
        if self._is_own(name, port, None):
            return _own_refusal()
        # A network may turn out to hold the address that the name has.
        if any(entry.serves(port) and entry.host in ("", name) for entry in self.entries):
            return None
        return self._judge_ordinary(name, port)

    def judge(self, host: str, port: int, address: bytes | type_address) -> Refusal | None:
        """Judge one address of ``host``, packed as the network has it; None means that it may be visited."""
        found = ip_address(address) if isinstance(address, bytes) else address
        name = normal_host(host)
        judged = faces(found)
        refusals = (self._judge_face(name, port, face) for face in judged)
        refusal = next((refusal for refusal in refusals if refusal is not None), None)
        if refusal is not None and refusal.hint and any(map(is_machines_only, judged)):
            return Refusal(refusal.code, "This address belongs to a machine's own network or cloud, never to a blog.")
        return refusal

    def _judge_face(self, host: str, port: int, address: type_address) -> Refusal | None:
        if self._is_own(host, port, address):
            return _own_refusal()
        named = [entry for entry in self.entries if entry.covers(host, port, address)]
        if not always_closed(address):
            return None if named else self._judge_ordinary(host, port)
        opener = next((entry for entry in named if entry.port), None)
        if opener is None:
            return self._refuse("blocked_address", "This address is closed to BlogHub.", host, port)
        _tell_opened(opener.text, str(address))
        return None

    def _judge_ordinary(self, host: str, port: int) -> Refusal | None:
        """For a place that no entry names and that is not always closed."""
        if self.only:
            reason = "BlogHub visits only addresses that its operator has listed."
            return self._refuse("not_listed", reason, host, port)
        if port not in WEB_PORTS:
            return self._refuse("blocked_port", f"BlogHub does not visit port {port}.", host, port)
        return None

    def _refuse(self, code: str, reason: str, host: str, port: int) -> Refusal:
        missing = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        items = [*(entry.text for entry in self.entries), missing, *(["only"] if self.only else [])]
        return Refusal(code, reason, f"{SETTING}={','.join(items)}")

    def _is_own(self, host: str, port: int, address: type_address | None) -> bool:
        """Any loopback address reaches a server that listens on one of them or on all."""
        own = [entry for entry in self.own if entry.serves(port)]
        if any(entry.covers(host, port, address) for entry in own):
            return True
        return address is not None and is_loopback(address) and any(entry.names_loopback for entry in own)


def _own_refusal() -> Refusal:
    return Refusal("own_address", "This address belongs to BlogHub itself.")


@cache  # once a process, not once a poll
def _tell_opened(entry: str, address: str) -> None:
    logger.warning("%s: %s opens %s, which is otherwise always closed", SETTING, entry, address)
