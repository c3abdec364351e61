"""Starts the real PostgreSQL and Redis-protocol server before Django reads its settings (a pytest plugin: ``-p``).

They live in ``var/tests`` (``BLOGHUB_TEST_DATA_DIR`` elsewhere), without fsync, and are joined, not shared, by runs at
the same time: each pytest-xdist worker has a database of its own there.
"""

from __future__ import annotations

import os
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
DATA_DIR = Path(os.environ.get("BLOGHUB_TEST_DATA_DIR") or _ROOT / "var" / "tests")

for name in [name for name in os.environ if name.startswith("BLOGHUB_")]:
    if name not in {
        "BLOGHUB_CORPUS",
        "BLOGHUB_CHROMIUM",
        "BLOGHUB_TEST_DATA_DIR",
        "BLOGHUB_TEST_NETNS",
        "BLOGHUB_SOAK",
    }:
        del os.environ[name]  # what the developer's shell configures is not under test
os.environ.pop("DATABASE_URL", None)
os.environ.pop("REDIS_URL", None)
os.environ["BLOGHUB_DATA_DIR"] = str(DATA_DIR)
os.environ["BLOGHUB_EMBEDDED_FSYNC"] = "off"
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"  # Playwright's sync API keeps a loop running in the test's thread

from bloghub import embedded  # noqa: E402 - it reads what was set above

servers = embedded.use(DATA_DIR)
(DATA_DIR / "static").mkdir(exist_ok=True)  # whitenoise warns when it is absent
