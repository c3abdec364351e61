"""Keeping a search under a name, changing it, and forgetting it; and what makes it quick to ask of a new row.

Owns every write to SavedSearch and its keys. What it finds is matching.py's; who is told of it, alerting.py's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db import transaction
from django.db.models import Max

from aggregator.models import SavedSearch, SavedSearchKey, Searchable, SearchWord
from aggregator.models.saved_search import ANY_ROW
from aggregator.search.asking import Forms, Scope, tsquery
from aggregator.search.inverting import Keys, Rarity, keys, lexemes
from aggregator.search.names import NOTHING, narrowed
from aggregator.search.query import Filter, Query, parse
from aggregator.search.spelling import languages
from bloghub.lib.bulk import copy, execute
from bloghub.notifications.telling import withdraw_groups
from bloghub.people.models import Person

MOST = 50  # of each person
CHUNK = 500  # searches a transaction

_ASK = """
    UPDATE aggregator_savedsearch AS saved SET asked = one.asked::tsquery
      FROM (VALUES %s) AS one (id, asked) WHERE saved.id = one.id
"""


class Wanted(NamedTuple):
    """What somebody saves; ``query`` as they typed it."""

    name: str
    query: str
    is_told: bool


class TooMany(Exception):
    """This person has as many as anybody may have."""


class SavedAlready(Exception):
    """Another saved search of this person is the same."""

    def __init__(self, known: SavedSearch) -> None:
        super().__init__(known.name)
        self.known = known


def read(text: str, now: datetime) -> Query:
    """The query of a saved search, on this day of its owner's."""
    return parse(text, now.date())


def looks_for(query: Query) -> bool:
    """Whether there is anything in it that a row could be asked for."""
    return bool(query.filters) or _asked(query) is not None


def save(person: Person, wanted: Wanted, now: datetime) -> SavedSearch:
    """Keeps a search. The same one again is the one there is, under the new name. Raises TooMany."""
    query = read(wanted.query, now).text
    with transaction.atomic():
        _one_at_a_time(person)
        own = SavedSearch.objects.of(person)
        known = own.filter(query=query).first()
        if known is None:
            if own.count() >= MOST:
                raise TooMany
            known = SavedSearch(person=person, query=query, after=_newest_row())
        known.name, known.is_told = wanted.name, wanted.is_told
        known.save()
        invert([known], now)
    return known


def change(search: SavedSearch, wanted: Wanted, now: datetime) -> None:
    """Another name, or another search, for which everything there is now is old. Raises SavedAlready."""
    query = read(wanted.query, now).text
    with transaction.atomic():
        _one_at_a_time(search.person)
        if other := SavedSearch.objects.of(search.person).filter(query=query).exclude(pk=search.pk).first():
            raise SavedAlready(other)
        if query != search.query or (wanted.is_told and not search.is_told):
            search.after = _newest_row()
        search.name, search.query, search.is_told = wanted.name, query, wanted.is_told
        search.save()
        invert([search], now)


def forget(search: SavedSearch) -> None:
    """Removes it, with all that its owner was told of it."""
    with transaction.atomic():
        withdraw_groups([search.group])
        search.delete()


def _one_at_a_time(person: Person) -> None:
    """Two requests of a person count what they have one after the other."""
    Person.objects.select_for_update(no_key=True).get(pk=person.pk)


def _newest_row() -> int:
    return Searchable.objects.aggregate(newest=Max("pk"))["newest"] or 0


def renew(now: datetime) -> Iterator[int]:
    """Inverts all of them again, telling after each chunk how many; as words grow common, and names come and go."""
    last = 0
    while True:
        with transaction.atomic():
            waiting = SavedSearch.objects.filter(pk__gt=last).order_by("pk").select_related("person")
            chunk = list(waiting.select_for_update(of=("self",))[:CHUNK])
            invert(chunk, now)
        if not chunk:
            return
        last = chunk[-1].pk
        yield len(chunk)


def invert(searches: Collection[SavedSearch], now: datetime) -> None:
    """Writes how new rows are asked for these; in a transaction, under their locks."""
    queries = {search.pk: read(search.query, now) for search in searches}
    asked = {pk: _asked(query) for pk, query in queries.items()}
    rarity = _rarity(text for text in asked.values() if text)
    found: dict[int, Keys] = {}
    for search in searches:
        text = asked[search.pk]
        in_words = keys(text, rarity) if text else None
        found[search.pk] = in_words or _in_filters(queries[search.pk], search.person, now) or frozenset({ANY_ROW})
    execute(_ASK, list(asked.items()))
    SavedSearchKey.objects.filter(search__in=queries).delete()
    copy("aggregator_savedsearchkey", ("lexeme", "search_id"), [(key, pk) for pk in found for key in sorted(found[pk])])


def _asked(query: Query) -> str | None:
    scope: Scope = "title" if Filter("in", "title") in query.filters else "anywhere"
    return tsquery(query.term, Forms(languages()), scope) if query.term else None


def _rarity(asked: Iterable[str]) -> Rarity:
    """By the hub's own count of its words; what it has never met is the rarest."""
    known = set[str]().union(*map(lexemes, asked))
    words = {lexeme.lstrip("~=") for lexeme in known}
    counted = dict(SearchWord.objects.filter(word__in=words).values_list("word", "documents"))
    return lambda lexeme: counted.get(lexeme.lstrip("~="), 0)


def _in_filters(query: Query, person: Person, now: datetime) -> Keys | None:
    """Keys of a search without words: the blogs, people and tags it names, or else its languages and kinds. None as
    long as nobody has one of the names: a blog or a tag of that name may come with any row."""
    asked = narrowed(query, person, now).lexemes
    return None if NOTHING in asked or not asked else keys(" & ".join(asked), _commonness)


def _commonness(facet: str) -> int:
    return 1 if facet.startswith((":b", ":a", ":t")) else 1000
