"""The values that travel through a poll: request → fetched → parsed feed → incoming posts.

Owns the data, decides nothing. Everything here is plain Python (no django, no celery), frozen, and can be written as
JSON, since parsing happens in a process of its own (``sandbox.py``). All times are aware and in UTC.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TroubleKind(StrEnum):
    """The five things a stranger may learn about a failed poll (security.md 2.7.8)."""

    NOT_ALLOWED = "not_allowed"
    NOT_REACHABLE = "not_reachable"
    NOT_A_FEED = "not_a_feed"
    TOO_LARGE = "too_large"
    TOO_SLOW = "too_slow"


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why a poll brought nothing: a value, never an exception that crosses a module.

    ``code`` is a stable word for counting (``dns``, ``tls``, ``refused``, ``http_404``, ``redirect_loop``,
    ``blocked_address``, ``not_xml`` …), ``reason`` one plain sentence for the blog's owner, ``hint`` the line an
    operator would add to the configuration, ``retry_after`` seconds the server asked us to wait.
    """

    kind: TroubleKind
    code: str
    reason: str
    hint: str = ""
    retry_after: int | None = None


@dataclass(frozen=True, slots=True)
class FeedRequest:
    """One feed to fetch, with the validators of the last good answer (RFC 9110 section 13)."""

    feed_id: int
    url: str
    etag: str = ""
    last_modified: str = ""


@dataclass(frozen=True, slots=True)
class FetchedFeed:
    """What the network gave for one request.

    ``status`` is the last HTTP status, 0 when there was none. ``url`` is where the body came from;
    ``permanent_url`` is that address when every hop to it was a 301 or 308, else empty. ``body`` is decoded
    (no content coding), empty on 304 and on trouble. ``max_age`` is the server's freshness in seconds, if stated;
    ``seconds`` is what the exchange took. ``hub_url`` and ``topic_url`` are what the headers say of WebSub (hubs.py).
    """

    feed_id: int
    status: int
    url: str
    permanent_url: str = ""
    etag: str = ""
    last_modified: str = ""
    content_type: str = ""
    body: bytes = b""
    max_age: int | None = None
    hub_url: str = ""
    topic_url: str = ""
    trouble: Trouble | None = None
    seconds: float = 0.0

    @property
    def not_modified(self) -> bool:
        return self.status == 304  # noqa: PLR2004 - the status itself

    @property
    def is_refused(self) -> bool:
        """Whether the server asks us to come less often; it may mean this feed or all of its feeds."""
        return self.status in {429, 503}


@dataclass(frozen=True, slots=True)
class IncomingEnclosure:
    """A file that comes with a post (RSS ``enclosure``, Atom ``link rel=enclosure``, JSON Feed ``attachments``)."""

    url: str
    media_type: str = ""
    length: int | None = None  # bytes, as the publisher says
    title: str = ""
    duration: int | None = None  # seconds


@dataclass(frozen=True, slots=True)
class RawEntry:
    """One entry as the document holds it, strings undecoded by the gate: hostile until ``clean`` has seen it.

    ``title`` may hold markup or entities, ``title_type`` says which (``text`` or ``html``). ``content`` and
    ``summary`` are HTML. ``base`` is the address that relative references are resolved against (``xml:base``, else
    the permalink, else the feed's address).
    """

    guid: str = ""
    permalink: str = ""
    title: str = ""
    title_type: str = "html"
    author_name: str = ""
    author_email: str = ""
    content: str = ""
    summary: str = ""
    base: str = ""
    language: str = ""
    published_at: datetime | None = None
    updated_at: datetime | None = None
    tags: tuple[str, ...] = ()
    enclosures: tuple[IncomingEnclosure, ...] = ()


@dataclass(frozen=True, slots=True)
class RawFeed:
    """A parsed document before cleaning. ``format`` is a word such as ``rss20``, ``atom10``, ``jsonfeed11``."""

    format: str
    title: str = ""
    description: str = ""
    homepage_url: str = ""
    language: str = ""
    author_name: str = ""
    hub_url: str = ""  # as written, as is topic_url: the WebSub hub, and what the feed calls itself there
    topic_url: str = ""
    ttl: int | None = None  # minutes, as RSS says it
    skip_hours: int = 0  # bits, as in skipping.py
    skip_days: int = 0
    entries: tuple[RawEntry, ...] = ()
    entries_dropped: int = 0  # beyond the 500 newest
    notes: tuple[str, ...] = ()  # for the blog's owner: what was broken or guessed, see ParsedFeed


@dataclass(frozen=True, slots=True)
class IncomingPost:
    """One entry after the gate: safe to store and to show.

    ``guid`` is never empty: the publisher's, else the permalink, else a hash of title and date (or of the content). It
    need not be unique in its document; ``identity.py`` finds out who is who.
    ``title`` and ``author_name`` and ``tags`` are plain text. ``content_html`` has passed ``bloghub.lib.html``.
    ``excerpt`` is short plain text, ``language`` a BCP 47 primary subtag or empty.
    ``content_hash`` changes when, and only when, a reader would see a difference.
    """

    guid: str
    permalink: str
    title: str
    author_name: str
    author_email: str
    content_html: str
    excerpt: str
    language: str
    word_count: int
    published_at: datetime | None
    updated_at: datetime | None
    tags: tuple[str, ...]
    enclosures: tuple[IncomingEnclosure, ...]
    content_hash: str


@dataclass(frozen=True, slots=True)
class ParsedFeed:
    """A document after parse and clean: what reconcile and the registration preview work on.

    ``notes`` are plain sentences for the blog's owner about what was cut or guessed (caps, broken XML, no dates).
    """

    format: str
    title: str = ""
    description: str = ""
    homepage_url: str = ""
    language: str = ""
    author_name: str = ""
    hub_url: str = ""
    topic_url: str = ""
    ttl: int | None = None
    skip_hours: int = 0
    skip_days: int = 0
    posts: tuple[IncomingPost, ...] = ()
    notes: tuple[str, ...] = ()
