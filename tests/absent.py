"""What a machine may lack, and what that means for the tests that need it: nothing is left out in silence.

Where CI=true an absence that can be cured fails; everywhere else, and for what a machine truly cannot give, the tests
are skipped, and the end of the run says so in capitals.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable
from typing import Any, NoReturn

import pytest

CI = os.environ.get("CI", "").lower() == "true"
MARK = "ABSENT"


def stop(what: str, *, curable: bool = True) -> NoReturn:
    """Ends a test that cannot run without ``what``; ``curable``: CI could have it, so there it fails."""
    if CI and curable:
        pytest.fail(f"{MARK}, and CI must have it: {what}", pytrace=False)
    pytest.skip(f"{MARK}: {what}")


def told(skipped: Iterable[Any]) -> list[str]:
    """A line for each absence among the reports of skipped tests, with how many tests it cost."""
    reasons = (report.longrepr[2] for report in skipped if isinstance(getattr(report, "longrepr", None), tuple))
    found = Counter(reason.partition(f"{MARK}: ")[2] for reason in reasons if f"{MARK}: " in reason)
    return [f"*** NOT RUN, {count} tests: {what}" for what, count in sorted(found.items())]
