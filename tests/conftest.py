"""The cast of the tests, and the settings that differ from a running hub."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone
from pytest_django import DjangoDbBlocker
from pytest_django.fixtures import Settings

from aggregator.models import Audience, Blog, Feed, Post
from bloghub.lib.html import SANITISER_VERSION
from bloghub.people.models import Person
from tests import absent, moulds
from tests.web import Web, serve

_numbers = count(1)


# Where the tests stand that take longest: begun first, by different processes, so that none is waited for at the end
LONG = (
    "tests/faults/",
    "tests/test_run.py",
    "tests/test_headers.py",
    "tests/walks/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """pytest-xdist gives each of its processes one stretch of the list to begin with."""
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    if workers == 1:
        return
    files: dict[str, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.nodeid.partition("::")[0], []).append(item)
    long = [found for name, found in files.items() if name.startswith(LONG)]
    rest = [item for name, found in files.items() if not name.startswith(LONG) for item in found]
    stretches = [[item for found in long[n::workers] for item in found] for n in range(workers)]
    for n, stretch in enumerate(stretches):
        left = workers - n
        size = (len(rest) + sum(map(len, stretches[n:]))) // left - len(stretch)
        stretch.extend(rest[: max(0, size)])
        del rest[: max(0, size)]
    items[:] = [item for stretch in stretches for item in stretch] + rest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Says at the end what the machine lacked, so that a green run is not taken for more than it was."""
    for line in absent.told(terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(line, red=True, bold=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    django_db_modify_db_settings_parallel_suffix: None, django_db_blocker: DjangoDbBlocker
) -> None:
    """Each process's database is a copy of one that was migrated before."""
    with django_db_blocker.unblock():
        connection.settings_dict["TEST"]["TEMPLATE"] = moulds.database()


@pytest.fixture(autouse=True)
def plain_static_files(settings: Settings) -> None:
    """No manifest is collected for tests: pages name the files as they lie in static/."""
    settings.STORAGES = {
        "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }


@pytest.fixture
def web(settings: Settings) -> Iterator[Web]:
    """A blog's server on loopback, which the fetch policy lets this test reach."""
    with serve({}) as server:
        settings.FETCH_ALLOW = server.address
        yield server


@pytest.fixture
def aino(db: None) -> Person:
    """A reader."""
    return Person.objects.create_user(
        "aino",
        "aino@example.com",
        display_name="Aino Lehtinen",
        team="Engine Lab",
        site="Vaasa",
        time_zone="Europe/Helsinki",
    )


@pytest.fixture
def bo(db: None) -> Person:
    """A blogger."""
    return Person.objects.create_user("bo", "bo@example.com", display_name="Bo Ekdahl", team="Sea Trials", site="Turku")


@pytest.fixture
def admin(db: None) -> Person:
    """An admin."""
    return Person.objects.create_superuser("root", "root@example.com", display_name="Rauha Admin")


@pytest.fixture
def crew(db: None) -> Group:
    """An audience: a group that some blogs are for."""
    return Group.objects.create(name="Crew")


@pytest.fixture
def make_blog(db: None) -> Callable[..., Blog]:
    """Registers a blog with one feed; ``for_groups`` restricts it, ``url`` is the feed's address."""

    def make(title: str = "", *, url: str = "", for_groups: tuple[Group, ...] = (), **columns: Any) -> Blog:
        number = next(_numbers)
        audience = Audience.GROUPS if for_groups else Audience.EVERYONE
        blog = Blog.objects.create(title=title or f"Blog {number}", slug=f"blog-{number}", audience=audience, **columns)
        blog.audience_groups.set(for_groups)
        url = url or f"https://blogs.example/{number}/feed"
        Feed.objects.create(blog=blog, url=url, host=url.split("/")[2])
        return blog

    return make


@pytest.fixture
def make_post(make_blog: Callable[..., Blog]) -> Callable[..., Post]:
    """Stores a post; ``ago`` says how long it has been out."""

    def make(blog: Blog | None = None, *, ago: timedelta = timedelta(hours=1), **columns: Any) -> Post:
        number = next(_numbers)
        blog = blog or make_blog()
        now: datetime = timezone.now()
        values = {
            "guid": f"guid-{number}",
            "permalink": f"https://blogs.example/{number}",
            "title": f"Post {number}",
            "content_html": f"<p>Words of post {number}.</p>",
            "excerpt": f"Words of post {number}.",
            "language": "en",
            "word_count": 4,
            "published_at": now - ago,
            "first_seen_at": now - ago,
            "content_hash": f"{number:032}",
            "sanitiser_version": SANITISER_VERSION,
        }
        return Post.objects.create(blog=blog, feed=blog.feeds.get(), **(values | columns))

    return make
