"""Digests as letters: words and layout, and handing them over one by one. What stands in them: digests.py."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache
from typing import TypeAlias

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

Posts: TypeAlias = Callable[[str, Sequence[Post], Sequence[Post], str], str]


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
        posts = lru_cache(_posts)  # the same for everybody with the same window
        for digest, found in digests.contents(taken):
            try:
                _send(box, digest, found, now, posts)
            except ServerTroubleError as trouble:
                log.warning("digests wait for the mail server: %s", trouble)
                digests.put_back(left)
                break
            left.remove(digest)
    return len(taken) - len(left)


def _send(box: Outbox, digest: Digest, found: Contents, now: datetime, posts: Posts) -> None:
    if not digests.settle(digest, DigestState.SENT if found else DigestState.EMPTY, now, found.waiting) or not found:
        return
    try:
        box.send(letter(digest, found, posts))
    except LetterRefusedError as refusal:
        log.warning("the digest for person %s was refused: %s", digest.person_id, refusal)
        if not refusal.lasting:
            digests.unsettle(digest, now, found.waiting)
    except ServerTroubleError:
        digests.unsettle(digest, now, found.waiting)
        raise


def _posts(form: str, best: Sequence[Post], discussed: Sequence[Post], language: str) -> str:
    """The part that is the same for everybody: it names no time."""
    hub = {"hub": settings.PUBLIC_URL, "accent": settings.BRAND_COLOUR}
    return render_to_string(f"email/_digest_posts.{form}", {**hub, "best": best, "discussed": discussed})


def letter(digest: Digest, found: Contents, posts: Posts = _posts) -> Letter:
    """The digest as a letter, in the reader's time zone."""
    away = unsubscribe_url(digest.person, DIGEST)
    language = get_language() or ""
    context = {
        "found": found,
        "posts_text": posts("txt", found.best, found.discussed, language),
        "posts_html": posts("html", found.best, found.discussed, language),
        "choices": reverse("notifications:preference-list"),
        "away": away,
    }
    subject, text, html = written("digest", context)
    key = f"digest {digest.person_id} {digest.until.isoformat()}"
    return Letter(digest.person.email, subject, text, html, key, (), DIGEST.value, away)
