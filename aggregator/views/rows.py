"""Posts in a list: which ones, as statements that PostgreSQL plans once, and all that their rows show of them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple

from aggregator.models.blog import HIDDEN_BLOGS
from aggregator.models.post import ALSO_ON, TAG_LIST, post_address, post_slug
from aggregator.ranking import Period, Ranking, since
from bloghub.lib.language import direction
from bloghub.lib.paging import PAGE_SIZE, Keyset, Page, page_of, read_number_cursor
from bloghub.lib.prepared import Prepared
from bloghub.lib.text import reading_minutes

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


class PostRow(NamedTuple):
    """One post in a list, read by ROW_KEY. All that its row shows comes from here, so it is the key of the kept row
    (templatetags/rows.py): what is added to a row is added here and below, and the row changes with it."""

    pk: int
    published_at: datetime
    title: str
    excerpt: str
    language: str
    word_count: int
    author_name: str
    blog_id: int
    blog_slug: str
    blog_title: str
    blog_author_name: str
    username: str | None
    display_name: str | None
    team: str | None
    site: str | None
    comment_count: int
    last_comment_number: int
    shape: str  # PostgreSQL's text of the array: a list could be no key
    vote_count: int
    labels: str
    elsewhere: str | None  # JSON: the other blogs that have it

    @property
    def byline(self) -> str:
        """As ``Post.byline``."""
        if self.username is not None:
            return self.display_name or self.username
        return self.author_name or self.blog_author_name or self.blog_title

    @property
    def address(self) -> str:
        return post_address(self.pk, post_slug(self.title or self.excerpt))

    @property
    def direction(self) -> str:
        return direction(self.language) if self.language else "auto"

    @property
    def reading_minutes(self) -> int:
        return reading_minutes(self.word_count)

    @property
    def place(self) -> str:
        """As ``Person.place``, of the author."""
        return ", ".join(part for part in (self.team, self.site) if part)

    @property
    def thread_shape(self) -> list[int]:
        """As ``Post.thread_shape``."""
        return [int(mark) for mark in self.shape[1:-1].split(",") if mark]

    @property
    def tag_list(self) -> list[dict[str, str]]:
        """As ``Post.tag_list``: [{name, slug}, …]."""
        found: list[dict[str, str]] = json.loads(self.labels)
        return found

    @property
    def also_on(self) -> list[dict[str, str]]:
        """The other blogs on whose pages it stands, as far as the reader may see them: [{title, slug}, …]."""
        found: list[dict[str, str]] = json.loads(self.elsewhere) if self.elsewhere else []
        return found


# In the order of PostRow
ROW_KEY = ", ".join(
    (
        "aggregator_post.id",
        "aggregator_post.published_at",
        "aggregator_post.title",
        "aggregator_post.excerpt",
        "aggregator_post.language",
        "aggregator_post.word_count",
        "aggregator_post.author_name",
        "blog.id",
        "blog.slug",
        "blog.title",
        "blog.author_name",
        "author.username",
        "author.display_name",
        "author.team",
        "author.site",
        "aggregator_post.comment_count",
        "aggregator_post.last_comment_number",
        "aggregator_post.thread_shape::text",
        "aggregator_post.vote_count",
        f"({TAG_LIST})::text",
        f"({ALSO_ON.replace('%(person)s', '%(reader)s')})::text",
    )
)
_WITH = """
    JOIN aggregator_blog AS blog ON blog.id = aggregator_post.blog_id
    LEFT JOIN people_person AS author ON author.id = aggregator_post.author_id
"""
VISIBLE = f"NOT (aggregator_post.blog_id IN ({HIDDEN_BLOGS.replace('%s', '%(reader)s')}))"


@dataclass(frozen=True, slots=True)
class PostList:
    """Which posts a list shows, in SQL: a condition with at most one value, ``%(of)s``, and the two columns of the
    index that it runs over. Whatever it is, nobody sees what is not for them."""

    condition: str = "true"
    source: str = "aggregator_post"
    time: str = "aggregator_post.published_at"
    id: str = "aggregator_post.id"


EVERYBODY = PostList()
# Its own, and those at home on other blogs that its feeds bring, too: merged along both indexes, which PostgreSQL does
# only while neither part has a condition of its own
OF_BLOG = PostList(
    "listed.blog_id = %(of)s AND listed.is_shown",
    """(
        SELECT id, blog_id, published_at, true AS is_shown FROM aggregator_post
         UNION ALL SELECT post_id, blog_id, published_at, is_shown FROM aggregator_appearance
    ) AS listed JOIN aggregator_post ON aggregator_post.id = listed.id""",
    time="listed.published_at",
    id="listed.id",
)
OF_PERSON = PostList("aggregator_post.author_id = %(of)s")
# The tag's own copy of the time, and the post
OF_TAG = PostList(
    "tagged.tag_id = %(of)s",
    "aggregator_taggedpost AS tagged JOIN aggregator_post ON aggregator_post.id = tagged.content_object_id",
    time="tagged.published_at",
    id="tagged.content_object_id",
)


@lru_cache(maxsize=64)
def _statement(posts: PostList, side: str) -> Prepared:
    """``side`` of a place: ``<`` for older, ``>`` for newer, nothing for the newest of all."""
    beside = f"AND ({posts.time}, {posts.id}) {side} (%(moment)s, %(pk)s)" if side else ""
    way = "ASC" if side == ">" else "DESC"
    return Prepared(
        f"SELECT {ROW_KEY} FROM {posts.source}"  # noqa: S608 - constants
        f" {_WITH} WHERE {posts.condition} AND {VISIBLE} {beside}"
        f" ORDER BY {posts.time} {way}, {posts.id} {way} LIMIT {PAGE_SIZE + 1}"
    )


def post_page(posts: PostList, reader: Reader, query: Mapping[str, str], of: int | None = None) -> Page[PostRow]:
    """The page of this list, as far as the reader may see it, that the address asks for. One query."""

    def found(side: str, place: Keyset | None) -> list[PostRow]:
        return posts_beside(posts, reader, of, side, place)

    return page_of(found, query, lambda row: (row.published_at, row.pk))


def posts_beside(posts: PostList, reader: Reader, of: int | None, side: str, place: Keyset | None) -> list[PostRow]:
    """The posts of this list on one side of a place, as ``Found`` has it (lib/paging.py)."""
    moment, pk = place or (None, None)
    rows = _statement(posts, side).rows(of=of, reader=reader.pk, moment=moment, pk=pk)
    return [PostRow._make(row) for row in rows]


def posts_among(post_ids: list[int], reader: Reader) -> dict[int, PostRow]:
    """Those of these posts that the reader may see, by id. One query."""
    return {row[0]: PostRow._make(row) for row in _among().rows(ids=post_ids, reader=reader.pk)}


@lru_cache(maxsize=1)
def _among() -> Prepared:
    return Prepared(
        f"SELECT {ROW_KEY} FROM aggregator_post {_WITH} WHERE aggregator_post.id = ANY(%(ids)s) AND {VISIBLE}"  # noqa: S608
    )


@lru_cache(maxsize=16)
def _ranked(ranking: Ranking, period: bool, side: str) -> Prepared:
    """As ``_statement``, in the order of a ranking; what a post is worth stands behind its row."""
    found = ranking.statement(period=period, side=side, limit=PAGE_SIZE + 1, visible=VISIBLE)
    way = "ASC" if side == ">" else "DESC"
    return Prepared(
        f"SELECT {ROW_KEY}, found.value FROM ({found}) AS found"  # noqa: S608 - constants
        f" JOIN aggregator_post ON aggregator_post.id = found.id {_WITH}"
        f" ORDER BY found.value {way}, found.id {way}"
    )


@dataclass(frozen=True, slots=True)
class Ranked:
    """One post in a ranking."""

    post: PostRow
    value: int


def ranked_page(
    ranking: Ranking, period: Period, reader: Reader, query: Mapping[str, str], now: datetime
) -> Page[Ranked]:
    """The page of a period's best that the address asks for, as far as the reader may see it. One query."""
    start = since(period, now)

    def found(side: str, place: Keyset | None) -> list[Ranked]:
        value, pk = place or (None, None)
        statement = _ranked(ranking, start is not None, side)
        rows = statement.rows(reader=reader.pk, since=start, now=now, value=value, pk=pk)
        return [Ranked(PostRow._make(row), value) for *row, value in rows]

    return page_of(found, query, lambda row: (row.value, row.post.pk), read_number_cursor)
