"""One fetch on its way through redirects: what it may cost, where it is, what it came to.

Owns the rules of redirects and of what is carried along. Opens nothing: ``http.py`` asks and moves it on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote, urljoin

from multidict import CIMultiDictProxy
from yarl import URL

from bloghub.lib.addresses import Refusal, read_url
from bloghub.lib.http_errors import NOT_ALLOWED, NOT_REACHABLE, FetchError

MIB = 1024 * 1024

_PERMANENT = frozenset({301, 308})
_PRIVATE_HEADERS = frozenset({"authorization", "cookie"})
_URL_SAFE = "!#$%&'()*+,/:;=?@[]~\\"


@dataclass(frozen=True, slots=True)
class Limits:
    """What one fetch may cost: seconds, bytes on the wire, bytes after decoding, redirects followed."""

    connect: float = 5.0
    read: float = 10.0  # between two pieces of the answer
    total: float = 30.0  # wall clock, redirects and body included
    wire: int = 5 * MIB
    decoded: int = 10 * MIB
    redirects: int = 5


FEED_LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server said, whatever the status.

    ``url`` is where it said so; ``permanent_url`` the same when at least one redirect led there and all were 301 or
    308, else empty. ``hops`` holds status and address of each redirect. ``headers`` ignores case. ``body`` is decoded.
    ``retry_after`` is in seconds from now (RFC 9110 section 10.2.3), ``link`` all Link headers in one (RFC 8288).
    """

    status: int
    url: str
    headers: Mapping[str, str]
    body: bytes = b""
    permanent_url: str = ""
    hops: tuple[tuple[int, str], ...] = ()
    retry_after: int | None = None
    link: str = ""


class Journey:
    """One fetch on its way through redirects: where it is, what it may still cost, what it must not carry along."""

    def __init__(
        self, target: URL, headers: dict[str, str], limits: Limits, *, form: Mapping[str, str] | None = None
    ) -> None:
        self.target, self.headers, self.limits, self.form = target, headers, limits, form
        self.origin = target.authority
        self.who = self.origin  # how the place is named in a reason: never by an address the reader did not type
        self._hops: list[tuple[int, str]] = []
        self._visited = {str(target)}

    def sign_in(self, authorization: str) -> None:
        """Says who we are to the server we are at, and to nobody else: moving on to another drops it."""
        if authorization:
            self.headers["Authorization"] = authorization

    def leave(self, status: int, url: str) -> None:
        self._hops.append((status, url))
        if len(self._hops) > self.limits.redirects:
            reason = f"{self.origin} redirects more than {self.limits.redirects} times."
            raise FetchError(NOT_REACHABLE, "too_many_redirects", reason)

    def next_target(self, location: str) -> URL | Refusal:
        """``location`` may be relative, hold spaces or bytes of any charset; these get percent-encoded."""
        text = quote(location.strip().encode("utf-8", "surrogateescape"), safe=_URL_SAFE)
        try:
            return read_url(urljoin(str(self.target), text))
        except ValueError:
            return Refusal("bad_address", "The address cannot be read.")

    def move_to(self, target: URL) -> None:
        if str(target) in self._visited:
            raise FetchError(NOT_REACHABLE, "redirect_loop", f"{self.origin} redirects in a circle.")
        self._visited.add(str(target))
        if self.form is not None and self.target.scheme == "https" and target.scheme == "http":
            reason = f"{self.origin} redirects from https to http, where others could read what is sent."
            raise FetchError(NOT_ALLOWED, "insecure_redirect", reason)
        if not _same_server(self.target, target):
            self.headers = {k: v for k, v in self.headers.items() if k.lower() not in _PRIVATE_HEADERS}
        elif self.target.scheme == "https" and target.scheme == "http" and self._carries_secret():
            reason = f"{self.origin} redirects from https to http, where the password could be read by others."
            raise FetchError(NOT_ALLOWED, "insecure_redirect", reason)
        self.target = target
        self.who = f"the address that {self.origin} redirects to"

    def refused(self, refusal: Refusal) -> FetchError:
        """Why the way ends here. Where a redirect leads was chosen by a server, so no line to open it is suggested."""
        if not self._hops:
            return FetchError(NOT_ALLOWED, refusal.code, refusal.reason, refusal.hint)
        reason = f"{self.origin} redirects to an address that is not allowed. {refusal.reason}"
        return FetchError(NOT_ALLOWED, refusal.code, reason)

    def _carries_secret(self) -> bool:
        return any(name.lower() in _PRIVATE_HEADERS for name in self.headers)

    def arrive(self, status: int, headers: CIMultiDictProxy[str], body: bytes) -> Answer:
        url = str(self.target)
        for_good = bool(self._hops) and all(status in _PERMANENT for status, _ in self._hops)
        retry_after = headers.get("Retry-After")
        return Answer(
            status=status,
            url=url,
            headers=headers,
            body=body,
            permanent_url=url if for_good else "",
            hops=tuple(self._hops),
            retry_after=parse_retry_after(retry_after, datetime.now(UTC)) if retry_after else None,
            link=", ".join(headers.getall("Link", ())),
        )


def _same_server(old: URL, new: URL) -> bool:
    """Whether credentials for one are meant for the other: the same host, on the same port or on the web's two."""
    return old.raw_host == new.raw_host and (old.port == new.port or (old.is_default_port() and new.is_default_port()))


def parse_retry_after(value: str, now: datetime) -> int | None:
    """Seconds to wait, from a ``Retry-After`` of either form (RFC 9110 section 10.2.3); None when it is neither."""
    value = value.strip()
    if value.isascii() and value.isdigit():
        return int(value[:9])
    try:
        moment = parsedate_to_datetime(value)
        return max(0, round((moment.replace(tzinfo=moment.tzinfo or UTC) - now).total_seconds()))
    except (ValueError, OverflowError):  # no date, or the year 99999999999
        return None
