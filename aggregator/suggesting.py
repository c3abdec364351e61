"""Suggestions: any person proposes a blog, an admin answers, and the proposer hears of it.

Owns that nothing is fetched which no admin has approved: a suggested address is looked at by itself only on a server
that serves a registered feed, without a password of ours, and then nothing beyond such servers is, wherever it
redirects or leads to. Everything else waits until an admin looks. What was found is for admins alone: the proposer may
not be one of those whom the hub would let read it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Any

from django.contrib.auth.models import Group
from django.db import transaction
from django.urls import reverse
from django.utils.translation import gettext as _
from yarl import URL

from aggregator.exploring import explored
from aggregator.fetching import hub_policy, hub_sender
from aggregator.models import Audience, Blog, Feed, Suggestion, SuggestionState
from aggregator.models.feed import alike
from aggregator.polling.explore import spellings
from aggregator.polling.types import Trouble
from aggregator.registration import Preview, preview_of, register
from bloghub.lib.addresses import WEB_PORTS, FetchPolicy, Refusal, normal_host
from bloghub.lib.networks import type_address
from bloghub.lib.urls import host_of
from bloghub.notifications.models import Kind
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person

MOST_A_DAY = 5  # for one person
DAY = timedelta(days=1)
LOOKS = 4  # suggestions looked at in one go: even on one dead host they take no more than a minute
LEASE = timedelta(minutes=3)

type_Place = tuple[str, int]


class TooManyError(Exception):
    """This person has suggested as much as one may in a day; ``until`` is when the next may come."""

    def __init__(self, until: datetime) -> None:
        super().__init__()
        self.until = until


class DecidedError(Exception):
    """Somebody has answered this suggestion already, or nothing was found behind it that could be registered."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a proposal: a new suggestion, the one that waits already, or the blog that is here."""

    suggestion: Suggestion | None = None
    blog: Blog | None = None
    is_new: bool = False


# --- proposing ---------------------------------------------------------------------------------------------------


def suggest(person: Person, address: str, note: str, now: datetime) -> Outcome | Trouble:
    """Keeps a proposal; the same address twice is one. Raises TooManyError. Nothing is fetched."""
    urls = spellings(address)
    if isinstance(urls, Trouble):
        return urls
    blog = _registered(urls, person)
    if blog is not None:
        return Outcome(blog=blog)
    with transaction.atomic():
        Person.objects.select_for_update(no_key=True, of=("self",)).get(pk=person.pk)  # counted one after the other
        known = Suggestion.objects.open().filter(key=key_of(urls[0])).first()
        if known is not None:
            return Outcome(known)
        _mind_the_limit(person, now)
        values = {"address": address.strip(), "host": host_of(urls[0])[:255], "note": note, "proposer": person}
        made, is_new = Suggestion.objects.get_or_create(
            key=key_of(urls[0]), state=SuggestionState.OPEN, defaults={**values, "suggested_at": now}
        )
    return Outcome(made, is_new=is_new)


def key_of(url: str) -> str:
    """The same for http and https, and with or without the last slash."""
    return blake2b(url.partition("://")[2].rstrip("/").encode(), digest_size=16).hexdigest()


def _registered(urls: Iterable[str], person: Person) -> Blog | None:
    """The blog that has a feed or its homepage there; one that this person may not see is not there for them."""
    ends = [end for url in alike(urls) for end in (url, url.rstrip("/"), f"{url.rstrip('/')}/")]
    visible = Blog.objects.visible_to(person).order_by("pk")
    return visible.filter(feeds__url__in=ends).first() or visible.filter(homepage_url__in=ends).first()


def _mind_the_limit(person: Person, now: datetime) -> None:
    times = Suggestion.objects.of(person).filter(suggested_at__gt=now - DAY).order_by("-suggested_at")
    latest = list(times.values_list("suggested_at", flat=True)[:MOST_A_DAY])
    if len(latest) == MOST_A_DAY:
        raise TooManyError(latest[-1] + DAY)


# --- looking -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class KnownPlaces(FetchPolicy):
    """The hub's policy, and of all it allows only servers that serve a registered feed."""

    places: frozenset[type_Place] = field(default=frozenset())

    def judge_target(self, url: URL) -> Refusal | None:
        # Not super(): a dataclass with slots is another class than the one the methods were written in
        return self._foreign(url.raw_host or "", url.port or 0) or FetchPolicy.judge_target(self, url)

    def judge(self, host: str, port: int, address: bytes | type_address) -> Refusal | None:
        return self._foreign(host, port) or FetchPolicy.judge(self, host, port, address)

    def _foreign(self, host: str, port: int) -> Refusal | None:
        if _place(host, port) in self.places:
            return None
        return Refusal("not_listed", "It leads to a server that no registered blog is on; an admin has to look at it.")


def _place(host: str, port: int) -> type_Place:
    """Where a server is; its two usual ports are one place."""
    return normal_host(host), 0 if port in WEB_PORTS else port


def known_places(hosts: Iterable[str]) -> frozenset[type_Place]:
    """The servers among ``hosts`` that serve a registered feed."""
    urls = Feed.objects.filter(host__in=set(hosts)).values_list("url", flat=True)
    return frozenset(_place(url.raw_host or "", url.port or 0) for url in map(URL, urls))


def look_at_known(now: datetime) -> int:
    """Looks behind open suggestions on known servers, a few of them; how many those were."""
    taken, places = _take(now)
    if not taken:
        return 0
    hub = hub_policy()
    policy = KnownPlaces(hub.entries, hub.only, hub.own, places)
    addresses = [suggestion.address for suggestion in taken]
    for handful in explored(addresses, policy=policy, sender=hub_sender(signs_in=False)):
        for number, outcome in handful:
            note(taken[number], preview_of(outcome), now)
    return len(taken)


def _take(now: datetime) -> tuple[list[Suggestion], frozenset[type_Place]]:
    """Leases a few; a killed worker's are taken again when the lease is over."""
    with transaction.atomic():
        waiting = Suggestion.objects.open().filter(looked_at=None).exclude(lease_until__gte=now)
        rows = list(waiting.select_for_update(skip_locked=True, of=("self",)).order_by("suggested_at", "pk"))
        places = known_places(row.host for row in rows)
        taken = [row for row in rows if _is_among(row.address, places)][:LOOKS]
        Suggestion.objects.filter(pk__in=[row.pk for row in taken]).update(lease_until=now + LEASE)
    return taken, places


def _is_among(address: str, places: frozenset[type_Place]) -> bool:
    urls = spellings(address)
    if isinstance(urls, Trouble):
        return False
    return all(_place(url.raw_host or "", url.port or 0) in places for url in map(URL, urls))


def note(suggestion: Suggestion, outcome: Preview | Trouble, now: datetime) -> None:
    """Writes down what is behind an open suggestion."""
    found: Mapping[str, Any] | None = outcome.as_state() if isinstance(outcome, Preview) else None
    trouble = outcome.reason if isinstance(outcome, Trouble) else ""
    rows = Suggestion.objects.open().filter(pk=suggestion.pk)
    rows.update(preview=found, trouble=trouble, looked_at=now, lease_until=None)


# --- answering ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Acceptance:
    """What an admin decides about a suggested blog."""

    title: str = ""
    audience: str = Audience.EVERYONE
    groups: Iterable[Group] = ()
    owners: Iterable[Person] = ()
    words: str = ""


def accept(suggestion: Suggestion, by: Person, decided: Acceptance, now: datetime) -> Blog:
    """Registers what was found, and tells the proposer. Raises DecidedError."""
    with transaction.atomic():
        held = _held(suggestion)
        if held.preview is None:
            raise DecidedError
        blog = register(
            Preview.from_state(held.preview),
            title=decided.title,
            owners=decided.owners,
            audience=decided.audience,
            groups=decided.groups,
        )
        _close(held, SuggestionState.ACCEPTED, by, decided.words, now, blog)
    return blog


def decline(suggestion: Suggestion, by: Person, words: str, now: datetime) -> None:
    """Says no, with words that the proposer reads. Raises DecidedError."""
    with transaction.atomic():
        _close(_held(suggestion), SuggestionState.DECLINED, by, words, now)


def _held(suggestion: Suggestion) -> Suggestion:
    held = Suggestion.objects.select_for_update(of=("self",)).open().filter(pk=suggestion.pk).first()
    if held is None:
        raise DecidedError
    return held


def _close(
    held: Suggestion, state: SuggestionState, by: Person, words: str, now: datetime, blog: Blog | None = None
) -> None:
    held.state, held.decided_by, held.decided_at, held.answer, held.blog = state, by, now, words, blog
    held.save(update_fields=["state", "decided_by", "decided_at", "answer", "blog"])
    if held.proposer_id is None:
        return
    is_in = state == SuggestionState.ACCEPTED
    said = _("The blog is on the hub now.") if is_in else _("It was not taken up.")
    event = Event(
        key=held.group,
        group=held.group,
        actor_id=by.pk,
        title=held.address,
        excerpt=f"{said} {words}".strip(),
        url=reverse("aggregator:suggestion-list"),
        scope=None,  # of the blog, which the proposer may not be allowed to see, nothing is said but what they said
        happened_at=now,
    )
    tell(event, {held.proposer_id: Kind.SUGGESTION}, now)
