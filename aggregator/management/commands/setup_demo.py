"""``manage.py setup_demo``: registers the demo's blogs, their people and their one restricted audience.

Owns the demo's rows in the database. What the company writes is in ``demo/``; this reads its plan and serves nothing.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone

from aggregator.models import Audience, Blog, Feed
from aggregator.registration import Preview, register
from bloghub.people.models import Person
from demo.company import Blog as DemoBlog, Company, load

_ADDRESS = re.compile(r"127\.0\.0\.1:\d{1,5}")


class Command(BaseCommand):
    help = (
        "Registers the demo's blogs and people on a hub that has no blog yet. On a hub with the demo it points the "
        "demo's feeds at the address given and makes them due; on a hub with other blogs only it does nothing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--address", default="", help="127.0.0.1:PORT (default: BLOGHUB_DEMO_ADDRESS)")

    def handle(self, *args: Any, **options: Any) -> None:
        address = options["address"] or settings.DEMO_ADDRESS
        if not _ADDRESS.fullmatch(address):
            raise CommandError(f"The demo is served on 127.0.0.1:PORT only, not on {address!r}.")
        self.stdout.write(set_up(load(), f"http://{address}"))


@transaction.atomic
def set_up(company: Company, address: str) -> str:
    """Makes the demo's rows, or renews them; says in one sentence what it did. All or nothing, safe to repeat.

    A demo blog that somebody has deleted stays deleted, as long as any blog is left.
    """
    if Blog.objects.exists():
        renewed = sum(_renew(blog, address) for blog in company.blogs.values())
        return f"{renewed} demo blogs are due." if renewed else "This hub has blogs of its own; the demo stays away."
    people = _people(company)
    groups = _groups(company, people)
    for blog in company.blogs.values():
        _register(blog, address, people, groups)
    return f"{len(company.blogs)} demo blogs and {len(people)} demo people are registered."


def _people(company: Company) -> dict[str, Person]:
    """The demo's people by username, without passwords. A colleague of that name who is real is left alone."""
    people = {}
    for one in company.people.values():
        person = Person.objects.filter(username__iexact=one.username).first() or Person.objects.create_user(
            one.username,
            f"{one.username}@{company.domain}",
            display_name=one.display_name,
            team=one.team,
            site=one.site,
            time_zone=one.time_zone,
            is_demo=True,
        )
        if person.is_demo:
            people[one.username] = person
    return people


def _groups(company: Company, people: dict[str, Person]) -> dict[str, Group]:
    groups = {}
    for planned in company.groups.values():
        groups[planned.slug], _created = Group.objects.get_or_create(name=planned.name)
        groups[planned.slug].user_set.add(*_known(planned.members, people))
    return groups


def _known(usernames: tuple[str, ...], people: dict[str, Person]) -> list[Person]:
    return [people[username] for username in usernames if username in people]


def _register(blog: DemoBlog, address: str, people: dict[str, Person], groups: dict[str, Group]) -> None:
    url, owners = address + blog.feed_path, _known(blog.owners, people)
    register(
        Preview(
            feed_url=url,
            addresses=(url,),
            format="",
            title=blog.title,
            homepage_url=address + blog.path,
            description=blog.description,
            language=blog.language,
            author_name=str(owners[0]) if len(owners) == 1 else "",
        ),
        owners=owners,
        audience=Audience.GROUPS if blog.audience else Audience.EVERYONE,
        groups=[groups[blog.audience]] if blog.audience else [],
    )


def _renew(blog: DemoBlog, address: str) -> int:
    """Points the blog's feed at ``address`` and makes it due; the number of feeds it found, 0 or 1."""
    known = Feed.objects.filter(
        url__endswith=blog.feed_path, url__startswith="http://127.0.0.1:", blog__title=blog.title
    )
    for feed in known.order_by("pk"):
        if urlsplit(feed.url).path == blog.feed_path:
            url = address + blog.feed_path
            if feed.url == url:
                Feed.objects.filter(pk=feed.pk).update(next_poll_at=timezone.now())
            else:
                feed.move_to(url, timezone.now())
            Blog.objects.filter(pk=feed.blog_id).update(homepage_url=address + blog.path)
            return 1
    return 0
