"""What has to be done before a hub on this machine serves: migrations, static files, the demo's rows.

``python -m bloghub.prepare`` does all of it in one process, as loading Django is the greater part of each step, and
prints how to sign in. The supervisor runs it; a hub in containers has its image and its ``migrate`` service for this.
"""

from __future__ import annotations

import hashlib
import os
import sys
from io import StringIO
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bloghub.settings")
    try:
        django.setup()
        call_command("migrate", interactive=False, verbosity=0)
        collect_static(settings.DATA_DIR / "static.stamp")
        if settings.DEMO and settings.DEMO_ADDRESS:
            call_command("setup_demo", stdout=StringIO())
        call_command("signin_hint")
    except (CommandError, ImproperlyConfigured, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def collect_static(stamp: Path) -> None:
    """Only when a file of ours or the set of installed packages has changed since the last time."""
    now = static_mark(settings.BASE_DIR)
    if stamp.exists() and stamp.read_text() == now and settings.STATIC_ROOT.is_dir():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(now)


def static_mark(root: Path) -> str:
    """Changes when a file in static/ or requirements.txt does."""
    mark = hashlib.sha256((root / "requirements.txt").read_bytes())
    for path in sorted((root / "static").rglob("*")):
        found = path.stat()
        mark.update(f"{path.relative_to(root)} {found.st_size} {found.st_mtime_ns}\n".encode())
    return mark.hexdigest()


if __name__ == "__main__":
    sys.exit(main())
