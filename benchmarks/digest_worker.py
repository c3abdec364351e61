"""``python -m benchmarks.digest_worker MOMENT``: sends the digests that are due at that moment until none is left.

A process of its own, so that its memory can be read and it can be killed. What it does is what the hub's task does.
"""

from __future__ import annotations

import sys
from datetime import datetime

import django


def main(moment: datetime) -> None:
    django.setup()
    from aggregator.digest_letters import deliver  # noqa: PLC0415 - models want the settings

    while deliver(moment):
        pass


if __name__ == "__main__":
    main(datetime.fromisoformat(sys.argv[1]))
