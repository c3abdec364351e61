"""Asking hubs to tell us (W3C WebSub, section 5.1): one form for each lease, through the one client.

A hub is an address that a stranger's feed names. The fetch policy judges it like any other, it is never sent a password
of ours, and the number of requests to one hub is bounded by ``leases.take_to_ask``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.conf import settings
from django.urls import reverse

from aggregator.fetching import hub_policy, hub_sender
from aggregator.models import WebSubLease
from aggregator.pushing import leases
from bloghub.lib.http import Client, FetchError, Limits, Sender

LIMITS = Limits(total=15.0, wire=65_536, decoded=65_536, redirects=2)  # the answer is a status, at most a sentence
_GOOD, _CLIENT_ERROR, _SERVER_ERROR = range(200, 300), 400, 500
_PATIENCE = frozenset({408, 429})  # client errors that time may heal


def ask(wanted: Sequence[WebSubLease]) -> None:
    """Asks for these; what the hubs decide they say at our callback, in their own time."""
    if not wanted:
        return
    with ThreadPoolExecutor(1, "websub") as thread:  # the caller's may have an event loop of its own running
        answers = thread.submit(asyncio.run, _ask_all(wanted, hub_sender(signs_in=False))).result()
    for lease, (reason, for_good) in zip(wanted, answers, strict=True):
        if reason:
            leases.refused(lease, reason, for_good=for_good)


async def _ask_all(wanted: Sequence[WebSubLease], sender: Sender) -> list[tuple[str, bool]]:
    async with Client(hub_policy(), sender) as client:
        return await asyncio.gather(*(_ask(client, lease) for lease in wanted))


async def _ask(client: Client, lease: WebSubLease) -> tuple[str, bool]:
    """Why the hub did not take it, and whether it said so itself; nothing when it did."""
    try:
        answer = await client.post(lease.hub_url, form_for(lease), limits=LIMITS)
    except FetchError as error:
        return error.reason, False
    if answer.status in _GOOD:
        return "", False
    for_good = _CLIENT_ERROR <= answer.status < _SERVER_ERROR and answer.status not in _PATIENCE
    return f"The hub did not take our request ({answer.status}).", for_good


def form_for(lease: WebSubLease) -> dict[str, str]:
    """What is asked for, and with which secret the hub is to sign what it tells."""
    return {
        "hub.callback": settings.PUBLIC_URL + reverse("aggregator:websub-callback", args=[lease.key]),
        "hub.mode": "subscribe",
        "hub.topic": lease.topic_url,
        "hub.lease_seconds": str(int(leases.LONGEST.total_seconds())),
        "hub.secret": lease.secret,
    }
