"""What ``make test`` runs last: finds a Chromium for the browser tests, then becomes pytest.

BLOGHUB_CHROMIUM names the program; otherwise one of the machine's, otherwise Playwright's own, downloaded once. Without
any the browser tests are skipped, loudly; where CI=true that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import sync_playwright

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def installed() -> str:
    """The Chromium that is there, or nothing."""
    named = os.environ.get("BLOGHUB_CHROMIUM", "")
    if named:
        return shutil.which(named) or ""
    return next((found for name in _NAMES if (found := shutil.which(name))), "") or playwrights_own()


def playwrights_own() -> str:
    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if Path(path).exists() else ""


def download() -> str:
    """Playwright's Chromium; nothing when it cannot be had, and says why."""
    command = [sys.executable, "-m", "playwright", "install", "chromium"]
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        print(done.stdout.strip().splitlines()[-1:], file=sys.stderr)
    return playwrights_own()


def main() -> int:
    chromium = installed() or download()
    if chromium:
        os.environ["BLOGHUB_CHROMIUM"] = chromium
    else:
        os.environ.pop("BLOGHUB_CHROMIUM", None)
        print("\n*** THE BROWSER TESTS ARE NOT RUN: there is no Chromium and none could be installed.", file=sys.stderr)
        print("*** Install chromium, or name one in BLOGHUB_CHROMIUM.\n", file=sys.stderr, flush=True)
        if os.environ.get("CI", "").lower() == "true":
            return 1
    # The tests start dozens of processes: without bytecode each of them would compile the hub anew
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    # All of them: on both cores, and a third time because many of them wait for a browser or another process
    arguments = sys.argv[1:] or ["-n", "3", "--dist", "worksteal"]
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


if __name__ == "__main__":
    sys.exit(main())
