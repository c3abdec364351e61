#!/usr/bin/env python
"""Django's commands. Without DATABASE_URL, those that need the database start the embedded servers, or join them."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import execute_from_command_line

from bloghub import embedded
from bloghub.remembered import recall

_REPOSITORY = Path(__file__).resolve().parent

_WITHOUT_DATABASE = {
    "collectstatic",
    "compilemessages",
    "diffsettings",
    "findstatic",
    "help",
    "makemessages",
    "startapp",
    "startproject",
    "version",
}


def needs_database(words: list[str]) -> bool:
    """Whether the command of this command line, without the program's name, talks to the database."""
    if not words or words[0].startswith("-") or {"--help", "-h"} & set(words):
        return False
    if words[0] == "check":
        return any(word.startswith("--database") for word in words)
    return words[0] not in _WITHOUT_DATABASE


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bloghub.settings")
    if not os.environ.get("DATABASE_URL"):
        for name, value in recall(Path(os.environ.get("BLOGHUB_DATA_DIR") or _REPOSITORY / "var")).items():
            os.environ.setdefault(name, value)
    try:
        if needs_database(sys.argv[1:]) and settings.EMBEDDED:
            embedded.use(settings.DATA_DIR)
    except (embedded.EmbeddedError, ImproperlyConfigured) as error:
        print(error, file=sys.stderr)
        return 1
    execute_from_command_line(sys.argv)
    return 0


if __name__ == "__main__":
    sys.exit(main())
