"""Digests as letters: words and layout, and handing them over one by one. What stands in them: digests.py."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language

from aggregator import digests
from aggregator.digests import Contents
from aggregator.models import Digest, DigestState, Post
from bloghub.lib.mail import Letter, LetterRefusedError, Outbox, ServerTroubleError, outbox
from bloghub.notifications.letters import written
from bloghub.notifications.unsubscribing import DIGEST, unsubscribe_url

log = logging.getLogger(__name__)


def deliver(now: datetime, *, limit: int = digests.CHUNK) -> int:
    """Sends a chunk of the digests that are due; returns how many were settled. Safe to run by several workers.

    Each is marked as sent before it is handed over. When the mail server is away, the rest is due again.
    """
    digests.drop_stale(now)
    taken = digests.take(now, limit)
    if not taken:
        return 0
    with outbox() as box:
        left = list(taken)
        for digest, found in digests.contents(taken):
            try:
                _send(box, digest, found, now)
            except ServerTroubleError as trouble:
                log.warning("digests wait for the mail server: %s", trouble)
                digests.put_back(left)
                break
            left.remove(digest)
    settled = [digest for digest in taken if digest not in left]
    for until in {digest.until for digest in settled}:
        digests.mark_told((digest.person_id for digest in settled if digest.until == until), until)
    return len(settled)


def _send(box: Outbox, digest: Digest, found: Contents, now: datetime) -> None:
    if not digests.settle(digest, DigestState.SENT if found else DigestState.EMPTY, now) or not found:
        return
    try:
        box.send(letter(digest, found))
    except LetterRefusedError as refusal:
        log.warning("the digest for person %s was refused: %s", digest.person_id, refusal)


def letter(digest: Digest, found: Contents) -> Letter:
    """The digest as a letter, in the reader's time zone."""
    away = unsubscribe_url(digest.person, DIGEST)
    language = get_language() or ""
    context = {
        "found": found,
        "posts_text": _posts("txt", found.best, found.discussed, language),
        "posts_html": _posts("html", found.best, found.discussed, language),
        "choices": reverse("notifications:preference-list"),
        "away": away,
    }
    subject, text, html = written("digest", context)
    key = f"digest {digest.person_id} {digest.until.isoformat()}"
    return Letter(digest.person.email, subject, text, html, key, (), DIGEST.value, away)


@lru_cache(maxsize=64)
def _posts(form: str, best: Sequence[Post], discussed: Sequence[Post], language: str) -> str:
    """The part that is the same for everybody, rendered once: it names no time."""
    hub = {"hub": settings.PUBLIC_URL, "accent": settings.BRAND_COLOUR}
    return render_to_string(f"email/_digest_posts.{form}", {**hub, "best": best, "discussed": discussed})
