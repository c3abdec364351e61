"""``manage.py import_people FILE.csv``: the shell's way into bloghub.people.directory."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from bloghub.people import directory

UNUSABLE = 2  # exit code for a file that cannot be read at all


class Command(BaseCommand):
    help = (
        "Creates and updates people from a CSV file with the columns username, email, display_name, team, site, "
        "time_zone and groups (the last five may be missing). Passwords and rights are never touched. Who was "
        "deactivated by it and is in the file again is reactivated; whom an admin switched off is named and stays off. "
        "Exit code 0: all rows taken, 1: some refused, 2: file unusable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the CSV file; - reads standard input")
        parser.add_argument(
            "--deactivate-missing",
            action="store_true",
            help="deactivate everybody whom the file does not name (never superusers)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            document = sys.stdin.buffer.read() if options["file"] == "-" else Path(options["file"]).read_bytes()
            rows = directory.read(document)
            outcomes = directory.apply(rows, deactivate_missing=options["deactivate_missing"])
        except OSError as error:
            raise CommandError(f"{options['file']}: {error.strerror}.", returncode=UNUSABLE) from None
        except directory.UnreadableError as error:
            raise CommandError(f"{options['file']}: {error}", returncode=UNUSABLE) from None
        for outcome in outcomes:
            self._tell(outcome)
        counts = Counter(outcome.what for outcome in outcomes)
        self.stdout.write(", ".join(f"{number} {what}" for what, number in counts.items()) or "no rows")
        if counts["refused"]:
            sys.exit(1)

    def _tell(self, outcome: directory.Outcome) -> None:
        where = f"line {outcome.line}: " if outcome.line else ""
        why = f": {outcome.why}" if outcome.why else ""
        stream = self.stderr if outcome.what == "refused" else self.stdout
        stream.write(f"{where}{outcome.what} {outcome.username!r}{why}")
