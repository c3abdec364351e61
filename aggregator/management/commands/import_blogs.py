"""``manage.py import_blogs FILE``: registers the blogs of a list, one address a line."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator.management.commands.add_blog import sentence_of
from aggregator.polling.types import Trouble
from aggregator.registration import Preview, previews, register

UNUSABLE = 2  # exit code for a file that cannot be read at all
MAX_ADDRESS = 4096  # characters of a line; beyond that it is not a list of addresses


class Command(BaseCommand):
    help = (
        "Registers every blog of a list, one address a line; lines that begin with # do not count. "
        "Exit code 0: all are registered now, 1: some are not, 2: the file is unusable."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the list; - reads standard input")

    def handle(self, *args: Any, **options: Any) -> None:
        lines = _addresses(options["file"])
        failed = 0
        outcomes = previews([address for _number, address in lines])
        for (number, address), found in zip(lines, outcomes, strict=True):
            failed += isinstance(found, Trouble)
            self.stdout.write(f"line {number}: {_outcome(found)} {address}")
        if failed:
            sys.exit(1)


def _outcome(found: Preview | Trouble) -> str:
    """Registers what was found, and says so in a few words."""
    if isinstance(found, Trouble):
        return f"failed: {sentence_of(found)}"
    known = found.known_blog()
    if known is not None:
        return f"known already: {known.title!r}"
    return f"registered: {register(found).title!r}"


def _addresses(name: str) -> list[tuple[int, str]]:
    """Line numbers and addresses. Raises CommandError when this is no list of addresses."""
    try:
        document = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
        text = document.decode("utf-8-sig")
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.", returncode=UNUSABLE) from None
    except UnicodeDecodeError:
        raise CommandError(f"{name}: this is not a text file in UTF-8.", returncode=UNUSABLE) from None
    rows = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
    rows = [(number, line) for number, line in rows if line and not line.startswith("#")]
    if "\0" in text or any(len(line) > MAX_ADDRESS for _number, line in rows):
        raise CommandError(f"{name}: this is not a list of addresses.", returncode=UNUSABLE)
    return rows
