"""Celery's way in to delivery: safe to run twice, and by two workers at once."""

from __future__ import annotations

from celery import shared_task

from bloghub.notifications.delivery import deliver_due


@shared_task
def deliver_due_mails() -> None:
    """Sends the mails whose ten minutes, or whose reader's quiet hours, are over."""
    deliver_due()
