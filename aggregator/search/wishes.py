"""From a query and its reader to what finding.py is to find: tsquery texts, windows, conditions."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING

from aggregator.search.asking import VERY_WORDS, Forms, Scope, tsquery
from aggregator.search.facets import years
from aggregator.search.finding import Wish
from aggregator.search.kinds import COMMENT, POST
from aggregator.search.lexemes import kind_facet, quote
from aggregator.search.names import NOTHING, Narrowed, narrowed
from aggregator.search.notes import Note
from aggregator.search.query import Query
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word, all_of, any_of, wanted, written
from aggregator.search.windows import Statistics, share, spelt_out, statistics, windows

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

_ANYTHING = f"({quote(kind_facet(POST))} | {quote(kind_facet(COMMENT))})"


@dataclass(frozen=True, slots=True)
class Place:
    """Beyond which row a page by date begins: older ones, or ``newer`` ones."""

    published_at: datetime
    pk: int
    newer: bool

    def days(self, filters: Narrowed) -> tuple[date | None, date | None]:
        """The days asked for, from here on."""
        day = self.published_at.astimezone(UTC).date()
        if self.newer:
            return max(filter(None, (filters.start, day))), filters.end
        return filters.start, min(filter(None, (filters.end, day + timedelta(days=1))))

    @property
    def condition(self) -> str:
        return f"(published_at, id) {'>' if self.newer else '<'} (%(place)s, %(place_id)s)"


class Wishes:
    """All that one query of one reader may want found, at this moment in their zone. Two statements, and one for each
    name among its filters."""

    def __init__(self, query: Query, reader: Reader, now: datetime, languages: Collection[str]) -> None:
        today = now.astimezone(UTC).date()
        self._filters = narrowed(query, reader, now)
        self._known: Statistics = statistics(query.term, languages, today)
        self._forms = self._known.forms
        self._typed = query.term
        self._term = spelt_out(query.term, self._known)
        self._share = min(self._filters.share, share(query.term, self._known))
        self._parameters = {**self._filters.parameters, "reader": reader.pk, "now": now, "years": years(now)}

    @property
    def notes(self) -> tuple[Note, ...]:
        """Of names that nobody has, and of prefixes that are asked as a few of their words."""
        asked = (leaf for leaf in wanted(self._typed) if spelt_out(leaf, self._known) != leaf)
        return (*self._filters.notes, *(Note("broad-prefix", written(leaf)) for leaf in asked))

    def wish(self, kind: str = "", place: Place | None = None) -> Wish:
        """Everything, or one kind, or what lies beyond a place."""
        scope: Scope = "title" if self._filters.title_only else "anywhere"
        asked = self._asked(kind, tsquery(self._term, self._forms, scope) if self._term else None)
        wish = Wish(
            asked=asked,
            titled=None if scope == "title" or kind == COMMENT else self._titled(kind),
            weighed=self._weighed(self._forms),
            exact=self._weighed(VERY_WORDS),
            in_title=scope == "title",
            windows=windows(self._share, self._known.months, self._filters.start, self._filters.end),
            conditions=self._filters.conditions,
            parameters=self._parameters,
        )
        return self._beyond(wish, place) if place else wish

    def _beyond(self, wish: Wish, place: Place) -> Wish:
        months = dict(sorted(self._known.months.items(), reverse=not place.newer))
        return replace(
            wish,
            windows=windows(self._share, months, *place.days(self._filters)),
            conditions=(*wish.conditions, place.condition),
            parameters={**wish.parameters, "place": place.published_at, "place_id": place.pk},
        )

    def _asked(self, kind: str, words: str | None) -> str:
        """With the filters. Something is always asked for: the index could not help with nothing but refusals."""
        facets = [*self._filters.lexemes, *([quote(kind_facet(kind))] if kind else [])]
        if self._term and not words and not facets:
            return NOTHING
        wanted = bool(positive(self._term)) or not all(facet.startswith("!") for facet in facets)
        return " & ".join([*([words] if words else []), *facets, *([] if wanted else [_ANYTHING])])

    def _titled(self, kind: str) -> str | None:
        wanted = positive(self._term)
        words = tsquery(wanted, self._forms, "title") if wanted else None
        if not words:
            return None
        refused = all_of(each for each in _together(self._term) if isinstance(each, Not))
        without = tsquery(refused, self._forms) if refused else None
        return self._asked(kind, f"{words} & {without}" if without else words)

    def _weighed(self, forms: Forms) -> str | None:
        wanted = positive(self._term)
        return tsquery(wanted, forms) if wanted else None


def _together(term: Term | None) -> tuple[Term, ...]:
    return term.terms if isinstance(term, AllOf) else (term,) if term else ()


def positive(term: Term | None) -> Term | None:
    """``term`` without what must be absent; None when nothing is left."""
    match term:
        case Word() | Phrase():
            return term
        case AllOf(terms):
            return all_of(map(positive, terms))
        case AnyOf(terms):
            return any_of(map(positive, terms))
        case Not() | None:
            return None
