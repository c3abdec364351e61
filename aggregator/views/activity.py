"""What passes by: comments beside posts in a river, merged by time from two scans, with one place to go on from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeAlias

from django.urls import reverse

from aggregator.models.blog import HIDDEN_BLOGS
from aggregator.models.post import post_address, post_slug
from aggregator.views.rows import EVERYBODY, OF_PERSON, PostList, PostRow, posts_beside
from bloghub.lib.language import direction
from bloghub.lib.paging import PAGE_SIZE, Keyset, Page, page_of
from bloghub.lib.prepared import Prepared

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


@lru_cache(maxsize=1)
def _comments_root() -> str:
    return reverse("comments:comment-detail", args=[0]).removesuffix("0/")


class PassingRow(NamedTuple):
    """One comment passing by, read by _KEY: all that its row shows, and so the key of the kept row."""

    pk: int
    happened_at: datetime
    comment_id: int
    excerpt: str
    author_name: str
    username: str | None
    display_name: str | None
    team: str | None
    site: str | None
    answers_username: str | None
    answers_display_name: str | None
    post_id: int
    post_title: str
    post_excerpt: str
    post_language: str
    blog_id: int

    @property
    def byline(self) -> str:
        """Whom to name: one of us, else whom the blog names; nobody when they are gone."""
        return (self.display_name or self.username or "") if self.username is not None else self.author_name

    @property
    def place(self) -> str:
        """As ``Person.place``, of who says it."""
        return ", ".join(part for part in (self.team, self.site) if part)

    @property
    def answers(self) -> str:
        """Whom it answers, when that is a colleague and not the post."""
        return self.answers_display_name or self.answers_username or ""

    @property
    def address(self) -> str:
        """Its place in its thread."""
        return f"{_comments_root()}{self.comment_id}/"

    @property
    def post_address(self) -> str:
        return post_address(self.post_id, post_slug(self.post_words))

    @property
    def post_words(self) -> str:
        """What the post is called."""
        return self.post_title or self.post_excerpt

    @property
    def post_direction(self) -> str:
        return direction(self.post_language) if self.post_language else "auto"


RiverRow: TypeAlias = PostRow | PassingRow


@dataclass(frozen=True, slots=True)
class River:
    """Posts and the comments beside them: two lists of the same kind."""

    posts: PostList
    said: str  # a condition on the comments, as that of PostList


LIVE = River(EVERYBODY, "true")
WROTE_AND_SAID = River(OF_PERSON, "said.author_id = %(of)s")

# In the order of PassingRow
_KEY = """
    said.id, said.happened_at, said.comment_id, said.excerpt, said.author_name,
    author.username, author.display_name, author.team, author.site, answered.username, answered.display_name,
    post.id, post.title, post.excerpt, post.language, said.blog_id
"""
_FROM = """
    aggregator_activity AS said JOIN aggregator_post AS post ON post.id = said.post_id
    LEFT JOIN people_person AS author ON author.id = said.author_id
    LEFT JOIN people_person AS answered ON answered.id = said.answers_id
"""
_VISIBLE = f"NOT (said.blog_id IN ({HIDDEN_BLOGS.replace('%s', '%(reader)s')}))"


@lru_cache(maxsize=16)
def _statement(condition: str, side: str) -> Prepared:
    beside = f"AND (said.happened_at, said.id) {side} (%(moment)s, %(pk)s)" if side else ""
    way = "ASC" if side == ">" else "DESC"
    return Prepared(
        f"SELECT {_KEY} FROM {_FROM} WHERE {condition} AND {_VISIBLE} {beside}"  # noqa: S608 - constants
        f" ORDER BY said.happened_at {way}, said.id {way} LIMIT {PAGE_SIZE + 1}"
    )


def river_page(river: River, reader: Reader, query: Mapping[str, str], of: int | None = None) -> Page[RiverRow]:
    """The page of posts and comments by time, as far as the reader may see them. Two queries, each on its index."""

    def found(side: str, place: Keyset | None) -> list[RiverRow]:
        post_place, said_place = _places(side, place)
        moment, pk = said_place or (None, None)
        said = _statement(river.said, side).rows(of=of, reader=reader.pk, moment=moment, pk=pk)
        rows: list[RiverRow] = [PassingRow._make(row) for row in said]
        rows += posts_beside(river.posts, reader, of, side, post_place)
        rows.sort(key=keyset, reverse=side != ">")
        return rows[: PAGE_SIZE + 1]

    return page_of(found, query, keyset)


def said_among(comment_ids: list[int], reader: Reader) -> dict[int, PassingRow]:
    """Those of these comments that the reader may see, by id. One query."""
    rows = (PassingRow._make(row) for row in _among().rows(ids=comment_ids, reader=reader.pk))
    return {row.comment_id: row for row in rows}


@lru_cache(maxsize=1)
def _among() -> Prepared:
    return Prepared(f"SELECT {_KEY} FROM {_FROM} WHERE said.comment_id = ANY(%(ids)s) AND {_VISIBLE}")  # noqa: S608


def keyset(row: RiverRow) -> tuple[datetime, int]:
    """Where it stands among both kinds: at the same moment a post with id n is 2n, a comment 2n + 1."""
    if isinstance(row, PassingRow):
        return row.happened_at, row.pk * 2 + 1
    return row.published_at, row.pk * 2


def _places(side: str, place: Keyset | None) -> tuple[Keyset | None, Keyset | None]:
    """The same place as each of the two lists has it: (among posts, among comments)."""
    if place is None:
        return None, None
    moment, number = place
    if side == ">":
        return (moment, number // 2), (moment, (number + 1) // 2 - 1)
    return (moment, (number + 1) // 2), (moment, number // 2)


def run_of(row: RiverRow) -> tuple[str, int]:
    """What neighbours must share to be folded into one run: posts their blog, comments their post."""
    return ("said", row.post_id) if isinstance(row, PassingRow) else ("posts", row.blog_id)


def conversation_of(row: RiverRow) -> tuple[str, int]:
    """The same on a person's own page: what they wrote stands there in full."""
    return ("said", row.post_id) if isinstance(row, PassingRow) else ("wrote", row.pk)
