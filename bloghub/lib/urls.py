"""Web addresses as text: making them absolute, safe to link to, and comparable.

Owns what an ``href`` or ``src`` of a stranger may become. Does not open connections and does not judge whether an
address may be fetched (``bloghub.lib.http`` does).
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, quote, urljoin, urlsplit, urlunsplit

WEB_SCHEMES = frozenset({"http", "https"})
LINK_SCHEMES = frozenset({"http", "https", "mailto"})
MAX_URL_LENGTH = 2000  # longer ones break proxies and b-tree index rows; no blog needs them
DEFAULT_PORTS = {"http": 80, "https": 443}
_HIGHEST_PORT = 65535

# An ordinary absolute address needs no work: most links of a feed take this way.
_PLAIN = re.compile(
    r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::[1-5]?[0-9]{1,4})?(?:[/?#](?:[!#$&-;=?-\[\]_a-z|~]|%[0-9a-f]{2})*)?",
    re.I,
)
_IGNORED = re.compile(r"[\t\r\n]")  # WHATWG URL 4.4: browsers drop these anywhere in an address
_EDGES = "".join(map(chr, range(0x21))) + "\u00a0\ufeff\u200b"
_SCHEME = re.compile(r"([a-z][a-z0-9+.-]*):", re.I)
# Non-ASCII letters are welcome in names; spaces, quotes, format characters (soft hyphen, zero width, bidi) are not.
_HOST = re.compile(
    r"\[[0-9a-f:.]+\]|[^\x00-\x20!-,/:-@\[-\^`{-\xa0\xad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff]+", re.I
)
_SAFE = "!#$%&'()*+,/:;=?@[]~"
_ESCAPE = re.compile(r"%([0-9a-fA-F]{2})")
_BROKEN_ESCAPE = re.compile(r"%(?![0-9a-fA-F]{2})")
_UNRESERVED = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")


def absolute_url(url: str, base: str = "", schemes: frozenset[str] = WEB_SCHEMES) -> str:
    """``url`` resolved against ``base`` (RFC 3986 section 5), or an empty string when it is not safe to link to.

    Reads the address as a browser would (WHATWG URL: backslashes are slashes, tabs and newlines do not count), so that
    nothing means one thing here and another there. Credentials are removed. Only ``schemes`` come out.
    """
    if len(url) <= MAX_URL_LENGTH and _PLAIN.fullmatch(url):
        return url
    url = _IGNORED.sub("", url.strip(_EDGES))
    if not url or len(url) > MAX_URL_LENGTH:
        return ""
    scheme = _SCHEME.match(url)
    if scheme and scheme[1].lower() not in WEB_SCHEMES:
        return _other_scheme(url, scheme[1].lower(), schemes)
    head, mark, tail = _split_at_query(url)
    try:
        found = _web_url(urlsplit(urljoin(base, head.replace("\\", "/") + mark + tail)))
    except ValueError:  # "Invalid IPv6 URL", a port that is no number
        return ""
    return found if len(found) <= MAX_URL_LENGTH else ""  # percent-encoding has made it up to nine times as long


def _other_scheme(url: str, scheme: str, schemes: frozenset[str]) -> str:
    if scheme != "mailto" or "mailto" not in schemes:
        return ""
    return "mailto:" + quote(_BROKEN_ESCAPE.sub("%25", url[len("mailto:") :]), safe=_SAFE)


def _split_at_query(url: str) -> tuple[str, str, str]:
    found = re.search(r"[?#]", url)
    return (url[: found.start()], found[0], url[found.end() :]) if found else (url, "", "")


def _web_url(parts: SplitResult) -> str:
    if parts.scheme not in WEB_SCHEMES or not parts.netloc:
        return ""
    place = parts.netloc.rpartition("@")[2]
    host, _, port = place.rpartition(":") if re.search(r":\d*$", place) else (place, "", "")
    if not _HOST.fullmatch(host) or (port and int(port) > _HIGHEST_PORT):
        return ""
    path, query, fragment = (_escape(part) for part in (parts.path, parts.query, parts.fragment))
    return urlunsplit((parts.scheme, f"{host}:{port}" if port else host, path, query, fragment))


def _escape(part: str) -> str:
    return quote(_BROKEN_ESCAPE.sub("%25", part), safe=_SAFE, errors="replace")


def is_web_url(url: str) -> bool:
    """Whether ``url`` is already absolute, http or https, with a host, and needs no repair."""
    return bool(url) and absolute_url(url) == url


def host_of(url: str) -> str:
    """The lower-case host name of ``url`` without port; empty when there is none."""
    try:
        return (urlsplit(url).hostname or "").rstrip(".")
    except ValueError:
        return ""


def normalise_url(url: str) -> str:
    """``url`` in the one form used to compare addresses (RFC 3986 section 6.2.2 and 6.2.3).

    Lower-case scheme and host, no default port, no fragment, ``/`` for an empty path, escapes in upper case and only
    where needed. The order and content of the query stay: they may mean something. Empty when it is no web address.
    """
    parts = urlsplit(absolute_url(url))
    if not parts.netloc:
        return ""
    place = parts.netloc.lower().removesuffix(f":{DEFAULT_PORTS[parts.scheme]}").removesuffix(":")
    path = _ESCAPE.sub(_normal_escape, parts.path) or "/"
    return urlunsplit((parts.scheme, place, path, _ESCAPE.sub(_normal_escape, parts.query), ""))


def _normal_escape(found: re.Match[str]) -> str:
    char = chr(int(found[1], 16))
    return char if char in _UNRESERVED else found[0].upper()
