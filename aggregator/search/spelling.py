"""Did you mean: words of the hub that look like those of a query, and what the hub knows of words.

A correction is only a guess: matching.py offers it when a search by it finds more. A word that stands only where the
reader may not look is to them one that nobody wrote: they are neither corrected to it nor spared a correction by it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

from django.core.cache import cache
from django.db import connection, transaction

from aggregator.models.blog import HIDDEN_BLOGS
from aggregator.models.searchable import VISIBLE
from aggregator.search.lexemes import quote
from aggregator.search.query import Query, write
from aggregator.search.terms import AllOf, AnyOf, Phrase, Term, Word, all_of, any_of, wanted
from bloghub.lib.stems import LANGUAGES
from bloghub.lib.words import fold

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

_SHORTEST = 4  # letters
_LONGEST = 32
_RARE = 5  # a word in more rows than these is meant as it is
_SHORT = 5  # letters of a word that one mistake leaves little of
_LIKENESS = {True: 0.2, False: 0.3}  # share of common trigrams
_LIKE = 24  # words looked at
_MEANT = 3  # words that one may have been meant for, the nearest
_TOGETHER = 3  # words of a query that are corrected at once in more than one way
_TRIES = 4  # corrections of a query
_COMMON = 5_000  # rows of a word that is taken to stand where everybody may look: finding one of them takes a while
_HIDDEN = HIDDEN_BLOGS.replace("%s", "%(reader)s")
_NEAREST = """
    SET LOCAL pg_trgm.similarity_threshold = {threshold};
    SELECT word, documents FROM aggregator_searchword
     WHERE word %% %(word)s AND length(word) BETWEEN %(length)s - 2 AND %(length)s + 2 AND documents > %(documents)s
     ORDER BY similarity(word, %(word)s) DESC, documents DESC LIMIT {limit}
"""
# No transaction of its own: PostgreSQL makes one of the two
_DOCUMENTS = f"""
    SET LOCAL enable_seqscan = off;
    SELECT word, documents FROM unnest(%(words)s::text[], %(asked)s::text[]::tsquery[]) AS one (word, asked)
      JOIN aggregator_searchword USING (word)
     WHERE documents > {_COMMON} OR NOT EXISTS ({_HIDDEN})
        OR EXISTS (SELECT FROM aggregator_searchable WHERE words @@ one.asked AND {VISIBLE})
"""  # noqa: S608 - constants
# The table is too large to ask every now and then
_SPOKEN = """
    SELECT (SELECT coalesce(array_agg(DISTINCT language), '{}') FROM aggregator_blog),
           (SELECT most_common_vals::text::text[] FROM pg_stats
             WHERE schemaname = current_schema AND tablename = 'aggregator_searchable' AND attname = 'language')
"""
_LANGUAGES_FOR = 300  # s


def languages() -> list[str]:
    """The languages of the hub that have stems: those of its blogs, and of its posts as PostgreSQL's statistics have
    them. All there are, while there are no statistics: more are slower and find what is less alike."""
    return cache.get_or_set("search:languages", _languages, _LANGUAGES_FOR) or []


def _languages() -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(_SPOKEN)
        blogs, posts = cursor.fetchone()
    return sorted(LANGUAGES & {*blogs, *posts} if posts else LANGUAGES)


def documents(words: Iterable[str], reader: Reader) -> dict[str, int]:
    """In how many rows each word stands, roughly; 0 of one that stands nowhere that the reader may look."""
    folded = {word: fold(word) for word in words}
    plain = sorted(set(folded.values()))
    if not plain:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_DOCUMENTS, {"words": plain, "asked": list(map(quote, plain)), "reader": reader.pk})
        known = dict(cursor.fetchall())
    return {word: known.get(each, 0) for word, each in folded.items()}


def documents_of(query: Query, reader: Reader) -> dict[str, int]:
    """The words of the query that may be misspelt, with ``documents`` of each; 0 when nobody had written it for this
    reader when words were last counted."""
    words = [word for leaf in wanted(query.term) if not _is_prefix(leaf) for word in leaf.text.split()]
    return documents((word for word in words if _SHORTEST <= len(word) <= _LONGEST and fold(word).isalpha()), reader)


def _is_prefix(leaf: Word | Phrase) -> bool:
    return isinstance(leaf, Word) and leaf.prefix


def corrections(query: Query, known: Mapping[str, int], reader: Reader) -> Iterator[Query]:
    """The query with its rare words replaced by more common ones that look like them, all at once; the nearest first,
    a few at most, for words that are each likely may never stand together. ``known`` are its ``documents_of``."""
    unknown = 0 in known.values()
    choices: dict[str, list[str]] = {}
    for word, number in known.items():
        found = _nearest(word, number, reader) if number <= _RARE else []
        if found:  # beside a word that nobody wrote, a rare one is meant, at first
            several = found[: _MEANT if len(choices) < _TOGETHER else 1]
            choices[word] = [word, *several] if unknown and number else several
    combined = product(*(enumerate(words) for words in choices.values()))
    for chosen in sorted(combined, key=lambda each: sum(place for place, _word in each))[:_TRIES]:
        better = {word: other for word, (_place, other) in zip(choices, chosen, strict=True) if word != other}
        if better:
            term = _replaced(query.term, better)
            yield replace(query, text=write(term, query.filters), term=term)


def _replaced(term: Term | None, better: dict[str, str]) -> Term | None:
    match term:
        case Word(text, False):
            return Word(better.get(text, text))
        case Phrase(text):
            return Phrase(" ".join(better.get(word, word) for word in text.split()))
        case AllOf(terms):
            return all_of(_replaced(each, better) for each in terms)
        case AnyOf(terms):
            return any_of(_replaced(each, better) for each in terms)
        case _:
            return term


def _nearest(word: str, number: int, reader: Reader) -> list[str]:
    """The words that take the fewest changes, of these the most common ones first."""
    plain = fold(word)
    is_short = len(plain) <= _SHORT
    with transaction.atomic(), connection.cursor() as cursor:
        statement = _NEAREST.format(threshold=_LIKENESS[is_short], limit=_LIKE)
        cursor.execute(statement, {"word": plain, "length": len(plain), "documents": number * 2})
        rows = cursor.fetchall()
    allowed = 1 if is_short else 2
    # Hardly anybody mistakes the first letter
    near = [
        (distance(plain, other) + (plain[0] != other[0]), plain[0] != other[0], -count, other) for other, count in rows
    ]
    near = [each for each in near if 0 < each[0] <= allowed]
    seen = documents((each[-1] for each in near), reader)
    return [each[-1] for each in sorted(near) if seen[each[-1]]]


def distance(one: str, other: str) -> int:
    """Letters to insert, leave out, exchange or swap with their neighbour (optimal string alignment)."""
    before, row = [], list(range(len(other) + 1))
    for i, left in enumerate(one, start=1):
        before, last, row = row, before, [i]
        for j, right in enumerate(other, start=1):
            cost = min(row[-1] + 1, before[j] + 1, before[j - 1] + (left != right))
            if i > 1 and j > 1 and left == other[j - 2] and one[i - 2] == right:
                cost = min(cost, last[j - 2] + 1)
            row.append(cost)
    return row[-1]
