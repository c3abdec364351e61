"""Finds the feed behind an address that somebody pasted: the feed itself, or a page that leads to one.

Owns the order of what is tried and its bounds. Fetches and parses through what it is given, stores nothing and knows
nothing of the database: ``aggregator.registration`` turns what is found here into a Blog.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace

from aggregator.polling.discover import find_feed_links, well_known_paths
from aggregator.polling.types import FetchedFeed, ParsedFeed, Trouble, TroubleKind
from bloghub.lib.addresses import Refusal, read_url
from bloghub.lib.urls import normalise_url

MAX_REQUESTS = 12  # an admin's click, or one line of an import, must not become a scan of somebody's server
TIME_LIMIT = 30.0  # s, all requests together

type_Fetch = Callable[[str], Awaitable[FetchedFeed]]
type_Parse = Callable[..., ParsedFeed | Trouble]

_FEED_SCHEME = re.compile(r"feed:(?://)?(?=https?://)", re.IGNORECASE)  # as some browsers copy it
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)  # "blogs:8080/feed" has none
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body)\b", re.IGNORECASE)
_SNIFFED = 4096  # bytes
NO_FEED = "This page names no feed, and there is none at the usual addresses. Ask for the address of the feed itself."


@dataclass(frozen=True, slots=True)
class Found:
    """A feed that was fetched and parsed. ``url`` is the address to poll.

    ``addresses`` are all spellings that led to it, ``page_url`` the page that named it (empty when the address was
    the feed's own), ``others`` the addresses of further feeds the page names, not visited.
    """

    url: str
    addresses: tuple[str, ...]
    parsed: ParsedFeed
    page_url: str = ""
    others: tuple[str, ...] = ()


async def explore(address: str, fetch: type_Fetch, parse: type_Parse) -> Found | Trouble:
    """The feed behind ``address``: a feed's or a page's, also without its scheme.

    Tried in this order, first one that parses wins: the address itself, the feeds its page names (``<link
    rel=alternate>``), the well-known paths. ``fetch`` judges every address by the fetch policy.
    """
    try:
        async with asyncio.timeout(TIME_LIMIT):
            return await _Explorer(fetch, parse).explore(address)
    except TimeoutError:
        reason = f"Looking for the feed took longer than {TIME_LIMIT:.0f} seconds."
        return Trouble(TroubleKind.TOO_SLOW, "deadline", reason)


def spellings(address: str) -> list[str] | Trouble:
    """The web addresses that ``address`` may mean, in the order to try them; a Trouble when it means none."""
    text = _FEED_SCHEME.sub("", address.strip())
    if text.lower().startswith("feed://"):
        text = "http" + text[len("feed") :]
    if not text:
        return Trouble(TroubleKind.NOT_ALLOWED, "bad_address", "There is no address.")
    texts = (
        [text]
        if "://" in text.partition("/?")[0][:20]
        else [f"{scheme}{text.lstrip('/')}" for scheme in ("https://", "http://")]
    )
    for text in texts:
        refusal = read_url(text)
        if isinstance(refusal, Refusal):
            return Trouble(TroubleKind.NOT_ALLOWED, refusal.code, refusal.reason, refusal.hint)
    found = [url for text in texts if (url := normalise_url(text))]
    return found or Trouble(TroubleKind.NOT_ALLOWED, "bad_address", "The address cannot be read.")


@dataclass(slots=True)
class _Explorer:
    """One exploration: counts its requests and visits nothing twice."""

    fetch: type_Fetch
    parse: type_Parse
    left: int = MAX_REQUESTS
    seen: set[str] = field(default_factory=set)

    async def explore(self, address: str) -> Found | Trouble:
        urls = spellings(address)
        if isinstance(urls, Trouble):
            return urls
        url, answer = await self._reach(urls)
        if answer.trouble is not None:
            return answer.trouble
        parsed = await self._parse(answer)
        if isinstance(parsed, ParsedFeed):
            return _found(url, answer, parsed)
        return await self._search(answer) if _is_page(answer) else parsed

    async def _reach(self, urls: list[str]) -> tuple[str, FetchedFeed]:
        """The first spelling that brings something, else the answer of the first server that gave one at all."""
        answers = []
        for url in urls:
            answer = await self._get(url)
            if answer.trouble is None:
                return url, answer
            answers.append((url, answer))
        return next((pair for pair in answers if pair[1].status), answers[-1])

    async def _search(self, page: FetchedFeed) -> Found | Trouble:
        """The first feed that the page names, else the first at a well-known path."""
        named = [link for link in map(normalise_url, _links(page)) if link]
        first_trouble: Trouble | None = None
        for url in dict.fromkeys([*named, *map(normalise_url, well_known_paths(page.url))]):
            if not url or url in self.seen or not self.left:
                continue
            found = await self._try(url)
            if isinstance(found, Found):
                others = tuple(link for link in dict.fromkeys(named) if link not in found.addresses)
                return replace(found, page_url=page.url, others=others)
            if url in named:
                first_trouble = first_trouble or replace(found, reason=f"The page leads to {url}. {found.reason}")
        return first_trouble or Trouble(TroubleKind.NOT_A_FEED, "no_feed_found", NO_FEED)

    async def _try(self, url: str) -> Found | Trouble:
        answer = await self._get(url)
        if answer.trouble is not None:
            return answer.trouble
        parsed = await self._parse(answer)
        return parsed if isinstance(parsed, Trouble) else _found(url, answer, parsed)

    async def _get(self, url: str) -> FetchedFeed:
        self.left -= 1
        self.seen.add(url)
        return await self.fetch(url)

    async def _parse(self, answer: FetchedFeed) -> ParsedFeed | Trouble:
        """Parses in a thread: the parser's own process may take its time, the deadline keeps running."""
        return await asyncio.to_thread(self.parse, answer.body, url=answer.url, content_type=answer.content_type)


def _found(url: str, answer: FetchedFeed, parsed: ParsedFeed) -> Found:
    """Polled is where the server says the feed is for good; a temporary redirect leaves the address as it was."""
    final = normalise_url(answer.permanent_url) or url
    return Found(final, tuple(dict.fromkeys([final, url, normalise_url(answer.url) or url])), parsed)


def _links(page: FetchedFeed) -> list[str]:
    return [link.url for link in find_feed_links(page.body, url=page.url)]


def _is_page(answer: FetchedFeed) -> bool:
    return "html" in answer.content_type.lower() or bool(_HTML.search(answer.body[:_SNIFFED]))
