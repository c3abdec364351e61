"""What beat starts, and how often. Two beats do no harm: the work is claimed in PostgreSQL."""

from __future__ import annotations

from typing import Any

from celery.schedules import crontab
from django.conf import settings

CLAIM_EVERY = 10.0  # s; how late a due feed may be noticed
DEMO_EVERY = 60.0  # s; a newcomer should see the demo's next post soon after it appears
MAIL_EVERY = 30.0  # s; mails wait ten minutes anyhow
DAY = 86_400.0  # s

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "claim-due-feeds": {
        "task": "aggregator.tasks.claim_due_feeds",
        "schedule": CLAIM_EVERY,
        "options": {"expires": CLAIM_EVERY},  # ticks missed while the workers were away are not made up for
    },
    "deliver-due-mails": {
        "task": "bloghub.notifications.tasks.deliver_due_mails",
        "schedule": MAIL_EVERY,
        "options": {"expires": MAIL_EVERY},
    },
    "remove-ended-sessions": {
        "task": "bloghub.people.tasks.remove_ended_sessions",
        "schedule": crontab(
            hour="3", minute="20"
        ),  # not "every 24 hours": a beat that is restarted daily would never come to it
        "options": {"expires": DAY},
    },
}

if settings.DEMO_ADDRESS:
    BEAT_SCHEDULE["hurry-demo-feeds"] = {
        "task": "aggregator.tasks.hurry_demo_feeds",
        "schedule": DEMO_EVERY,
        "options": {"expires": DEMO_EVERY},
    }
