"""Writes what search looks through: the only code that creates or changes rows of Searchable.

Called by whatever stores posts and comments, in its transaction. What the words of a text are is decided in lexemes.py;
rows go by themselves when their post does. Votes and counters never come here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from django.db import connection

from aggregator.models import Searchable
from aggregator.search.kinds import COMMENT, POST
from aggregator.search.lexemes import (
    CODE_FACET,
    Document,
    author_facet,
    blog_facet,
    kind_facet,
    language_facet,
    month_facet,
    quote,
    tag_facet,
    vector,
    year_facet,
)
from bloghub.lib.bulk import copy, execute
from bloghub.lib.text import words_of_clean_html
from bloghub.people.models import Person

# Raised when a change of lexemes.py makes other words of the same text: ``manage.py index_search`` then writes the rows
# anew, and until it has, search finds some of them by fewer words
INDEX_VERSION = 2


class Row(NamedTuple):
    """A row of Searchable but for its id, in the order of its columns; ``words`` is the text of a tsvector."""

    post_id: int
    comment_id: int | None
    blog_id: int
    author_id: int | None
    published_at: datetime
    version: int
    language: str
    words: str


_COLUMNS = Row._fields
_PUT = f"""
    INSERT INTO aggregator_searchable ({", ".join(_COLUMNS)}) VALUES %s
        ON CONFLICT (post_id, comment_id) DO UPDATE
       SET {", ".join(f"{name} = excluded.{name}" for name in _COLUMNS[2:])}
"""  # noqa: S608 - constants
# The names in ``words`` stay those of the time of writing
_ATTRIBUTE = """
    UPDATE aggregator_searchable AS found
       SET author_id = post.author_id,
           words = ts_delete(found.words, ':a' || coalesce(found.author_id::text, ''))
                   || coalesce((''':a' || post.author_id || '''')::tsvector, '')
      FROM aggregator_post AS post
     WHERE post.id = found.post_id AND found.comment_id IS NULL AND post.blog_id = ANY (%s)
       AND found.author_id IS DISTINCT FROM post.author_id
"""
# Facets of blogs are the only words that begin so
_REHOME = """
    UPDATE aggregator_searchable AS found
       SET blog_id = post.blog_id,
           words = ts_delete(found.words, ARRAY(
                       SELECT lexeme FROM unnest(tsvector_to_array(found.words)) AS lexeme WHERE lexeme LIKE ':b%%'))
                   || (SELECT string_agg(quote_literal(':b' || blog), ' ')::tsvector FROM (
                           SELECT post.blog_id AS blog UNION
                           SELECT row.blog_id FROM aggregator_appearance AS row
                            WHERE row.post_id = post.id AND row.is_shown AND found.comment_id IS NULL) AS blogs)
      FROM aggregator_post AS post
     WHERE post.id = found.post_id AND post.id = ANY (%s)
       AND (found.comment_id IS NULL OR found.blog_id <> post.blog_id)
"""


class PostText(Protocol):
    """What search reads of a post, as it comes from its feed or as it is stored."""

    @property
    def title(self) -> str: ...
    @property
    def author_name(self) -> str: ...
    @property
    def content_html(self) -> str: ...
    @property
    def language(self) -> str: ...


class Place(NamedTuple):
    """Where and when a text came out, and which of us wrote it."""

    blog_id: int
    author: Person | None
    published_at: datetime


def row_of_post(pk: int, post: PostText, place: Place, tags: Collection[str]) -> Row:
    """The row of a post, but for what ``tagged`` adds."""
    names = names_of(place.author, post.author_name)
    document = Document(post.title, tuple(tags), text_of(post.content_html), names, post.language)
    return _row((pk, None), place, document, _facets(POST, place, document, post.content_html))


def row_of_comment(ids: tuple[int, int | None], place: Place, document: Document, html: str) -> Row:
    """The row of a comment; ``ids`` are its post's and its own, None while it has none."""
    return _row(ids, place, document, _facets(COMMENT, place, document, html))


def _row(ids: tuple[int, int | None], place: Place, document: Document, facets: Iterable[str]) -> Row:
    author_id = place.author.pk if place.author else None
    words = " ".join((vector(document), *map(quote, facets)))
    return Row(*ids, place.blog_id, author_id, place.published_at, INDEX_VERSION, document.language, words)


def _facets(kind: str, place: Place, document: Document, html: str) -> Iterator[str]:
    yield kind_facet(kind)
    yield blog_facet(place.blog_id)
    yield year_facet(place.published_at)
    yield month_facet(place.published_at)
    if place.author:
        yield author_facet(place.author.pk)
    if document.language:
        yield language_facet(document.language)
    if "<code" in html or "<pre" in html:
        yield CODE_FACET


def text_of(html: str) -> str:
    """Clean HTML as search reads it."""
    return " ".join(words_of_clean_html(html)[0])


def names_of(person: Person | None, author_name: str) -> tuple[str, ...]:
    """By which people look for whoever wrote something: as one of us, and as the feed calls them."""
    names = (person.display_name, person.username, author_name) if person else (author_name,)
    return tuple(dict.fromkeys(name for name in names if name))


def tagged(row: Row, tag_ids: Iterable[int]) -> Row:
    """A post's row with its tags as facets; apart, because polls read the text before they know the ids of its tags."""
    return row._replace(words=" ".join((row.words, *(quote(tag_facet(tag)) for tag in tag_ids))))


def also_on(row: Row, blog_ids: Iterable[int]) -> Row:
    """A post's row with the other blogs on whose pages it stands as facets."""
    return row._replace(words=" ".join((row.words, *(quote(blog_facet(blog)) for blog in blog_ids))))


def add(rows: Sequence[Row]) -> None:
    """Rows for posts that have none."""
    if rows:
        copy("aggregator_searchable", _COLUMNS, rows)
        with connection.cursor() as cursor:
            cursor.execute("SELECT gin_clean_pending_list('searchable_words')")


def put(rows: Iterable[Row]) -> None:
    """Rows for posts and comments that may have one, which is then written anew; in the order of their posts."""
    in_order = sorted(rows, key=lambda row: (row.post_id, row.comment_id or 0))
    execute(_PUT, in_order)


def forget_comments(comment_ids: Iterable[int]) -> None:
    """Comments that are not visible any more are not found either."""
    Searchable.objects.filter(comment_id__in=list(comment_ids)).delete()


def reattribute(blog_ids: Sequence[int]) -> None:
    """After authorship.py has found other authors: posts of these blogs are found as theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTRIBUTE, [list(blog_ids)])


def rehome(post_ids: Collection[int]) -> None:
    """After posts have moved, or come onto other blogs' pages: they are found with these blogs, what was said about
    them with the one they are at home on."""
    with connection.cursor() as cursor:
        cursor.execute(_REHOME, [list(post_ids)])
