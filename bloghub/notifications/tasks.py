"""Celery's way in to notifications: safe to run twice, and by two workers at once."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from bloghub.notifications.delivery import deliver_due
from bloghub.notifications.forgetting import forget


@shared_task
def deliver_due_mails() -> None:
    """Sends the mails whose ten minutes, or whose reader's quiet hours, are over."""
    deliver_due()


@shared_task
def forget_old_notifications() -> None:
    """Removes what was read, or told and never read, long ago."""
    forget(timezone.now())
