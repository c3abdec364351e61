"""``manage.py index_search``: makes findable what an older version stored, and counts its words."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from aggregator.search.kinds import kinds
from aggregator.search.renewing import Progress, Start, renew, to_renew
from aggregator.search.vocabulary import count_anew


class Command(BaseCommand):
    help = (
        "Writes the rows of search anew that an older version wrote, or none, and counts the words search knows. "
        "The hub does that by itself after an upgrade; this does it at once, and with --all after a repair by hand. "
        "May be stopped at any time and started again, beside a running hub. Exit code 0: done, 130: stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every post and comment, whatever version its row has")
        parser.add_argument(
            "--after", default="", metavar="KIND:ID", help="go on after this one, for example posts:1200"
        )
        parser.add_argument("--words", action="store_true", help="only count the words anew")

    def handle(self, *args: Any, **options: Any) -> None:
        everything, start = options["all"], _start(options["after"])
        last: Progress | None = None
        try:
            for progress in () if options["words"] else self._renew(everything, start):
                last = progress
            self._count()
        except KeyboardInterrupt:
            words = f"--all --after {last.kind.name}:{last.last_id}" if everything and last else ""
            self.stdout.write(f"stopped; what is done is kept. To go on: manage.py index_search {words}".rstrip())
            sys.exit(130)

    def _renew(self, everything: bool, start: Start) -> Iterator[Progress]:
        total = {kind.code: kind.missing(after, everything) for kind, after in to_renew(start)}
        done = dict.fromkeys(total, 0)
        for progress in renew(everything=everything, start=start):
            kind = progress.kind
            done[kind.code] += progress.rows
            self.stdout.write(f"{done[kind.code]} of {total[kind.code]} {kind.name}, up to {progress.last_id}")
            yield progress
        said = ", ".join(f"{done[kind.code]} {kind.name}" for kind, _after in to_renew(start))
        self.stdout.write(f"done: {said}")

    def _count(self) -> None:
        rows = 0
        for rows in count_anew():
            self.stdout.write(f"the words of {rows} rows counted")
        self.stdout.write(f"done: the words of {rows} rows")


def _start(words: str) -> Start:
    if not words:
        return Start()
    name, _colon, number = words.partition(":")
    if name not in {kind.name for kind in kinds()} or not number.isdecimal():
        raise CommandError(f"--after wants {' or '.join(kind.name for kind in kinds())}, a colon and an id.")
    return Start(name, int(number))
