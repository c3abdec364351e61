"""``manage.py clean_posts``: cleans the posts that were stored before an upgrade changed what may pass the gate."""

from __future__ import annotations

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from aggregator.cleaning import clean_posts, posts_to_clean


class Command(BaseCommand):
    help = (
        "Cleans stored posts again by the present rules, those that an older version of them let in. "
        "May be stopped at any time and started again, beside a running hub. Exit code 0: done, 130: stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--all", action="store_true", help="every post, whatever version cleaned it")
        parser.add_argument("--after", type=int, default=0, metavar="ID", help="only posts beyond this id")

    def handle(self, *args: Any, **options: Any) -> None:
        everything, last_id = options["all"], options["after"]
        total, done, changed = posts_to_clean(everything=everything, after=last_id).count(), 0, 0
        try:
            for batch in clean_posts(everything=everything, after=last_id):
                done, changed, last_id = done + batch.posts, changed + batch.changed, batch.last_id
                self.stdout.write(f"{done} of {total} posts, {changed} changed, up to post {last_id}")
        except KeyboardInterrupt:
            words = f"--all --after {last_id}" if everything else ""
            self.stdout.write(f"stopped; what is done is kept. To go on: manage.py clean_posts {words}".rstrip())
            sys.exit(130)
        self.stdout.write(f"done: {done} posts cleaned, {changed} changed")
