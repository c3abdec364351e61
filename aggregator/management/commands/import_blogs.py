"""``manage.py import_blogs FILE``: looks behind every address of a list, and registers what is there."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from aggregator.importing import working
from aggregator.importing.reading import FORMATS, ListError, Row, read_list
from aggregator.importing.starting import digest_of, start
from aggregator.importing.words import outcome_words
from aggregator.models import BlogImport, ImportRow, RowState
from aggregator.models.blog_import import PENDING

UNUSABLE, STOPPED = 2, 130  # exit codes: for a file that cannot be read at all, and for Ctrl-C
BAR = 30  # characters


class Command(BaseCommand):
    help = (
        "Looks behind every address of a list and registers what is there: OPML, a Planet's config.ini, CSV, or one "
        "address a line (lines that begin with # do not count). May be stopped at any time, and run again to go on. "
        "Exit code 0: all are registered now (or can be, with --dry-run), 1: some are not, 2: the file is unusable, "
        "130: stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", help="the list; - reads standard input")
        parser.add_argument("--format", choices=FORMATS, default="", help="of the list, else it is found out")
        parser.add_argument("--dry-run", action="store_true", help="look, but register nothing")

    def handle(self, *args: Any, **options: Any) -> None:
        document = _read(options["file"])
        try:
            rows = read_list(document, options["format"])
        except ListError as error:
            raise CommandError(f"{options['file']}: {error}", returncode=UNUSABLE) from None
        is_dry = options["dry_run"]
        blog_import = self._import(rows, options["file"], digest_of(document, options["format"]), is_dry)
        try:
            self._work(blog_import, is_dry)
        except KeyboardInterrupt:
            self._bar("")
            self.stdout.write("stopped; what is done is kept. To go on, run the same command again.")
            sys.exit(STOPPED)
        failed = blog_import.rows.filter(state=RowState.FAILED).exists()
        if not is_dry:
            blog_import.delete()  # everything has been told, and the blogs are registered
        if failed:
            sys.exit(1)

    def _import(self, rows: list[Row], name: str, digest: str, is_dry: bool) -> BlogImport:
        """The one that was stopped, or whose dry run is over, if there is one; else a new one."""
        earlier = BlogImport.objects.filter(digest=digest, is_running=False)
        found = earlier.order_by("-pk").first()
        if found is not None and (not is_dry or found.rows.pending().exists()):
            done = found.rows.exclude(state=RowState.WAITS).count()
            self.stdout.write(f"going on: {done} of {len(rows)} were looked at before")
            if not found.rows.pending().exists():  # what could not be reached in the dry run, perhaps can be now
                found.rows.filter(state=RowState.FAILED).update(state=RowState.WAITS, outcome="")
            return found
        earlier.delete()
        return start(rows, Path(name).name, digest=digest, is_running=False)

    def _work(self, blog_import: BlogImport, is_dry: bool) -> None:
        """Slice by slice. Lines are told in the order of the list; gone on with, it begins from the first again."""
        told = 0
        while True:
            if not is_dry:
                blog_import.choose_ready()
            taken = working.take(blog_import.pk, timezone.now(), is_running=False)
            if taken is not None:
                with closing(working.settle(taken)) as settled:
                    for _rows in settled:
                        self._show_progress(blog_import)
            told = self._tell(blog_import, told, is_dry)
            if taken is None:
                break
        if blog_import.rows.pending().exists():
            # A command that was killed, not stopped, holds its rows until their lease is over
            raise CommandError("Somebody else is at this list, or was three minutes ago. Try again then.")

    def _tell(self, blog_import: BlogImport, after: int, is_dry: bool) -> int:
        """A line for every row after this position, up to the first that is not settled; gives the last one's."""
        self._bar("")
        rows = blog_import.rows.filter(position__gt=after).select_related("blog", "same_as__blog")
        for row in rows.order_by("position").iterator(chunk_size=500):
            if row.state in PENDING or (row.state == RowState.READY and not is_dry):
                break
            self.stdout.write(f"line {row.line}: {_words(row)} {row.address}".rstrip())
            after = row.position
        return after

    def _show_progress(self, blog_import: BlogImport) -> None:
        counts = blog_import.counts()
        total, waits = sum(counts.values()), counts[RowState.WAITS]
        filled = BAR * (total - waits) // max(1, total)
        told = ", ".join(f"{counts[state]} {state}" for state in (RowState.REGISTERED, RowState.FAILED))
        self._bar(f"[{'#' * filled}{'.' * (BAR - filled)}] {total - waits} of {total} looked at, {told}")

    def _bar(self, words: str) -> None:
        """One line that is written over, in a terminal only."""
        if self.stdout.isatty():
            self.stdout.write(f"\r\033[K{words}", ending="")
            self.stdout.flush()


def _words(row: ImportRow) -> str:
    title = repr(row.blog.title) if row.blog else ""
    known = f"known already: {title}"
    words = {
        RowState.REGISTERED: f"registered: {title}",
        RowState.KNOWN: known,
        RowState.FAILED: f"failed: {row.outcome}",
        RowState.READY: f"can be registered: {outcome_words(row)}",
        RowState.DOUBLE: known if row.blog else f"twice: {outcome_words(row)}",
    }
    return words[RowState(row.state)]


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise CommandError(f"{name}: {error.strerror}.", returncode=UNUSABLE) from None
