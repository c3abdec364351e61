"""``manage.py render_comments``: renders the comments that were stored before an upgrade changed how they look."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from comments.renewing import comments_to_render, render_comments


class Command(BaseCommand):
    help = (
        "Renders stored comments again by the present rules, those that an older version of them made. "
        "May be stopped at any time and started again, beside a running hub. Exit code 0: done, 130: stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every comment, whatever version rendered it")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="only comments beyond this id")

    def handle(self, *args: Any, **options: Any) -> None:
        everything, last_id = options["all"], options["after"]
        total, done, changed = comments_to_render(everything=everything, after=last_id).count(), 0, 0
        try:
            for batch in render_comments(everything=everything, after=last_id):
                done, changed, last_id = done + batch.comments, changed + batch.changed, batch.last_id
                self.stdout.write(f"{done} of {total} comments, {changed} changed, up to comment {last_id}")
        except KeyboardInterrupt:
            words = f"--all --after {last_id}" if everything else ""
            self.stdout.write(f"stopped; what is done is kept. To go on: manage.py render_comments {words}".rstrip())
            sys.exit(130)
        self.stdout.write(f"done: {done} comments rendered, {changed} changed")
