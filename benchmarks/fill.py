"""Fills a hub with many posts in little time: what a poll would have stored, written with COPY.

A pool of the farm's entries goes through the real cleaning once; every post is one of them under its own name, with
the word that only it holds. Indexes and foreign keys are built after the rows. Owns the company of the page benchmarks:
its people, groups, blogs and tags.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.models import Group
from django.db import connection, models

from aggregator.models import Audience, Blog, Feed, Post, Tag, TaggedPost
from aggregator.models.tag import tag_slug
from aggregator.polling.clean import clean_feed
from aggregator.polling.types import IncomingPost, RawEntry, RawFeed
from benchmarks.farm_content import EPOCH, World, token
from bloghub.lib.html import SANITISER_VERSION
from bloghub.people.models import Person

BLOGS = 1000
RESTRICTED = 50  # blogs that only some groups may see
GROUPS = 10
PEOPLE = 2000
VARIANTS = 4  # entries of the pool that each blog draws from
CHUNK = 5000  # posts a COPY
WRITERS = 2  # connections at once
EVERY = timedelta(seconds=90)  # between two posts of the company
STRIDE = 617  # shares no factor with BLOGS, so that neighbours in the river are by different blogs


def blog_of(number: int) -> int:
    """The index of the blog that post ``number`` (from 1) is on."""
    return number * STRIDE % BLOGS


def published_at(number: int) -> datetime:
    """Posts are numbered as they came out."""
    return datetime.fromtimestamp(EPOCH, UTC) - timedelta(days=2000) + number * EVERY


class Copy:
    """Rows of a model as COPY's text format; columns that nobody names get the database's default, else the model's."""

    def __init__(self, model: type[models.Model]) -> None:
        self.model = model
        fields = [f for f in model._meta.concrete_fields if not f.generated and not f.has_db_default()]
        self._defaults: dict[str, str] = {str(field.column): _text(self._default(field)) for field in fields}

    @staticmethod
    def _default(field: models.Field[Any, Any]) -> object:
        return None if field.primary_key or field.is_relation else field.get_default()

    def template(self, values: dict[str, object], *own: str) -> str:
        """A row for ``%`` with a dict of the columns that each row has for itself, as texts fit for COPY."""
        fixed = {**self._defaults, **{column: _text(value) for column, value in values.items()}}
        columns = {column: text.replace("%", "%%") for column, text in fixed.items()}
        return "\t".join({**columns, **{column: f"%({column})s" for column in own}}.values())

    def write(self, lines: Sequence[str]) -> None:
        columns = ", ".join(f'"{column}"' for column in self._defaults)
        with connection.cursor() as cursor:
            statement = f"COPY {self.model._meta.db_table} ({columns}) FROM STDIN"
            cursor.copy_expert(statement, io.StringIO("\n".join(lines) + "\n"))


def _text(value: object) -> str:
    if value is None:
        return "\\N"
    text = value.isoformat() if isinstance(value, datetime) else str(value)
    return text.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")


@dataclass(frozen=True, slots=True)
class Pattern:
    """A cleaned entry of the pool: templates of its row and of the rows of its tags."""

    post: str
    tagged: tuple[str, ...]


class Company:
    """Everything but the posts, and the pool that they are made from. ``reader`` is who will look at the pages."""

    def __init__(self) -> None:
        self.world = World(1, BLOGS, lambda blog: f"http://blog{blog}.example")
        self.people = self._people()
        self.blogs = self._blogs()
        self.feeds = Feed.objects.bulk_create(
            Feed(blog=blog, url=f"{blog.homepage_url}feed", host=f"blog{number}.example")
            for number, blog in enumerate(self.blogs)
        )
        self.reader = self.people[-1]
        self.reader.groups.set(Group.objects.order_by("pk")[:2])
        self._posts, self._tagged = Copy(Post), Copy(TaggedPost)
        self.pool = self._pool()
        self.count = 0

    def _people(self) -> list[Person]:
        names = self.world.people[:PEOPLE]
        return Person.objects.bulk_create(
            Person(username=f"person{number}", display_name=name, team="Engine Lab", site="Vaasa", password="!")
            for number, name in enumerate(names)
        )

    def _blogs(self) -> list[Blog]:
        blogs = Blog.objects.bulk_create(
            Blog(
                title=self.world.title(number),
                slug=f"blog-{number}",
                homepage_url=f"http://blog{number}.example/",
                language=self.world.language(number),
                audience=Audience.GROUPS if number < RESTRICTED else Audience.EVERYONE,
            )
            for number in range(BLOGS)
        )
        groups = Group.objects.bulk_create(Group(name=f"Group {number}") for number in range(GROUPS))
        through, owners = Blog.audience_groups.through, Blog.owners.through
        through.objects.bulk_create(
            through(blog=blog, group=groups[number % GROUPS]) for number, blog in enumerate(blogs[:RESTRICTED])
        )
        owners.objects.bulk_create(owners(blog=blog, person=self.people[number]) for number, blog in enumerate(blogs))
        return blogs

    def _pool(self) -> list[list[Pattern]]:
        cleaned = [[self.clean(blog, number) for number in range(1, VARIANTS + 1)] for blog in range(BLOGS)]
        names = {tag_slug(name): name for posts in cleaned for post in posts for name in post.tags}
        tags = Tag.objects.bulk_create(Tag(slug=slug, name=names[slug]) for slug in sorted(names))
        ids = {tag.slug: tag.pk for tag in tags}
        return [
            [self._pattern(blog, number, post, ids) for number, post in enumerate(posts, start=1)]
            for blog, posts in enumerate(cleaned)
        ]

    def clean(self, blog: int, number: int) -> IncomingPost:
        entry = self.world.entry(blog, number, EPOCH)
        raw = RawEntry(
            guid=entry.guid,
            permalink=entry.url,
            title=entry.title,
            author_name=entry.author,
            content=entry.html,
            summary=entry.summary,
            base=entry.url,
            language=entry.language,
            tags=entry.tags,
        )
        return clean_feed(RawFeed("rss20", entries=(raw,)), url=entry.url).posts[0]

    def _pattern(self, blog: int, number: int, post: IncomingPost, tag_ids: dict[str, int]) -> Pattern:
        by_owner = blog % 5 < 3
        values: dict[str, object] = {
            "blog_id": self.blogs[blog].pk,
            "feed_id": self.feeds[blog].pk,
            "author_id": self.people[blog].pk if by_owner else None,
            "title": post.title,
            "author_name": post.author_name,
            "content_html": post.content_html,
            "excerpt": post.excerpt,
            "language": post.language,
            "word_count": post.word_count,
            "content_hash": post.content_hash,
            "sanitiser_version": SANITISER_VERSION,
        }
        template = self._posts.template(values, "id", "guid", "permalink", "published_at", "first_seen_at")
        tags = dict.fromkeys(tag_ids[tag_slug(name)] for name in post.tags)
        tagged = tuple(
            self._tagged.template({"tag_id": tag, "position": position}, "id", "content_object_id", "published_at")
            for position, tag in enumerate(tags)
        )
        return Pattern(template.replace(token(blog, number), "%(word)s"), tagged)

    def grow(self, posts: int) -> None:
        """Adds posts until there are so many; the newest come last. Leaves statistics and counters in order."""
        starts = range(self.count, posts, CHUNK)
        with rows_before_indexes(Post, TaggedPost), ThreadPoolExecutor(WRITERS) as writers:
            done = writers.map(in_thread(lambda start: self._write(start, min(start + CHUNK, posts))), starts)
            for _ in done:
                pass
        self.count = posts
        _settle()

    def _write(self, start: int, end: int) -> None:
        numbers = range(start + 1, end + 1)
        self._posts.write([self._post_line(number) for number in numbers])
        self._tagged.write([line for number in numbers for line in self._tagged_lines(number)])

    def _pattern_of(self, number: int) -> Pattern:
        return self.pool[blog_of(number)][number // BLOGS % VARIANTS]

    def _post_line(self, number: int) -> str:
        blog, moment = blog_of(number), published_at(number).isoformat()
        return self._pattern_of(number).post % {
            "id": number,
            "guid": f"urn:farm:{number}",
            "permalink": f"http://blog{blog}.example/{number}",
            "word": token(blog, number),
            "published_at": moment,
            "first_seen_at": moment,
        }

    def _tagged_lines(self, number: int) -> Iterator[str]:
        moment = published_at(number).isoformat()
        for position, template in enumerate(self._pattern_of(number).tagged):
            yield template % {"id": number * 4 + position, "content_object_id": number, "published_at": moment}


def in_thread(job: Callable[[int], None]) -> Callable[[int], None]:
    """The job with a connection of its thread's own, closed after it."""

    def work(start: int) -> None:
        try:
            job(start)
        finally:
            connection.close()

    return work


@contextmanager
def rows_before_indexes(*tables: type[models.Model]) -> Iterator[None]:
    """Takes indexes, unique and foreign keys off these tables, and builds them anew after the block."""
    names = [model._meta.db_table for model in tables]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE conrelid::regclass::text = ANY(%s) AND contype IN ('f', 'u') ORDER BY contype DESC",
            [names],
        )
        constraints = cursor.fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for table in names:
            cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
        cursor.execute(
            "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
            " WHERE indrelid::regclass::text = ANY(%s) AND NOT indisprimary",
            [names],
        )
        indexes = cursor.fetchall()
        for name, _definition in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _name, definition in indexes:
            cursor.execute(definition)
        for table in names:
            cursor.execute(f"ALTER TABLE {table} RESET (autovacuum_enabled)")
        for table, name, definition in constraints:
            cursor.execute(f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}')


def _settle() -> None:
    """What storing and autovacuum would have done by now: the counters of the blogs, sequences, statistics."""
    post, tagged, blog = (model._meta.db_table for model in (Post, TaggedPost, Blog))
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {blog} AS blog SET post_count = found.posts, last_post_at = found.newest"
            " FROM (SELECT blog_id, count(*) AS posts, max(published_at) AS newest"
            f" FROM {post} GROUP BY blog_id) AS found"
            " WHERE blog.id = found.blog_id"
        )
        for table in (post, tagged):
            cursor.execute(f"SELECT setval(pg_get_serial_sequence(%s, 'id'), max(id)) FROM {table}", [table])
            cursor.execute(f"VACUUM (ANALYZE) {table}")
        cursor.execute("ANALYZE")
