"""How far back a search has to look: the newest months that are expected to hold enough of what it asks for.

The index gives all rows of a word before the first one can be shown. Months are lexemes like words, so a word that half
of the rows hold costs no more than a rare one when a month or two are asked with it. What to expect comes from numbers
that are guesses, may be old, or absent: a window that holds too little is widened by the statement itself (finding.py),
so bad numbers make a search slower and never wrong.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from django.db import connection

from aggregator.search.asking import read_all, words_of
from aggregator.search.lexemes import quote
from aggregator.search.terms import AllOf, AnyOf, Not, Phrase, Term, Word, wanted

FEW = 20_000  # rows that are found, fetched and put in order in about 20 ms: so many need no window
PLENTY = 4_000  # rows expected in the first window
WIDER = 8  # times as many months in the second one
_MOST_MONTHS = 120  # more are not asked for one by one
_MOST_WORDS = 500  # of a prefix that are counted; one with more is taken to be in every row


@dataclass(frozen=True, slots=True)
class Statistics:
    """``words`` are rows that hold a word, or for ``begin*`` one that begins so; ``months`` rows of a month, the newest
    first, up to the present one."""

    words: Mapping[str, int]
    months: Mapping[str, int]

    @property
    def total(self) -> int:
        return sum(self.months.values())


_NUMBERS = """
    SELECT word, documents FROM aggregator_searchword WHERE word = ANY (%(words)s)
    UNION ALL
    SELECT begin || '*', (
        SELECT CASE WHEN count(*) < %(most)s THEN sum(documents) ELSE 2147483647 END FROM (
            SELECT documents FROM aggregator_searchword WHERE word >= begin AND word < begin || chr(1114111)
            LIMIT %(most)s) AS known)
      FROM unnest(%(begins)s::text[]) AS begin
    UNION ALL
    (SELECT ':m' || month, documents FROM aggregator_searchmonth ORDER BY month DESC)
"""


def statistics(term: Term | None, languages: Collection[str], today: date) -> Statistics:
    """What is known of the words of ``term``, in one statement."""
    words, begins = set[str](), set[str]()
    for leaf in wanted(term):
        for run in read_all(leaf.text):
            words.update(run.whole, *(words_of(part, languages) for part in run.parts))
        if isinstance(leaf, Word) and leaf.prefix:
            begins.add(_last(leaf))
    with connection.cursor() as cursor:
        # Without ORM: three tables that share no model, asked in one round trip by every search
        cursor.execute(_NUMBERS, {"words": list(words), "begins": list(begins - {""}), "most": _MOST_WORDS})
        rows = dict(cursor.fetchall())
    months = {word[2:]: number for word, number in rows.items() if word.startswith(":m")}
    known = {word: number or 0 for word, number in rows.items() if not word.startswith(":m")}
    return Statistics(known, dict(_until(months, today)))


def _last(leaf: Word) -> str:
    """The lexeme that a prefix is the beginning of."""
    known = read_all(leaf.text)
    return (known[-1].whole or known[-1].parts[0].asked)[0] if known else ""


def _until(months: Mapping[str, int], today: date) -> Iterator[tuple[str, int]]:
    """Months, the newest first, with those since the newest one that has been counted: taken to be like it."""
    if months:
        newest = max(months)
        month, year = today.month, today.year
        while f"{year}{month:02}" > newest:
            yield f"{year}{month:02}", months[newest]
            year, month = (year, month - 1) if month > 1 else (year - 1, 12)
    yield from months.items()


def share(term: Term | None, known: Statistics, languages: Collection[str]) -> float:
    """The share of all rows, 0 … 1, that is expected to hold ``term``."""
    match term:
        case Word():
            return _of_word(term, known, languages)
        case Phrase(text):
            return _together(_of_words(part.asked[:1], known) for run in read_all(text) for part in run.parts)
        case AllOf(terms):
            return _together(share(each, known, languages) for each in terms)
        case AnyOf(terms):
            return min(1.0, sum(share(each, known, languages) for each in terms))
        case Not() | None:
            return 1.0


def _of_word(word: Word, known: Statistics, languages: Collection[str]) -> float:
    if word.prefix:
        return _of_words([f"{_last(word)}*"], known)
    parts = (part for run in read_all(word.text) for part in run.parts)
    return _together(_of_words(words_of(part, languages), known) for part in parts)


def _of_words(words: Collection[str], known: Statistics) -> float:
    return min(1.0, sum(known.words.get(word, 0) for word in words) / max(1, known.total))


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
    last = _any([month for month, _rows in inside]) if (start or end) and len(inside) <= _MOST_MONTHS else ""
    if expected * sum(rows for _month, rows in inside) <= FEW:
        return [last]
    first = _first(expected, inside)
    sizes = [size for size in (first, first * WIDER) if size < min(len(inside), _MOST_MONTHS)]
    return [*(_any([month for month, _rows in inside[:size]]) for size in sizes), last]


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
