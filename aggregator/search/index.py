"""Writes what search looks through: the only code that creates or changes rows of Searchable.

Called by whatever stores posts and comments, in its transaction. What the words of a text are is decided in lexemes.py;
rows go by themselves when their post does. Votes and counters never come here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Protocol

from django.db import connection

from aggregator.models import Searchable
from aggregator.search.kinds import POST
from aggregator.search.lexemes import Document, vector
from bloghub.lib.bulk import copy, execute
from bloghub.lib.text import words_of_clean_html
from bloghub.people.models import Person

# Raised when a change of lexemes.py makes other words of the same text: ``manage.py index_search`` then writes the rows
# anew, and until it has, search finds some of them by fewer words
INDEX_VERSION = 1

_COLUMNS = ("post_id", "comment_id", "blog_id", "author_id", "published_at", "version", "language", "words")
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


@dataclass(frozen=True, slots=True)
class Entry:
    """What a row is made of. ``words`` come from ``words_of_post`` or ``words_of_comment``, ``tag_ids`` are the ids of
    the post's tags; an Entry with ``comment_id`` is a comment's."""

    post_id: int
    blog_id: int
    author_id: int | None
    published_at: datetime
    language: str
    words: str
    has_code: bool
    tag_ids: Sequence[int] = ()
    comment_id: int | None = None
    kind: str = POST

    @property
    def lexemes(self) -> str:
        """The words and what filters ask for, as the text of a tsvector."""
        return f"{self.words} {' '.join(self._facets())}"

    @property
    def row(self) -> tuple[Any, ...]:
        """In the order of the columns."""
        place = (self.post_id, self.comment_id, self.blog_id, self.author_id)
        return (*place, self.published_at, INDEX_VERSION, self.language, self.lexemes)

    def _facets(self) -> list[str]:
        """Numbers, codes of languages: nothing in them needs to be escaped."""
        out = self.published_at.astimezone(UTC)
        facets = [f"':b{self.blog_id}'", f"':k{self.kind}'", f"':y{out.year:04}'", f"':m{out.year:04}{out.month:02}'"]
        facets += [f"':t{tag}'" for tag in self.tag_ids]
        if self.author_id is not None:
            facets.append(f"':a{self.author_id}'")
        if self.language:
            facets.append(f"':l{self.language}'")
        if self.has_code:
            facets.append("':code'")
        return facets


def words_of_post(post: PostText, tags: Iterable[str], author: Person | None) -> str:
    """The words of a post with its tags and whoever wrote it, as the text of a tsvector."""
    body = words_of_clean_html(post.content_html)[0]
    names = (post.author_name, *names_of(author))
    return vector(Document(post.title, tuple(tags), " ".join(body), names, post.language))


def words_of_comment(html: str, author_name: str, author: Person | None, language: str) -> str:
    """The words of a comment and of whoever says it, as the text of a tsvector."""
    return vector(Document(comment=" ".join(words_of_clean_html(html)[0]), language=language))


def names_of(person: Person | None) -> tuple[str, ...]:
    """By which people look for somebody."""
    return (person.display_name, person.username) if person else ()


def has_code(html: str) -> bool:
    """Whether clean HTML holds a piece of code: the filter ``has:code``."""
    return "<code" in html or "<pre" in html


def add(entries: Sequence[Entry]) -> None:
    """Rows for posts that have none."""
    copy("aggregator_searchable", _COLUMNS, [entry.row for entry in entries])


def put(entries: Sequence[Entry]) -> None:
    """Rows for posts and comments that may have one: then it is written anew. In the order of their posts."""
    execute(_PUT, [entry.row for entry in sorted(entries, key=lambda entry: (entry.post_id, entry.comment_id or 0))])


def forget_comments(comment_ids: Iterable[int]) -> None:
    """Comments that are not visible any more are not found either."""
    Searchable.objects.filter(comment_id__in=list(comment_ids)).delete()


def reattribute(blog_ids: Sequence[int]) -> None:
    """After authorship.py has found other authors: posts of these blogs are found as theirs."""
    with connection.cursor() as cursor:
        cursor.execute(_ATTRIBUTE, [list(blog_ids)])
