"""A feed tried out before an admin's eyes: the exchange that a poll makes, step by step, and nothing stored.

It is the same client, the same reader and the same rules that polls use; only the writing is left out, and the
validators, so that the whole document comes. Owns the words for the steps.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from copy import copy
from dataclasses import dataclass
from datetime import datetime
from time import monotonic
from urllib.parse import urlsplit

from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _, ngettext

from aggregator.fetching import hub_policy, hub_sender
from aggregator.health import reasons
from aggregator.models import Feed
from aggregator.polling.examine import examine
from aggregator.polling.fetch import fetch_feed
from aggregator.polling.formats import format_name
from aggregator.polling.history import NOT_MODIFIED
from aggregator.polling.recall import intents_of
from aggregator.polling.sandbox import Parser
from aggregator.polling.store import Finding
from aggregator.polling.types import FeedRequest, FetchedFeed, ParsedFeed, Trouble
from bloghub.lib.addresses import Refusal
from bloghub.lib.http import Client
from bloghub.lib.observing import Connection, Observer

MOST_HEADERS, MOST_VALUE = 40, 400  # shown; a server may send a hundred of 64 KiB
_MIDDLE = 0.5  # no jitter


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happened, ``after`` seconds: a few words, a sentence, and lines that are shown as they are."""

    after: float
    title: str
    text: str = ""
    lines: tuple[str, ...] = ()
    is_bad: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """All steps, why it failed (None when it did not), and the titles of the newest posts in the document."""

    steps: list[Step]
    trouble: Trouble | None
    newest: tuple[str, ...] = ()

    @property
    def advice(self) -> str:
        """What somebody can do about the trouble."""
        return reasons.advice(self.trouble.code) if self.trouble else ""


def try_out(feed: Feed, now: datetime) -> Trial:
    """Fetches and reads the feed as a poll at ``now`` would; takes as long as one, a minute at most."""
    recorder = _Recorder()
    with ThreadPoolExecutor(1, "trial") as thread:  # the caller's may have an event loop of its own running
        client = Client(hub_policy(), hub_sender(), observer=recorder)
        answer = thread.submit(asyncio.run, _fetch(client, feed)).result()
    afresh = copy(feed)
    afresh.etag = afresh.last_modified = afresh.body_hash = ""
    with closing(Parser()) as parser:
        finding = examine(afresh, answer, now, chance=_MIDDLE, parse=parser.parse)
    steps = [*recorder.steps, *_outcome(feed, finding, recorder, now)]
    newest = tuple(post.title or post.excerpt[:80] for post in finding.parsed.posts[:3]) if finding.parsed else ()
    return Trial(steps, finding.trouble, newest)


async def _fetch(closed: Client, feed: Feed) -> FetchedFeed:
    async with closed as client:
        return await fetch_feed(client, FeedRequest(feed.pk, feed.url), last=True)


class _Recorder(Observer):
    """Puts what the client tells into words. Called from the client's thread only, and read after its end."""

    def __init__(self) -> None:
        self.steps: list[Step] = []
        self._begun = monotonic()

    @property
    def after(self) -> float:
        return monotonic() - self._begun

    def add(self, title: str, text: str = "", lines: Iterable[str] = (), *, is_bad: bool = False) -> None:
        self.steps.append(Step(self.after, title, text, tuple(lines), is_bad))

    def judged_target(self, url: str, refusal: Refusal | None) -> None:
        lines = [line for line in (url, refusal.hint if refusal else "") if line]
        text = refusal.reason if refusal else _("The hub's rules allow this address.")
        self.add(_("Address judged"), text, lines, is_bad=refusal is not None)

    def judged_address(self, host: str, address: str, refusal: Refusal | None) -> None:
        text = _("%(host)s has the address %(address)s.") % {"host": host, "address": address}
        verdict = refusal.reason if refusal else _("The hub's rules allow it.")
        self.add(_("Name looked up"), f"{text} {verdict}", is_bad=refusal is not None)

    def connected(self, connection: Connection) -> None:
        place = f"[{connection.address}]" if ":" in connection.address else connection.address
        lines = [f"{place}:{connection.port}"]
        if not connection.tls:
            self.add(_("Connected"), _("Without encryption."), lines)
            return
        text = _("Encrypted, and the server's certificate is good.")
        self.add(_("Connected"), text, [*lines, f"{connection.tls} {connection.cipher}"])

    def sent(self, method: str, url: str, headers: Iterable[tuple[str, str]]) -> None:
        parts = urlsplit(url)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self.add(_("Request sent"), "", [f"{method} {path} HTTP/1.1", *_shown(headers)])

    def answered(self, status: int, phrase: str, headers: Iterable[tuple[str, str]]) -> None:
        self.add(_("Server answered"), "", [f"{status} {_plain(phrase)}".strip(), *_shown(headers)])

    def received(self, wire: int, decoded: int) -> None:
        text = ngettext("%(count)d byte came", "%(count)d bytes came", wire) % {"count": wire}
        if decoded != wire:
            text = _("%(came)s, %(count)d when unpacked") % {"came": text, "count": decoded}
        self.add(_("Document received"), f"{text}.")


def _shown(headers: Iterable[tuple[str, str]]) -> list[str]:
    lines = [f"{_plain(name)}: {_plain(value)}" for name, value in headers]
    return [line if len(line) <= MOST_VALUE else f"{line[:MOST_VALUE]}…" for line in lines[:MOST_HEADERS]]


def _plain(text: str) -> str:
    """As ASCII: servers send any bytes, and these come as lone surrogates."""
    return "".join(char if char.isprintable() else "?" for char in text.encode("ascii", "replace").decode())


def _outcome(feed: Feed, finding: Finding, recorder: _Recorder, now: datetime) -> list[Step]:
    after = recorder.after
    steps = []
    if finding.trouble is not None:
        lines = [finding.trouble.hint] if finding.trouble.hint else []
        steps.append(Step(after, _("Failed"), finding.trouble.reason, tuple(lines), is_bad=True))
    if finding.parsed is not None:
        steps.append(Step(after, _("Document read"), _read(finding.parsed), finding.parsed.notes))
        steps.append(Step(after, _("Would be stored"), _stored(feed, finding.parsed, now)))
    elif finding.trouble is None:
        steps.append(Step(after, _("Nothing new"), reasons.label(NOT_MODIFIED)))
    return [*steps, _next(feed, finding, now, after)]


def _read(parsed: ParsedFeed) -> str:
    count = len(parsed.posts)
    entries = ngettext("%(count)d entry", "%(count)d entries", count) % {"count": count}
    return _("%(format)s, “%(title)s”, %(entries)s.") % {
        "format": format_name(parsed.format),
        "title": parsed.title,
        "entries": entries,
    }


def _stored(feed: Feed, parsed: ParsedFeed, now: datetime) -> str:
    intents = intents_of({feed.pk: parsed.posts}, {feed.pk: feed}, now)[feed.pk]
    new, edited = len(intents.create), len(intents.update)
    return _("%(new)d new posts, %(edited)d edited ones; %(same)d are known and unchanged, or left out.") % {
        "new": new,
        "edited": edited,
        "same": len(parsed.posts) - new - edited,
    }


def _next(feed: Feed, finding: Finding, now: datetime, after: float) -> Step:
    wait = timeuntil(finding.verdict.next_poll_at, now, depth=1)
    text = _("A poll would end here; the next one would follow in about %(time)s.") % {"time": wait}
    if finding.verdict.state != feed.state:
        text = _("%(text)s The feed would then be %(state)s.") % {
            "text": text,
            "state": dict(Feed._meta.get_field("state").flatchoices)[finding.verdict.state],
        }
    return Step(after, _("Afterwards"), f"{text} {_('Nothing has been stored.')}")
