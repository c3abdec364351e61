"""Registering a blog: look behind an address first (preview), then make it ours (register).

Owns what a Blog is called and where it lives when its feed does not say, and that one feed is one blog however often
and from wherever it is registered. Finding the feed is ``exploring.py``; polling it is the workers' work.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from itertools import count
from typing import Any, Self
from urllib.parse import urlsplit

from django.contrib.auth.models import Group
from django.core import signing
from django.db import IntegrityError, transaction
from django.utils import timezone

from aggregator.exploring import explored
from aggregator.models import Audience, Blog, Feed
from aggregator.models.feed import alike
from aggregator.polling.explore import Found
from aggregator.polling.formats import format_name
from aggregator.polling.types import IncomingPost, ParsedFeed, Trouble
from bloghub.lib.addresses import FetchPolicy
from bloghub.lib.text import slugify
from bloghub.lib.urls import host_of, is_web_url
from bloghub.people.models import Person

NEWEST = 3  # posts shown before saving: enough to recognise a blog
GUIDS = 5  # of the newest posts, by which a feed is known again at another address
TOKEN_AGE = 3600  # s; how long a preview may lie open before it must be looked at again
RESERVED_SLUGS = frozenset({"suggest"})  # /blogs/suggest/ is a page
_SALT = "aggregator.registration.preview"
_RACES = 10  # others who may take our slug or feed in between before we give up
_LONGEST_DESCRIPTION = 2000  # characters
_OTHERS_SHOWN = 20


@dataclass(frozen=True, slots=True)
class PreviewPost:
    """One of the newest posts; ``published_at`` is where rivers would put it, None when the feed gives no date."""

    title: str
    published_at: datetime | None


@dataclass(frozen=True, slots=True)
class Preview:
    """What registering an address would bring, all of it plain text.

    ``feed_url`` is the address to poll, ``addresses`` every spelling that led to it, ``other_feeds`` those its page
    names besides, ``guids`` those of its newest posts. ``title`` and ``homepage_url`` are never empty: the host stands
    in for them.
    """

    feed_url: str
    addresses: tuple[str, ...]
    format: str
    title: str
    homepage_url: str
    description: str = ""
    language: str = ""
    author_name: str = ""
    post_count: int = 0
    newest: tuple[PreviewPost, ...] = ()
    guids: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    other_feeds: tuple[str, ...] = ()

    def known_blog(self) -> Blog | None:
        """The blog that has this feed already, under any of its addresses."""
        return known_blog(self.addresses)

    @property
    def format_name(self) -> str:
        """What people call the format."""
        return format_name(self.format)

    @property
    def has_own_title(self) -> bool:
        """Whether the feed says what it is called; else its host stands in."""
        return self.title != urlsplit(self.feed_url).netloc[:200]

    def as_state(self) -> dict[str, Any]:
        """As JSON holds it; ``from_state`` gives it back."""
        state = asdict(self)
        for post in state["newest"]:
            post["published_at"] = post["published_at"] and post["published_at"].isoformat()
        return state

    @classmethod
    def from_state(cls, state: Mapping[str, Any]) -> Self:
        """Raises TypeError when it was made by another version."""
        newest = [
            PreviewPost(post["title"], post["published_at"] and datetime.fromisoformat(post["published_at"]))
            for post in state["newest"]
        ]
        if set(state) != {field.name for field in fields(cls)}:
            raise TypeError("made by another version")
        values: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in state.items()
        }
        return cls(**values | {"newest": tuple(newest)})

    def as_token(self) -> str:
        """Signed, to travel through a form; ``from_token`` gives it back for an hour."""
        return signing.dumps(self.as_state(), salt=_SALT, compress=True)

    @classmethod
    def from_token(cls, token: str) -> Self:
        """Raises ``django.core.signing.BadSignature`` when it is forged or older than an hour."""
        state: dict[str, Any] = signing.loads(token, salt=_SALT, max_age=TOKEN_AGE)
        try:
            return cls.from_state(state)
        except (TypeError, KeyError):
            raise signing.BadSignature("made by another version") from None


# --- looking -----------------------------------------------------------------------------------------------------


def preview(address: str, *, policy: FetchPolicy | None = None) -> Preview | Trouble:
    """Looks behind ``address`` (a feed's or a homepage's, also without scheme) within 12 requests and 30 seconds.

    Nothing is stored. The hub's own fetch policy applies unless another is given.
    """
    return next(previews([address], policy=policy))


def previews(addresses: Sequence[str], *, policy: FetchPolicy | None = None) -> Iterator[Preview | Trouble]:
    """The same for many, in their order, many side by side so that a dead host does not hold up the others."""
    seen: dict[int, Preview | Trouble] = {}
    number = 0
    for handful in explored(addresses, policy=policy):
        seen |= {place: preview_of(outcome) for place, outcome in handful}
        while number in seen:
            yield seen.pop(number)
            number += 1


def preview_of(found: Found | Trouble) -> Preview | Trouble:
    """What registering a find would bring; a trouble stays one."""
    if isinstance(found, Trouble):
        return found
    parsed = found.parsed
    host = urlsplit(found.url).netloc
    return Preview(
        feed_url=found.url,
        addresses=found.addresses,
        format=parsed.format,
        title=parsed.title.strip()[:200] or host[:200],
        homepage_url=_homepage(found),
        description=parsed.description[:_LONGEST_DESCRIPTION],
        language=parsed.language[:16],
        author_name=parsed.author_name[:200],
        post_count=len(parsed.posts),
        newest=_newest(parsed),
        guids=tuple(post.guid for _moment, post in _latest(parsed)[:GUIDS]),
        notes=parsed.notes,
        other_feeds=found.others[:_OTHERS_SHOWN],
    )


def _homepage(found: Found) -> str:
    """What the feed says, else the page that named it, else the root of its host."""
    stated = found.parsed.homepage_url
    if is_web_url(stated):
        return stated
    parts = urlsplit(found.url)
    return found.page_url if is_web_url(found.page_url) else f"{parts.scheme}://{parts.netloc}/"


def _latest(parsed: ParsedFeed) -> list[tuple[datetime | None, IncomingPost]]:
    """By date; without dates in the order of the document."""
    never = datetime.min.replace(tzinfo=UTC)
    dated = [(post.published_at or post.updated_at, post) for post in parsed.posts]
    return sorted(dated, key=lambda pair: pair[0] or never, reverse=True)


def _newest(parsed: ParsedFeed) -> tuple[PreviewPost, ...]:
    return tuple(PreviewPost(_title_of(post), moment) for moment, post in _latest(parsed)[:NEWEST])


def _title_of(post: IncomingPost) -> str:
    return post.title[:200] or post.excerpt[:80] or post.permalink[:200] or post.guid[:80]


# --- making it ours ----------------------------------------------------------------------------------------------


def known_blog(addresses: Iterable[str]) -> Blog | None:
    """The blog with a feed at one of these addresses, over http or https alike."""
    return Blog.objects.filter(feeds__url__in=alike(addresses)).order_by("pk").first()


def register(
    preview: Preview,
    *,
    title: str = "",
    owners: Iterable[Person] = (),
    audience: str = Audience.EVERYONE,
    groups: Iterable[Group] = (),
    contact_email: str = "",
) -> Blog:
    """Creates the blog and its feed, due at once; a feed that is known already gives its blog back, unchanged.

    Safe when two people do it at the same moment: the database's unique columns decide, the loser looks again.
    """
    chosen, readers = list(owners), list(groups)
    for last in (attempt == _RACES for attempt in count(1)):
        try:
            with transaction.atomic():
                known = preview.known_blog()
                if known is not None:
                    return known
                blog = _create(preview, title.strip()[:200] or preview.title, audience, contact_email)
                blog.owners.set(chosen)
                blog.audience_groups.set(readers)
                return blog
        except IntegrityError:
            if last:
                raise
    raise AssertionError("unreachable")


def _create(preview: Preview, title: str, audience: str, contact_email: str) -> Blog:
    blog = Blog.objects.create(
        title=title,
        slug=free_slug(title, preview.feed_url),
        homepage_url=preview.homepage_url,
        description=preview.description,
        language=preview.language,
        author_name=preview.author_name,
        audience=audience,
        contact_email=contact_email,
    )
    Feed.objects.create(
        blog=blog,
        url=preview.feed_url,
        host=host_of(preview.feed_url)[:255],
        format=preview.format[:32],
        next_poll_at=timezone.now(),
    )
    return blog


def free_slug(title: str, feed_url: str) -> str:
    """An address for the blog that nobody has yet: from its title in any script, else from its host."""
    base = slugify(title if any(map(str.isalnum, title)) else host_of(feed_url))
    taken = set(Blog.objects.filter(slug__startswith=base).values_list("slug", flat=True)) | RESERVED_SLUGS
    return next(slug for slug in _numbered(base) if slug not in taken)


def _numbered(base: str) -> Iterator[str]:
    yield base
    yield from (f"{base}-{number}" for number in count(2))
