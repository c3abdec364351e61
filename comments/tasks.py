"""Celery's way in: one domain call each, safe to run twice."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from comments import claim_letters, demo_talk, notifying


@shared_task
def tell_of_new_comments() -> None:
    """Tells those concerned of every comment that nobody was told of yet."""
    notifying.tell_of_new_comments(timezone.now())


@shared_task
def send_invitations() -> None:
    """Invites bloggers whom the hub knows by a mail address only to claim their blogs."""
    claim_letters.send_invitations(timezone.now())


@shared_task
def talk_in_demo() -> None:
    """Lets the demo's colleagues say what they have to say by now; scheduled only where the demo runs."""
    demo_talk.talk(timezone.now())
