"""As whom and by which way requests leave: what an operator says about them, as one value.

Owns which server gets which password, and which servers are asked through the company's proxy. Sends nothing: the
client in ``http.py`` does.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_network
from pathlib import Path
from urllib.parse import urlsplit

from yarl import URL

from bloghub.lib.addresses import normal_host
from bloghub.lib.networks import literal_address, type_network

HTTPS = 443


def basic(username: str, password: str) -> str:
    """The value of ``Authorization`` for a name and a password (RFC 7617)."""
    return "Basic " + b64encode(f"{username}:{password}".encode()).decode()


def bearer(token: str) -> str:
    """The same for a token (RFC 6750)."""
    return f"Bearer {token}"


def server_of(text: str) -> tuple[str, int]:
    """``host`` or ``host:port`` as a server's name and port; without a port that of https, so that no password goes
    out in clear unless somebody wrote ``:80``. Raises ValueError with a sentence.
    """
    try:
        parts = urlsplit(f"//{text.strip()}")
        host, port = normal_host(parts.hostname or ""), parts.port
    except ValueError:
        host, port = "", 0
    if not host or port == 0 or parts.path or parts.query or parts.fragment or parts.username is not None:
        raise ValueError("Write a host such as blogs.example, or with a port as blogs.example:8443.")
    return host, port or HTTPS


@dataclass(frozen=True, slots=True)
class Proxy:
    """The company's way out. ``direct`` names the servers that are asked without it: hosts with all below them, and
    networks for addresses written as numbers."""

    url: URL
    authorization: str = field(default="", repr=False)
    hosts: tuple[str, ...] = ()
    networks: tuple[type_network, ...] = ()

    @classmethod
    def parse(cls, address: str, direct: tuple[str, ...] = ()) -> Proxy:
        """From ``http://[name:password@]host:port`` and hosts or networks. Raises ValueError with a sentence that holds
        no password."""
        try:
            url = URL(address)
            if url.scheme != "http" or not url.raw_host or not url.explicit_port or url.path not in {"", "/"}:
                raise ValueError
        except ValueError:
            raise ValueError("must be the proxy's address, such as http://proxy.corp.example:3128") from None
        authorization = basic(url.user, url.password or "") if url.user else ""
        hosts, networks = [], []
        for item in direct:
            try:
                networks.append(ip_network(item))
            except ValueError:
                hosts.append(normal_host(item.removeprefix(".")))
        return cls(url.with_user(None), authorization, tuple(hosts), tuple(networks))

    def serves(self, target: URL) -> bool:
        """Whether ``target`` is asked through the proxy."""
        host = normal_host(target.raw_host or "")
        address = literal_address(host)
        if address is not None:
            return not any(address.version == known.version and address in known for known in self.networks)
        return not any(host == name or host.endswith(f".{name}") for name in self.hosts)


@dataclass(frozen=True, slots=True)
class Sender:
    """What goes with every request. ``ca_file`` adds the authorities of a PEM bundle to those of the system;
    ``credentials`` holds a value of ``Authorization`` for a server (host and port), which nobody else is ever sent.
    """

    user_agent: str = "BlogHub"
    ca_file: Path | None = None
    credentials: Mapping[tuple[str, int], str] = field(default_factory=dict, repr=False)
    proxy: Proxy | None = field(default=None, repr=False)

    def credential_for(self, target: URL) -> str:
        """What this server is told of who we are, or nothing."""
        if not self.credentials:
            return ""
        return self.credentials.get((normal_host(target.raw_host or ""), target.port or 0), "")
