"""How far back a search has to look: the newest months that are expected to hold enough of what it asks for.

The index gives all rows of a word before the first one can be shown. Months are lexemes like words, so a word that half
of the rows hold costs no more than a rare one when a month or two are asked with it. What to expect comes from numbers
that are guesses, may be old, or absent: a window that holds too little is widened by the statement itself (finding.py),
so bad numbers make a search slower and never wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import islice
from math import prod

from django.db import connection

from aggregator.search.asking import VERY_WORDS, Forms, read_all, words_of
from aggregator.search.lexemes import quote, stems_of
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word, all_of, any_of, wanted

FEW = 20_000  # rows that are found, fetched and put in order in about 20 ms: so many need no window
PLENTY = 2_000  # rows expected in the first window
WIDER = 8  # times as many months in the second one
_MOST_MONTHS = 120  # more are not asked for one by one
_BROAD = 400_000  # rows of all words that begin so, each word by itself, with which a prefix is too slow to ask
_MOST_WORDS = 12  # that stand for such a prefix
_MOST_FORMS = 32  # of a stem: the most common ones


@dataclass(frozen=True, slots=True)
class Statistics:
    """``words`` are rows that hold a word, or for ``begin*`` one that begins so; ``months`` rows of a month, the newest
    first, up to the present one; ``begun`` the most common words for each ``begin*``; ``forms`` those of each stem."""

    words: Mapping[str, int]
    months: Mapping[str, int]
    begun: Mapping[str, Sequence[str]] = field(default_factory=dict)
    forms: Forms = VERY_WORDS

    @property
    def total(self) -> int:
        return sum(self.months.values())


_NUMBERS = """
    SELECT word, documents, '{}' AS begun, '{}' AS numbers FROM aggregator_searchword WHERE word = ANY (%(words)s)
    UNION ALL
    SELECT begin || '*', known.documents, known.words, known.numbers FROM unnest(%(begins)s::text[]) AS begin, LATERAL (
        SELECT sum(documents) AS documents, (array_agg(word ORDER BY documents DESC))[:%(most)s] AS words,
               (array_agg(documents ORDER BY documents DESC))[:%(most)s] AS numbers
          FROM aggregator_searchword WHERE word >= begin AND word < begin || chr(1114111)) AS known
    UNION ALL
    SELECT '~' || stem, NULL, (array_agg(word ORDER BY documents DESC))[:%(forms)s],
           (array_agg(documents ORDER BY documents DESC))[:%(forms)s]
      FROM aggregator_searchform JOIN aggregator_searchword USING (word) WHERE stem = ANY (%(stems)s) GROUP BY stem
    UNION ALL
    (SELECT ':m' || month, documents, '{}', '{}' FROM aggregator_searchmonth ORDER BY month DESC)
"""


def statistics(term: Term | None, languages: Collection[str], today: date) -> Statistics:
    """What is known of the words of ``term``, in one statement."""
    with connection.cursor() as cursor:
        # Without ORM: tables that share no model, asked in one round trip by every search
        cursor.execute(_NUMBERS, {**_asked(term, languages), "most": _MOST_WORDS, "forms": _MOST_FORMS})
        rows = cursor.fetchall()
    months = {row[0][2:]: row[1] for row in rows if row[0].startswith(":m")}
    known = {row[0]: row[1] or 0 for row in rows if row[0][0] not in ":~"}
    lists = {word: words for word, _number, words, _numbers in rows if words}
    for _word, _number, words, numbers in rows:
        known.update(zip(words or (), numbers or (), strict=True))
    forms = Forms(languages, {word[1:]: words for word, words in lists.items() if word[0] == "~"})
    return Statistics(known, dict(_until(months, today)), lists, forms)


def _asked(term: Term | None, languages: Collection[str]) -> dict[str, list[str]]:
    """What of ``term`` to look up: words, stems and the beginnings of words."""
    words, stems, begins = set[str](), set[str](), set[str]()
    for leaf in wanted(term):
        for run in read_all(leaf.text):
            words.update(run.whole, *(words_of(part, Forms(languages)) for part in run.parts))
            if isinstance(leaf, Word):
                stems.update(*(stems_of(part, languages) for part in run.parts))
        if isinstance(leaf, Word) and leaf.prefix:
            begins.add(_last(leaf))
    return {"words": list(words), "stems": list(stems), "begins": list(begins - {""})}


def spelt_out(term: Term | None, known: Statistics) -> Term | None:
    """``term`` with the most common words in place of each broad prefix, for which the index would read all rows of all
    its words, whatever the window. What has none of these words, but another that begins so, is not found then."""
    match term:
        case Word(_text, True) if len(begun := known.begun.get(f"{_last(term)}*", ())) > 1:
            is_broad = known.words[f"{_last(term)}*"] > _BROAD
            return any_of(map(Phrase, begun)) if is_broad else term
        case AllOf(terms):
            return all_of(spelt_out(each, known) for each in terms)
        case AnyOf(terms):
            return any_of(spelt_out(each, known) for each in terms)
        case _:
            return term


def _last(leaf: Word) -> str:
    """The lexeme that a prefix is the beginning of."""
    known = read_all(leaf.text)
    return (known[-1].whole or known[-1].parts[0].asked)[0] if known else ""


def _until(months: Mapping[str, int], today: date) -> Iterator[tuple[str, int]]:
    """All months from the present one back to the oldest that has been counted. Nothing is expected of those that were
    not, and if they hold much, the first window is only wider than it need be."""
    if months:
        for month in _calendar(max(f"{today:%Y%m}", *months), min(months)):
            yield month, months.get(month, 0)


def _calendar(newest: str, oldest: str) -> Iterator[str]:
    """The months between these two and with them, the newest first."""
    year, month = int(newest[:-2]), int(newest[-2:])
    while year and f"{year:04}{month:02}" >= oldest:
        yield f"{year:04}{month:02}"
        year, month = (year, month - 1) if month > 1 else (year - 1, 12)


def share(term: Term | None, known: Statistics) -> float:
    """The share of all rows, 0 … 1, that is expected to hold ``term``."""
    match term:
        case Word():
            return _of_word(term, known)
        case Phrase(text):
            return _together(_of_words(part.asked[:1], known) for run in read_all(text) for part in run.parts)
        case AllOf(terms):
            return _together(share(each, known) for each in terms)
        case AnyOf(terms):
            return _either(share(each, known) for each in terms)
        case Not() | None:
            return 1.0


def _of_word(word: Word, known: Statistics) -> float:
    if word.prefix:
        return _either(_of_words([begun], known) for begun in known.begun.get(f"{_last(word)}*", ()))
    parts = (part for run in read_all(word.text) for part in run.parts)
    return _together(_of_words(words_of(part, known.forms), known) for part in parts)


def _of_words(words: Collection[str], known: Statistics) -> float:
    return min(1.0, sum(known.words.get(word, 0) for word in words) / max(1, known.total))


def _either(shares: Iterator[float]) -> float:
    """At least one of these, as if they did not know each other."""
    return 1 - prod(1 - each for each in shares)


def _together(shares: Iterator[float]) -> float:
    """Words that are asked together stand together more often than by chance: each further one counts by half its
    power (as SQL Server has estimated since 2014, "exponential backoff")."""
    product, power = 1.0, 1.0
    for each in sorted(shares)[:4]:
        product *= each**power
        power /= 2
    return product


def windows(expected: float, months: Mapping[str, int], start: date | None, end: date | None) -> list[str]:
    """The lexemes of the months to look through, as tsquery text, the narrowest first; the last holds all that is
    asked for, and is empty where that is all there is.

    ``expected`` is the share of the rows that is expected to be found, ``months`` go on from where the search begins.
    """
    inside = [
        (month, rows)
        for month, rows in months.items()
        if not (start and month < f"{start:%Y%m}") and not (end and month > f"{end:%Y%m}")
    ]
    last = _bounds(max(months, default=""), start, end)
    if expected * sum(rows for _month, rows in inside) <= FEW:
        return [last]
    first = _first(expected, inside)
    sizes = [size for size in (first, first * WIDER) if size < min(len(inside), _MOST_MONTHS)]
    return [*(_any([month for month, _rows in inside[:size]]) for size in sizes), last]


def _bounds(newest: str, start: date | None, end: date | None) -> str:
    """What no row of these days lacks, also of months that nobody has counted, and few others have."""
    if not newest or not (start or end):
        return ""
    latest = min(newest, f"{end:%Y%m}") if end else newest
    oldest = f"{start:%Y%m}" if start else latest
    span = list(islice(_calendar(latest if start else newest, oldest), _MOST_MONTHS + 1))
    asked = span if start else [month for month in span if month > oldest]
    if not asked or len(span) > _MOST_MONTHS:
        return ""
    return _any(asked) if start else f"!{_any(asked)}"


def _first(expected: float, months: list[tuple[str, int]]) -> int:
    """How many months the first window has."""
    found = 0.0
    for size, (_month, rows) in enumerate(months, start=1):
        found += expected * rows
        if found >= PLENTY:
            return size
    return len(months)


def _any(months: list[str]) -> str:
    return "(" + " | ".join(quote(f":m{month}") for month in months) + ")" if months else ""
