"""The demo's company as data: people, blogs and posts, read from company.toml and content/.

Owns the reading of those files and the arithmetic of dates relative to the demo's epoch. Formats and pages
are built from it elsewhere (feeds/, pages.py); nothing here knows an address, a clock or the hub.

A post is a file ``content/<blog>/<NNN>-<slug>.html``: a header of ``key: value`` lines, a line of three
dashes, then a well-formed fragment of HTML. Keys: ``title``, ``date`` (below), ``tags``, ``summary``,
``author`` (a username, default the blog's first owner), ``language``, ``audio`` (a sound of sound.py),
``edited`` (a date).
In the fragment ``post:BLOG/SLUG`` and ``image:BLOG/NAME.svg`` stand for addresses on the demo's server.

A date is one of
    ``12d 08:40``  twelve days before the epoch, at 8:40 on the author's own clock
    ``35m ago``    so many minutes before the epoch
    ``+6m``        so many minutes after it: held back until then
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

HERE = Path(__file__).resolve().parent
_DATE = re.compile(r"(?:(\d+)d (\d\d):(\d\d)|(\d+)m ago|\+(\d+)m)")
_FILE_NAME = re.compile(r"\d{3}-([a-z0-9-]+)")
_KEYS = frozenset({"title", "date", "tags", "summary", "author", "language", "audio", "edited"})
_REFERENCE = re.compile(r'"(post|image):([a-z0-9-]+)/([a-z0-9.-]+)"')


class ContentError(Exception):
    """A content file that cannot be read, with its name and what is wrong in it."""


@dataclass(frozen=True, slots=True)
class Person:
    """A colleague. ``time_zone`` is an IANA name."""

    username: str
    display_name: str
    team: str
    site: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class Group:
    """An audience: its name and the usernames in it."""

    slug: str
    name: str
    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Blog:
    """A blog and how its engine publishes it.

    ``feed`` is a path below the blog's, ``audience`` a group's slug.
    """

    slug: str
    title: str
    description: str
    language: str
    format: str
    feed: str
    generator: str
    owners: tuple[str, ...]
    hue: int
    audience: str = ""

    @property
    def path(self) -> str:
        return f"/{self.slug}/"

    @property
    def feed_path(self) -> str:
        return self.path + self.feed


@dataclass(frozen=True, slots=True)
class Post:
    """A post as written, its dates still words. ``body`` is HTML with ``post:`` and ``image:`` references."""

    blog: Blog
    slug: str
    title: str
    author: Person
    date: str
    body: str
    language: str
    tags: tuple[str, ...] = ()
    summary: str = ""
    audio: str = ""
    edited: str = ""

    @property
    def path(self) -> str:
        return f"{self.blog.path}{self.slug}/"

    @property
    def audio_path(self) -> str:
        return f"{self.blog.path}audio/{self.slug}.wav" if self.audio else ""

    def html(self, address: str) -> str:
        """The body with its references made addresses under ``address`` (empty: relative to the host)."""

        def resolve(match: re.Match[str]) -> str:
            kind, blog, name = match.groups()
            return f'"{address}/{blog}/{name}/"' if kind == "post" else f'"{address}/{blog}/images/{name}"'

        return _REFERENCE.sub(resolve, self.body)


@dataclass(frozen=True, slots=True)
class DatedPost:
    """A post with its dates fixed by an epoch, both aware."""

    post: Post
    published_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Company:
    """Everything the demo shows, keyed by username and slug."""

    name: str
    domain: str
    accent: str
    description: str
    people: dict[str, Person]
    groups: dict[str, Group]
    blogs: dict[str, Blog]
    posts: tuple[Post, ...]

    def dated(self, epoch: datetime) -> tuple[DatedPost, ...]:
        """All posts with their dates, newest first, those still held back included."""
        dated = [_with_dates(post, epoch) for post in self.posts]
        return tuple(sorted(dated, key=lambda item: item.published_at, reverse=True))

    @cached_property
    def references(self) -> frozenset[tuple[str, str, str]]:
        """Every (kind, blog, name) that a post's body points to."""
        return frozenset(found for post in self.posts for found in _REFERENCE.findall(post.body))


def load(folder: Path = HERE) -> Company:
    """Read the company below ``folder``. Raises ContentError naming the file that is wrong."""
    data = tomllib.loads((folder / "company.toml").read_text(encoding="utf-8"))
    people = {row["username"]: Person(**row) for row in data["people"]}
    groups = {slug: Group(slug, row["name"], tuple(row["members"])) for slug, row in data.get("groups", {}).items()}
    blogs = {row["slug"]: _blog(row) for row in data["blogs"]}
    posts = tuple(
        _read_post(path, blog, people)
        for blog in blogs.values()
        for path in sorted((folder / "content" / blog.slug).glob("*.html"))
    )
    return Company(**data["company"], people=people, groups=groups, blogs=blogs, posts=posts)


def _blog(row: dict[str, Any]) -> Blog:
    return Blog(**{**row, "owners": tuple(row["owners"])})


def _read_post(path: Path, blog: Blog, people: dict[str, Person]) -> Post:
    name = _FILE_NAME.fullmatch(path.stem)
    head, separator, body = path.read_text(encoding="utf-8").partition("\n---\n")
    if name is None or not separator:
        raise ContentError(f"{path}: needs a name like 001-a-slug.html, and a header closed by ---")
    header = _header(path, head)
    author = people.get(header.get("author", blog.owners[0]))
    if author is None:
        raise ContentError(f"{path}: nobody is called {header['author']}")
    return Post(
        blog=blog,
        slug=name[1],
        title=header["title"],
        author=author,
        date=header["date"],
        body=body.strip(),
        language=header.get("language", blog.language),
        tags=tuple(tag.strip() for tag in header.get("tags", "").split(",") if tag.strip()),
        summary=header.get("summary", ""),
        audio=header.get("audio", ""),
        edited=header.get("edited", ""),
    )


def _header(path: Path, head: str) -> dict[str, str]:
    header = {}
    for line in head.splitlines():
        key, separator, value = line.partition(": ")
        if not separator or key not in _KEYS:
            raise ContentError(f"{path}: cannot read the line {line!r}")
        header[key] = value.strip()
    if not {"title", "date"} <= header.keys():
        raise ContentError(f"{path}: a post needs a title and a date")
    return header


def _with_dates(post: Post, epoch: datetime) -> DatedPost:
    published_at = date_from(post.date, post.author, epoch)
    updated_at = date_from(post.edited, post.author, epoch) if post.edited else published_at
    return DatedPost(post, published_at, updated_at)


def date_from(words: str, author: Person, epoch: datetime) -> datetime:
    """The moment that ``words`` name, aware, in the author's time zone. Raises ContentError."""
    match = _DATE.fullmatch(words)
    if match is None:
        raise ContentError(f"cannot read the date {words!r}")
    days, hour, minute, ago, after = (None if part is None else int(part) for part in match.groups())
    zone = ZoneInfo(author.time_zone)
    if days is None:
        return (epoch + timedelta(minutes=after if after is not None else -(ago or 0))).astimezone(zone)
    local = epoch.astimezone(zone) - timedelta(days=days)
    return local.replace(hour=hour or 0, minute=minute or 0, second=0, microsecond=0)
