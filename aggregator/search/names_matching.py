"""Blogs, people and tags whose names begin with what was typed, or are spelt nearly so.

Owns the questions; the indexes' expressions are in migration 0006_names. Case and accents do not count, in either
direction: both sides are folded by the same SQL (people/migrations/0004_person_names.py). What was written under these
names is matching.py's.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from aggregator.models.blog import HIDDEN_BLOGS, blog_address
from aggregator.models.tag import tag_address
from aggregator.search.terms import Term, wanted
from bloghub.lib.prepared import Prepared
from bloghub.people.models import person_address

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

NameKind = Literal["blog", "person", "tag"]

CANDIDATES = 60  # looked at for one kind; a single letter begins thousands of names
_LONGEST = 60  # characters of what was typed
_MOST_WORDS = 8
_FORGIVING_FROM = 4  # letters: fewer look like anything
_WORD = re.compile(r"[^\W_]+")
_ADDRESS = {"blog": blog_address, "person": person_address, "tag": tag_address}


class Name(NamedTuple):
    """A blog, a person or a tag. ``key`` is its slug or user name, ``about`` who writes the blog, or the person's team
    and site; ``posts`` and ``language`` are a blog's, ``is_ours`` is false for a writer whom only the blog names."""

    kind: NameKind
    key: str
    name: str
    about: str
    posts: int
    language: str
    is_ours: bool

    @property
    def address(self) -> str:
        return _ADDRESS[self.kind](self.key)


def words_typed(text: str) -> list[str]:
    """The words of ``text``. What NFKC takes apart is taken apart here: of a “⑴” no parenthesis is left to ask for."""
    return _WORD.findall(unicodedata.normalize("NFKC", text[:_LONGEST]))[:_MOST_WORDS]


def words_of(term: Term | None) -> list[str]:
    """The words that a query asks for, as names are asked."""
    return words_typed(" ".join(each.text for each in wanted(term)))


def names_matching(
    words: list[str], reader: Reader, kinds: Iterable[NameKind], most: int, *, whole_below: int = 1
) -> list[Name]:
    """At most ``most`` of each kind that the reader may see, in the order of ``kinds``, the nearest first.

    Every word must begin a word of the name; those of fewer letters than ``whole_below`` must be one. One query, none
    for no words.
    """
    if not words:
        return []
    typed = " ".join(words)
    asked = " & ".join(word if len(word) < whole_below else f"{word}:*" for word in words)
    statement = _statement(tuple(kinds), len(typed) >= _FORGIVING_FROM)
    values = {"typed": typed} if len(typed) >= _FORGIVING_FROM else {}
    return [Name._make(row[:-1]) for row in statement.rows(words=asked, most=most, reader=reader.pk, **values)]


# --- the statement ---------------------------------------------------------------------------------------------------

_HIDDEN = HIDDEN_BLOGS.replace("%s", "%(reader)s")
_OWNER = """(
    SELECT person.display_name FROM aggregator_blog_owners AS owner JOIN people_person AS person
    ON person.id = owner.person_id WHERE owner.blog_id = named.id ORDER BY owner.id LIMIT 1)
"""
# What a stranger may see somebody by; colleagues are no secret among colleagues
_KNOWN = f"""(
    (%(reader)s::bigint IS NOT NULL AND named.is_active)
    OR EXISTS (SELECT FROM aggregator_blog_owners AS theirs
        WHERE theirs.person_id = named.id AND NOT (theirs.blog_id IN ({_HIDDEN})))
    OR EXISTS (SELECT FROM aggregator_post AS theirs
        WHERE theirs.author_id = named.id AND NOT (theirs.blog_id IN ({_HIDDEN}))))
"""  # noqa: S608 - constants
_USED = f"""EXISTS (
    SELECT FROM aggregator_taggedpost AS tagged JOIN aggregator_post AS post ON post.id = tagged.content_object_id
    WHERE tagged.tag_id = named.id AND NOT (post.blog_id IN ({_HIDDEN})))
"""


class _Names(NamedTuple):
    """Where names of a kind are: the table, the columns of its indexes, the rest of ``Name``, who may see one."""

    table: str
    key: str
    name: str
    rest: str
    visible: str


_NAMES: dict[NameKind, _Names] = {
    "blog": _Names(
        "aggregator_blog",
        "slug",
        "title",
        f"coalesce({_OWNER}, named.author_name), named.post_count AS posts, named.language,"
        " EXISTS (SELECT FROM aggregator_blog_owners AS owner WHERE owner.blog_id = named.id)",
        f"NOT (named.id IN ({_HIDDEN}))",
    ),
    "person": _Names(
        "people_person",
        "username",
        "display_name",
        "concat_ws(', ', nullif(named.team, ''), nullif(named.site, '')), 0, '', true",
        _KNOWN,
    ),
    "tag": _Names("aggregator_tag", "slug", "name", "'', 0, '', true", _USED),
}


@lru_cache(maxsize=8)
def _statement(kinds: tuple[NameKind, ...], forgiving: bool) -> Prepared:
    found = " UNION ALL ".join(f"({_found(kind, _NAMES[kind], forgiving)})" for kind in kinds)
    return Prepared(found)


def _found(kind: NameKind, names: _Names, forgiving: bool) -> str:
    """Those that begin so, or else the nearest of those that look so; the busiest and the shortest first."""
    begins = f"people_names(named.{names.key}, named.{names.name}) @@ to_tsquery('simple', people_folded(%(words)s))"
    folded, typed = f"people_folded(named.{names.name})", "people_folded(%(typed)s)"
    found = _candidates(kind, names, begins, "2")
    if forgiving:
        looks = f"{folded} %> {typed} AND NOT EXISTS (SELECT FROM begun)"  # asked once, before anything is looked at
        near = _candidates(kind, names, looks, f"word_similarity({typed}, {folded})")
        found = f"WITH begun AS MATERIALIZED ({found}) SELECT * FROM begun UNION ALL ({near})"  # noqa: S608
    busiest = "posts DESC, " if kind == "blog" else ""
    return f"SELECT * FROM ({found}) AS found ORDER BY near DESC, {busiest}length(name), name, key LIMIT %(most)s"  # noqa: S608


def _candidates(kind: NameKind, names: _Names, condition: str, near: str) -> str:
    """Any of them: of a name that thousands have, nobody looks for the best."""
    return (
        f"SELECT '{kind}', named.{names.key} AS key, named.{names.name} AS name, {names.rest}, {near} AS near"  # noqa: S608
        f" FROM {names.table} AS named WHERE {condition} AND {names.visible} LIMIT {CANDIDATES}"
    )
