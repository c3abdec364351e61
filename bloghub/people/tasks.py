"""Celery's way in to people: what is done to them without anybody asking."""

from __future__ import annotations

from celery import shared_task

from bloghub.people.sessions import SessionStore


@shared_task
def remove_ended_sessions() -> None:
    """Forgets the sessions that nobody can use any more, which would otherwise be kept for ever."""
    SessionStore.clear_expired()
