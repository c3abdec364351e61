"""``manage.py add_blog URL``: registers one blog from the shell, as the admin page does."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db.models import Q

from aggregator.models import Audience
from aggregator.polling.types import Trouble
from aggregator.registration import preview, register
from bloghub.people.models import Person


class Command(BaseCommand):
    help = (
        "Registers the blog behind an address: its feed's or its homepage's. The fetch policy applies. "
        "Exit code 0: registered, or known already; 1: not."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("address", metavar="URL", help="the address of the blog's feed or of its homepage")
        parser.add_argument("--title", default="", help="instead of the feed's own")
        parser.add_argument(
            "--owner",
            action="append",
            default=[],
            metavar="USERNAME|MAIL",
            help="whose blog it is; may be given more than once",
        )
        parser.add_argument(
            "--audience",
            action="append",
            default=[],
            metavar="GROUP",
            help="only this group may see it; may be given more than once (without it: everyone)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        owners = [_person(name) for name in options["owner"]]
        groups = _groups(options["audience"])
        found = preview(options["address"])
        if isinstance(found, Trouble):
            raise CommandError(sentence_of(found))
        known = found.known_blog()
        if known is not None:
            self.stdout.write(f"known already: {known.title!r} {found.feed_url}")
            return
        blog = register(
            found,
            title=options["title"],
            owners=owners,
            audience=Audience.GROUPS if groups else Audience.EVERYONE,
            groups=groups,
        )
        posts = f"{found.post_count} posts" if found.post_count != 1 else "1 post"
        self.stdout.write(f"registered: {blog.title!r} ({found.format_name}, {posts}) {found.feed_url}")


def _person(name: str) -> Person:
    """By user name without case, or by mail when only one person has it."""
    people = list(Person.objects.filter(Q(username__iexact=name) | Q(email__iexact=name))[:2])
    by_name = [person for person in people if person.username.lower() == name.lower()]
    match by_name or people:
        case [person]:
            return person
        case []:
            raise CommandError(f"There is nobody called {name!r}.")
    raise CommandError(f"More than one person has the mail address {name!r}: give a user name.")


def _groups(names: Iterable[str]) -> list[Group]:
    """Only groups that exist: a slip of the pen must not hide a blog from everybody."""
    known = {group.name: group for group in Group.objects.filter(name__in=list(names))}
    missing = [name for name in names if name not in known]
    if missing:
        raise CommandError(f"There is no group called {missing[0]!r}.")
    return list(known.values())


def sentence_of(trouble: Trouble) -> str:
    """A trouble on one line, with what an operator can do about it."""
    return f"{trouble.reason} ({trouble.hint})" if trouble.hint else trouble.reason
