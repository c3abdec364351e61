"""Fetching feeds: one conditional GET each, many at once, what happened as a value.

Owns what a status or an error means for a feed. Does not own the exchange (``bloghub.lib.http``), the order and the
threads of many (``courier``), nor when to go again (``schedule``).
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Generator, Iterable, Mapping
from dataclasses import replace
from email.utils import parsedate_to_datetime

from aggregator.polling.courier import FULL_PACE, Courier, Pace
from aggregator.polling.hubs import in_header
from aggregator.polling.types import FeedRequest, FetchedFeed, Trouble, TroubleKind
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.http import FEED_LIMITS, Answer, Client, FetchError, Limits, Sender

ACCEPT = (
    "application/atom+xml, application/rss+xml, application/feed+json, application/rdf+xml;q=0.9, "
    "application/xml;q=0.8, text/xml;q=0.8, application/json;q=0.7, */*;q=0.1"
)
MAX_ETAG, MAX_LAST_MODIFIED, MAX_CONTENT_TYPE = 1_000, 200, 200  # characters
MAX_FRESHNESS = 366 * 24 * 3600  # seconds; what is beyond is a mistake
DIGITS = 9  # of a number in a header: more are nonsense, and thousands of them an error

# How an http address dies: nobody listens there, or what listens has nothing. Not among them: what https cannot mend
# (an unknown name), what has cost half a minute already, and 401, 429 and 503, where somebody is at home.
_DEAD_CODES = frozenset({"refused", "connect_timeout", "unreachable", "disconnected", "bad_http"})
_DEAD_STATUSES = frozenset({400, 403, 404, 410, 426, 500, 501, 502, 504})

_OK, _NOT_MODIFIED, _SERVER_ERROR = 200, 304, 500
_MAX_AGE = re.compile(r'(?:^|[\s,])max-age\s*=\s*"?(\d{1,9})', re.IGNORECASE)
_SENTENCES = {
    401: "The server asks for a password (401).",
    403: "The server does not let BlogHub read this address (403).",
    404: "There is nothing at this address (404).",
    410: "The server says that this address is gone for good (410).",
    429: "The server asks BlogHub to come less often (429).",
}


def fetch_many(
    requests: Iterable[FeedRequest],
    *,
    policy: FetchPolicy,
    sender: Sender,
    pace: Pace = FULL_PACE,
    pulse: float | None = None,
) -> Generator[list[FetchedFeed]]:
    """Fetch all ``requests`` in a thread of their own; yield what is ready, as soon as something is.

    Every request gets one answer, in the order of completion. When ``pace.seconds`` are over, what is under way or not
    begun gets the trouble ``not_tried``, which says nothing about its feed. When nothing came for ``pulse`` seconds, an
    empty list does. Closing the generator, or an exception in the caller, cancels everything and ends the thread.
    """
    client = Client(policy, sender, per_host=pace.per_host)
    courier = Courier(list(requests), client, fetch_feed, pace)
    try:
        courier.start()
        yield from courier.handfuls(pulse)
    finally:
        courier.stop()


async def fetch_feed(
    client: Client, request: FeedRequest, *, limits: Limits = FEED_LIMITS, last: bool = False
) -> FetchedFeed:
    """One conditional GET (RFC 9110 section 13). Never raises for what a server or a network does.

    A dead http address is tried over https before its trouble counts, in the time that is left; what is good there is
    told as a permanent move. ``last`` says that this host is not asked again soon, so that its connection need not be
    kept.
    """
    loop = asyncio.get_running_loop()
    begun = loop.time()
    fetched = await _fetch(client, request, limits=limits, last=last)
    twin = https_twin(request.url) if _is_dead(fetched, request.url) else ""
    left = limits.total - (loop.time() - begun)
    if not twin or left < limits.connect:
        return fetched
    safe = await _fetch(client, replace(request, url=twin), limits=replace(limits, total=left), last=last)
    return fetched if safe.trouble else replace(safe, permanent_url=safe.permanent_url or twin)


def _is_dead(fetched: FetchedFeed, url: str) -> bool:
    """Whether the address itself failed; one that was sent on lives."""
    if fetched.trouble is None or fetched.url != url:
        return False
    return fetched.trouble.code in _DEAD_CODES or fetched.status in _DEAD_STATUSES


def https_twin(url: str) -> str:
    """The same address over https; empty for one that has a port of its own or is no http address."""
    scheme, _, rest = url.partition("://")
    place, _, _ = rest.partition("/")
    has_port = place.rpartition("]")[2].count(":") == 1
    return f"https://{rest}" if scheme == "http" and not has_port else ""


async def _fetch(client: Client, request: FeedRequest, *, limits: Limits, last: bool) -> FetchedFeed:
    headers = {"Accept": ACCEPT}
    if request.etag:
        headers["If-None-Match"] = request.etag
    if request.last_modified:
        headers["If-Modified-Since"] = request.last_modified
    if last:
        headers["Connection"] = "close"
    try:
        answer = await client.get(request.url, headers=headers, limits=limits)
    except FetchError as error:
        trouble = Trouble(TroubleKind(error.kind), error.code, error.reason, error.hint, error.retry_after)
        return FetchedFeed(request.feed_id, 0, request.url, trouble=trouble)
    return interpret(request, answer)


def interpret(request: FeedRequest, answer: Answer) -> FetchedFeed:
    """What an answer means for the feed that was asked for."""
    asked_conditionally = bool(request.etag or request.last_modified)
    unchanged = answer.status == _NOT_MODIFIED and asked_conditionally
    good = answer.status == _OK or unchanged
    etag = _validator(answer.headers.get("ETag", ""), MAX_ETAG)
    last_modified = _validator(answer.headers.get("Last-Modified", ""), MAX_LAST_MODIFIED)
    hub_url, topic_url = in_header(answer.link, answer.url) if answer.link else ("", "")
    return FetchedFeed(
        feed_id=request.feed_id,
        status=answer.status,
        url=answer.url,
        permanent_url=answer.permanent_url,
        etag=etag or (request.etag if unchanged else ""),
        last_modified=last_modified or (request.last_modified if unchanged else ""),
        content_type=_printable(answer.headers.get("Content-Type", ""))[:MAX_CONTENT_TYPE],
        body=answer.body if good else b"",
        max_age=_freshness(answer.headers),
        hub_url=hub_url,
        topic_url=topic_url,
        trouble=None if good else _trouble(answer),
    )


def _trouble(answer: Answer) -> Trouble:
    status = answer.status
    if status in _SENTENCES:
        reason = _SENTENCES[status]
    elif status >= _SERVER_ERROR:
        reason = f"The server has trouble of its own ({status})."
    else:
        reason = f"The server's answer brings no feed ({status})."
    return Trouble(TroubleKind.NOT_REACHABLE, f"http_{status}", reason, retry_after=answer.retry_after)


def _printable(value: str) -> str:
    """A header as ASCII: raw bytes come as lone surrogates, which no database takes and no header carries."""
    return value if value.isascii() and value.isprintable() else value.encode("ascii", "replace").decode()


def _validator(value: str, most: int) -> str:
    """A validator that can be stored and sent back as it is, else none."""
    return value if len(value) <= most and value.isascii() and value.isprintable() else ""


def _freshness(headers: Mapping[str, str]) -> int | None:
    """Seconds that the answer stays fresh (RFC 9111 section 4.2.1), None when the server does not say."""
    stated = _MAX_AGE.search(headers.get("Cache-Control", ""))
    if stated is None:
        return _until_expiry(headers)
    age = headers.get("Age", "")
    spent = int(age[:DIGITS]) if age.isascii() and age.isdigit() else 0
    return min(max(0, int(stated[1][:DIGITS]) - spent), MAX_FRESHNESS)


def _until_expiry(headers: Mapping[str, str]) -> int | None:
    """From ``Expires``, by the server's own clock. Anything that is no date means: expired already."""
    expires, date = headers.get("Expires"), headers.get("Date")
    if not expires or not date:
        return None
    try:
        lifetime = parsedate_to_datetime(expires) - parsedate_to_datetime(date)
    except (TypeError, ValueError, OverflowError):  # no date, no time zone, or the year 99999999999
        return 0
    return min(max(0, round(lifetime.total_seconds())), MAX_FRESHNESS)
