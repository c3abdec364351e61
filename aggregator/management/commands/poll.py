"""``manage.py poll``: polls feeds in this process, now, and says what each visit brought."""

from __future__ import annotations

import sys
from datetime import UTC
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from aggregator.management.commands.add_blog import sentence_of
from aggregator.models import Feed, Host, MoveState
from aggregator.models.feed import POLLED_STATES, FeedQuerySet
from aggregator.polling.moving import SIGHTINGS, Move
from aggregator.polling.poll import PollOutcome, poll_now


class Command(BaseCommand):
    help = (
        "Polls feeds in this process, without Celery. Feeds that a worker holds are left alone. "
        "Exit code 0: all went well, 1: some did not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        which = parser.add_mutually_exclusive_group(required=True)
        which.add_argument("--feed", type=int, nargs="+", metavar="ID", help="these, whatever their state")
        which.add_argument("--due", action="store_true", help="those whose time has come")
        which.add_argument("--all", action="store_true", help="all but paused, quarantined and gone ones")

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = dict(_chosen(options).order_by("pk").values_list("pk", "url"))
        unknown = [pk for pk in options["feed"] or [] if pk not in wanted]
        failed = len(unknown)
        if not wanted and not unknown:
            self.stdout.write("nothing is due" if options["due"] else "there is no feed to poll")
        if options["due"]:
            self._tell_of_hosts()
        for outcome in poll_now(Feed.objects.filter(pk__in=wanted)):
            wanted.pop(outcome.feed_id, None)
            failed += outcome.trouble is not None
            self.stdout.write(f"{line_of(outcome)} {outcome.url}")
        for pk in unknown:
            self.stdout.write(f"there is no feed {pk}")
        self._tell_of_the_rest(wanted)
        if failed:
            sys.exit(1)

    def _tell_of_the_rest(self, wanted: dict[int, str]) -> None:
        """Feeds without an outcome: their server began to refuse meanwhile, or a worker holds them."""
        slow = Host.objects.filter(slow_until__gt=timezone.now()).values("name")
        alone = set(Feed.objects.filter(pk__in=wanted, host__in=slow).values_list("pk", flat=True))
        for pk, url in wanted.items():
            why = (
                "its server is left alone, since it refused several feeds"
                if pk in alone
                else "a worker has it just now"
            )
            self.stdout.write(f"{why} {url}")

    def _tell_of_hosts(self) -> None:
        for host in Host.objects.filter(slow_until__gt=timezone.now()).order_by("name"):
            until = host.slow_until and host.slow_until.astimezone(UTC)
            self.stdout.write(f"left alone until {until:%H:%M} UTC, since it refused several feeds: {host}")


def _chosen(options: dict[str, Any]) -> FeedQuerySet:
    if options["feed"]:
        return Feed.objects.filter(pk__in=options["feed"])
    return Feed.objects.due(timezone.now()) if options["due"] else Feed.objects.filter(state__in=POLLED_STATES)


def line_of(outcome: PollOutcome) -> str:
    """“ok 12 new, 1 changed”, “unchanged”, or why it brought nothing; then what becomes of the feed, if anything."""
    if outcome.refused:
        return "given up: somebody else took or paused it meanwhile"
    if outcome.trouble is not None:
        return f"failed: {sentence_of(outcome.trouble)}{_BECOMES.get(outcome.state, '')}"
    brought = "unchanged" if outcome.unchanged else f"ok {outcome.created} new, {outcome.updated} changed"
    return brought + (moved(outcome.move) if outcome.move is not None and outcome.move.url else "")


_BECOMES = {
    "resting": " It rests: tried once a day until it answers.",
    "gone": " It is gone: not polled again until it is resumed.",
    "quarantined": " It is quarantined: not polled again until it is resumed.",
    "paused": " It stays paused.",
}


def moved(move: Move) -> str:
    """What becomes of an address that has changed."""
    if move.is_followed:
        return f", polled at {move.url} from now on, instead of"
    if move.waits:
        return f", says it has moved to {move.url} (an admin decides) from"
    if move.state == MoveState.STAYS:
        return f", says it has moved to {move.url} (not followed) from"
    return f", says it has moved to {move.url} (seen {move.times} of {SIGHTINGS} times) from"
