"""What beat starts, and how often. Two beats do no harm: the work is claimed in PostgreSQL."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab
from django.conf import settings

DAY = 86_400.0  # s


def _every(seconds: float, task: str, queue: str = "celery") -> dict[str, Any]:
    """Ticks missed while the workers were away are not made up for."""
    return {"task": task, "schedule": seconds, "options": {"expires": seconds, "queue": queue}}


def _nightly(minute: int, task: str) -> dict[str, Any]:
    """After three o'clock, not "every 24 hours": a beat that is restarted daily would never come to it."""
    return {"task": task, "schedule": crontab(hour="3", minute=str(minute)), "options": {"expires": DAY}}


BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "claim-due-feeds": _every(10.0, "aggregator.tasks.claim_due_feeds"),  # how late a due feed may be noticed
    "set-clock-right": _every(60.0, "aggregator.tasks.set_clock_right"),  # nothing to do but after a step back
    # A page sends it at once: this is for pushes that had to wait a minute, or for a poll's end
    "answer-pushes": _every(5.0, "aggregator.tasks.answer_pushes", queue="push"),
    "ask-hubs": _every(60.0, "aggregator.tasks.ask_hubs"),
    # Told within five seconds, by a process that does nothing else: polls and digests keep the workers for minutes
    "tell-of-new-comments": _every(2.0, "comments.tasks.tell_of_new_comments", queue="people"),
    "tell-of-matches": _every(5.0, "aggregator.tasks.tell_of_matches", queue="people"),
    "deliver-due-mails": _every(30.0, "bloghub.notifications.tasks.deliver_due_mails"),  # they wait ten minutes anyhow
    "send-invitations": _every(60.0, "comments.tasks.send_invitations"),
    "plan-digests": _every(300.0, "aggregator.tasks.plan_digests"),
    "send-digests": _every(60.0, "aggregator.tasks.send_digests"),
    "continue-imports": _every(5.0, "aggregator.tasks.continue_imports"),  # an admin looks on
    "look-at-suggestions": _every(10.0, "aggregator.tasks.look_at_suggestions"),
    "count-words": _every(10.0, "aggregator.tasks.count_words"),  # new ones are offered for misspelt ones
    "catch-up-with-search": _every(60.0, "aggregator.tasks.catch_up_with_search"),
    "tell-owners-of-feeds": _every(300.0, "aggregator.tasks.tell_owners_of_feeds"),  # of a day's trouble
    "tell-admins-of-feeds": _every(3600.0, "aggregator.tasks.tell_admins_of_feeds"),  # on Mondays, once
    "renew-saved-searches": _nightly(10, "aggregator.tasks.renew_saved_searches"),  # a name may be another's by now
    "remove-ended-sessions": _nightly(20, "bloghub.people.tasks.remove_ended_sessions"),
    "forget-old-notifications": _nightly(30, "bloghub.notifications.tasks.forget_old_notifications"),
    "forget-old-digests": _nightly(40, "aggregator.tasks.forget_old_digests"),
    "forget-old-poll-hours": _nightly(50, "aggregator.tasks.forget_old_poll_hours"),
}

if settings.DEMO_ADDRESS:
    # A newcomer should see the demo's next post soon after it appears
    BEAT_SCHEDULE["hurry-demo-feeds"] = _every(60.0, "aggregator.tasks.hurry_demo_feeds")
    BEAT_SCHEDULE["talk-in-demo"] = _every(20.0, "comments.tasks.talk_in_demo")
