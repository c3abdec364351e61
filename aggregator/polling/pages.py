"""Pages: what two entries of different feeds must have in common to be one post, and whose blog it belongs to. Pure.

Within one feed ``identity.py`` says who is who. Across feeds a guid says nothing (two blogs may both count from 1), so
the permalink must be the same, however each feed spells it, and the title, the date or the words must agree, too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import blake2b
from urllib.parse import SplitResult, urlsplit

_TRACKING = ("utm_", "mtm_", "pk_", "fbclid", "gclid", "mc_cid", "mc_eid")  # how parameters begin that name no page
# Fragments that name a place on the page, or how somebody came to it (xtor=RSS-1). Others tell the articles of one page
# apart: a day's, a week's
_PLACES = frozenset({"comments", "respond", "content", "more", "rss", "feed", "top"})
_OTHER_HOST = 0


def page_of(permalink: str) -> str:
    """The page that a permalink names, in one spelling; empty when it names none: a whole site, or no web address.

    Scheme, letter case of the host, trailing slash, tracking parameters and a fragment that names no article of its own
    make no difference.
    """
    parts = _split(permalink)
    if parts is None:
        return ""
    path = parts.path.rstrip("/")
    query = "&".join(one for one in parts.query.split("&") if one and not one.lower().startswith(_TRACKING))
    fragment = "" if _is_noise(parts.fragment) else parts.fragment
    if not (path or query or fragment):
        return ""
    return f"{_host(parts)}{path}" + (f"?{query}" if query else "") + (f"#{fragment}" if fragment else "")


def page_key(permalink: str, inside: int | None = None) -> int | None:
    """``page_of`` as a signed number of 64 bits, None when it is empty.

    ``inside`` is the blog of a post that not everybody may see: its pages are its own, and nobody else's post is found
    by them.
    """
    page = page_of(permalink)
    if not page:
        return None
    name = page if inside is None else f"{page}\0{inside}"
    return int.from_bytes(blake2b(name.encode("utf-8", "replace"), digest_size=8).digest(), signed=True)


def fit(permalink: str, homepage_url: str, feed_url: str) -> int:
    """How well a permalink fits a blog: 0 on another host, else 1 and one more for each part of the path that it shares
    with the whole of the blog's homepage, or with the folder of its feed."""
    page = _split(permalink)
    if page is None:
        return _OTHER_HOST
    folder = _segments(feed_url)[:-1]
    return max(_shared(page, homepage_url, _segments(homepage_url)), _shared(page, feed_url, folder))


def is_served_with(permalink: str, feed_url: str) -> bool:
    """Whether a page and a feed come from one host."""
    page, feed = _split(permalink), _split(feed_url)
    return page is not None and feed is not None and _host(page) == _host(feed)


@dataclass(frozen=True, slots=True)
class Words:
    """What must agree beside the page. ``date`` is the publisher's as far as it is credible, ``start`` how the text
    begins."""

    title: str
    date: datetime | None
    start: str


def agree(one: Words, other: Words) -> bool:
    """Whether two entries of one page are the same article: title, date or words are the same."""
    return (
        _same(one.title, other.title)
        or (one.date is not None and one.date == other.date)
        or _same(one.start, other.start)
    )


def _same(one: str, other: str) -> bool:
    return bool(one) and one.casefold().split() == other.casefold().split()


def _split(address: str) -> SplitResult | None:
    try:
        parts = urlsplit(address)
        return parts if parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0 else None
    except ValueError:  # no address at all: a publisher's text
        return None


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    return host if parts.port in {None, 80, 443} else f"{host}:{parts.port}"


def _is_noise(fragment: str) -> bool:
    if fragment[:1] in {"!", "/"}:  # the route of a page that a script puts together
        return False
    return fragment.lower() in _PLACES or "=" in fragment or fragment.startswith("more-")


def _segments(address: str) -> list[str]:
    parts = _split(address)
    return [segment for segment in parts.path.split("/") if segment] if parts else []


def _shared(page: SplitResult, address: str, folder: Sequence[str]) -> int:
    place = _split(address)
    if place is None or _host(place) != _host(page):
        return _OTHER_HOST
    if folder and "." in folder[-1]:  # index.html
        folder = folder[:-1]
    path = [segment for segment in page.path.split("/") if segment]
    return 1 + len(folder) if path[: len(folder)] == list(folder) else _OTHER_HOST
