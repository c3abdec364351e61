"""What beat starts, and how often. Two beats do no harm: the work is claimed in PostgreSQL."""

from __future__ import annotations

from typing import Any

CLAIM_EVERY = 10.0  # s; how late a due feed may be noticed

BEAT_SCHEDULE: dict[str, dict[str, Any]] = {
    "claim-due-feeds": {
        "task": "aggregator.tasks.claim_due_feeds",
        "schedule": CLAIM_EVERY,
        "options": {"expires": CLAIM_EVERY},  # ticks missed while the workers were away are not made up for
    },
}
