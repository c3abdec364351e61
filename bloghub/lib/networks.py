"""What an IP address is: its special ranges, and the IPv4 address that an IPv6 address may wrap.

Owns the tables. Decides nothing about who may visit what: that is ``addresses.py``. Judged is the packed address
against explicit lists, because ``ipaddress.is_global`` calls several of these ranges public, and because
``getaddrinfo`` reads ``0x7f.1``, ``2130706433`` and ``127.1`` as loopback.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Iterator
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address

type_address = IPv4Address | IPv6Address
type_network = IPv4Network | IPv6Network

# Special-purpose registries of IANA (RFC 6890 and its updates), and the metadata services of clouds.
_CLOSED_V4 = (
    IPv4Network("0.0.0.0/8"),  # this host
    IPv4Network("100.64.0.0/10"),  # carrier-grade NAT; holds a metadata service
    IPv4Network("127.0.0.0/8"),  # loopback
    IPv4Network("168.63.129.16/32"),  # a cloud's host agent, on a public address
    IPv4Network("169.254.0.0/16"),  # link-local, metadata services
    IPv4Network("192.0.0.0/24"),  # protocol assignments; holds a metadata service
    IPv4Network("192.0.2.0/24"),  # documentation
    IPv4Network("192.88.99.0/24"),  # 6to4 relays
    IPv4Network("198.18.0.0/15"),  # benchmarks
    IPv4Network("198.51.100.0/24"),  # documentation
    IPv4Network("203.0.113.0/24"),  # documentation
    IPv4Network("224.0.0.0/4"),  # multicast
    IPv4Network("240.0.0.0/4"),  # reserved, broadcast
)
# IPv6 the other way round: closed unless global unicast or unique local, minus these parts of them.
_OPEN_V6 = (IPv6Network("2000::/3"), IPv6Network("fc00::/7"))
_CLOSED_V6 = (
    IPv6Network("2001::/23"),  # protocol assignments: Teredo, benchmarks, ORCHID
    IPv6Network("2001:db8::/32"),  # documentation
    IPv6Network("2002::/16"),  # 6to4
    IPv6Network("3fff::/20"),  # documentation
    IPv6Network("fd00:ec2::254/128"),  # metadata services among the unique local addresses
    IPv6Network("fd20:ce::254/128"),
)
# Where no blog can live, but a machine's own network and the keys of its cloud do: never offered to be opened.
_MACHINES_ONLY = (
    IPv4Network("169.254.0.0/16"),
    IPv4Network("100.100.100.200/32"),  # a metadata service among the carrier-grade addresses
    IPv4Network("168.63.129.16/32"),
    IPv4Network("192.0.0.192/32"),  # a metadata service among the protocol assignments
    IPv6Network("fe80::/10"),
    IPv6Network("fd00:ec2::254/128"),
    IPv6Network("fd20:ce::254/128"),
)
LOOPBACK = IPv4Address("127.0.0.1")
_LOOPBACK_V4 = (IPv4Network("127.0.0.0/8"), IPv4Network("0.0.0.0/8"))
_LOOPBACK_V6 = (IPv6Network("::/127"),)  # :: and ::1

_MAPPED = IPv6Network("::ffff:0:0/96")  # RFC 4291: IPv4 on the wire
_NAT64 = IPv6Network("64:ff9b::/96")  # RFC 6052: how an IPv6-only network reaches an IPv4 host
_LOW_32_BITS = (IPv6Network("::/96"), IPv6Network("::ffff:0:0:0/96"))  # compatible, translated (RFC 2765)
_6TO4, _TEREDO = IPv6Network("2002::/16"), IPv6Network("2001::/32")
_NAT64_LOCAL = IPv6Network("64:ff9b:1::/48")  # RFC 8215
_ISATAP = (0x00005EFE, 0x02005EFE)  # RFC 5214: the third quarter of the address
_QUARTER = 0xFFFFFFFF


def _within(address: type_address, networks: Iterable[type_network]) -> bool:
    return any(address in network for network in networks)


@lru_cache(maxsize=4_096)  # asked for every request, and a few hosts carry all feeds
def literal_address(host: str) -> type_address | None:
    """The address that ``host`` writes out, also in the short, octal and hexadecimal forms of ``inet_aton``."""
    try:
        return ip_address(host)
    except ValueError:
        pass
    try:
        return IPv4Address(socket.inet_aton(host)) if host.isascii() else None
    except (OSError, ValueError):
        return None


@lru_cache(maxsize=4_096)
def written_plainly(host: str) -> bool:
    """Whether ``host`` is a name, or an address in its usual form: four decimal numbers, or IPv6."""
    if literal_address(host.rstrip(".")) is None:
        return True
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def is_loopback(address: type_address) -> bool:
    """Whether it reaches this machine: 127.0.0.0/8 and ::1, and 0.0.0.0/8 and ::, which do so on Linux."""
    return _within(address, _LOOPBACK_V4 if isinstance(address, IPv4Address) else _LOOPBACK_V6)


def faces(address: type_address) -> tuple[type_address, ...]:
    """All addresses to judge for one: what it is on the wire, and what is wrapped in it."""
    if isinstance(address, IPv4Address):
        return (address,)
    if address in _MAPPED or address in _NAT64:
        return (IPv4Address(int(address) & _QUARTER),)
    return (address, *_wrapped(address))


def _wrapped(address: IPv6Address) -> Iterator[IPv4Address]:
    number = int(address)
    if address in _6TO4:
        yield IPv4Address(number >> 80 & _QUARTER)
    elif address in _TEREDO:  # RFC 4380: the server, and the client with all bits turned
        yield IPv4Address(number >> 64 & _QUARTER)
        yield IPv4Address(~number & _QUARTER)
    elif address in _NAT64_LOCAL:  # RFC 6052 section 2.2: a prefix of 48 or of 96 bits
        yield IPv4Address((number >> 64 & 0xFFFF) << 16 | number >> 40 & 0xFFFF)
        yield IPv4Address(number & _QUARTER)
    elif (number >> 32 & _QUARTER) in _ISATAP or (_within(address, _LOW_32_BITS) and not is_loopback(address)):
        yield IPv4Address(number & _QUARTER)


def is_machines_only(face: type_address) -> bool:
    """Whether it is link-local or a cloud's metadata service, so that no line to open it is ever suggested."""
    return _within(face, _MACHINES_ONLY)


def always_closed(face: type_address) -> bool:
    """Whether a face of an address lies where only an explicit entry with a port lets BlogHub go."""
    if isinstance(face, IPv4Address):
        return _within(face, _CLOSED_V4)
    return not _within(face, _OPEN_V6) or _within(face, _CLOSED_V6)
