"""The words search knows, their stems, and in how many rows they stand, counted in the background: for the other forms
of what is asked, for "did you mean", and for guesses at how much a query will find. Months are counted with them.

A word that is too new to be counted is found as it is written, and by its other forms half a minute later. The numbers
are guesses. Rows are counted once, in the order of their ids: what an edit brings or takes is not noticed, nor that a
row has gone; ``manage.py index_search --words`` counts from the start.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from django.db import connection, transaction
from django.db.models import Max, QuerySet

from aggregator.models import Searchable, SearchForm, SearchMonth, SearchTally, SearchWord
from bloghub.lib.stems import stems

CHUNK = 2000  # rows a transaction

# What lexemes.py makes of words begins with one of these signs
_COUNT_WORDS = """
    INSERT INTO aggregator_searchword (word, documents)
    SELECT word, ndoc FROM ts_stat(format(
        'SELECT words FROM aggregator_searchable WHERE id > %%s AND id <= %%s AND language = %%L',
        %s::bigint, %s::bigint, %s))
     WHERE left(word, 1) NOT IN (':', '=', '~') ORDER BY word
        ON CONFLICT (word) DO UPDATE SET documents = aggregator_searchword.documents + excluded.documents
    RETURNING word
"""
_KEEP_FORMS = """
    INSERT INTO aggregator_searchform (stem, word)
    SELECT stem, word FROM unnest(%s::text[], %s::text[]) AS one (stem, word) ORDER BY stem, word
        ON CONFLICT DO NOTHING
"""
_COUNT_MONTHS = """
    INSERT INTO aggregator_searchmonth (month, documents)
    SELECT to_char(published_at AT TIME ZONE 'UTC', 'YYYYMM'), count(*) FROM aggregator_searchable
     WHERE id > %s AND id <= %s GROUP BY 1 ORDER BY 1
        ON CONFLICT (month) DO UPDATE SET documents = aggregator_searchmonth.documents + excluded.documents
"""


def count_more() -> int:
    """Counts the next rows, a chunk of them; returns how many. 0 when there are none, or somebody else is at it."""
    with transaction.atomic():
        tally = _tallies().select_for_update(skip_locked=True).first()
        return _count(tally) if tally else 0


def count_anew() -> Iterator[int]:
    """Counts from the start, telling after each chunk how many rows there were so far; all of it in one transaction, so
    that searches have the old numbers until it is done. Somebody else who is counting is waited for."""
    with transaction.atomic():
        tally = _tallies().select_for_update().get()
        SearchForm.objects.all().delete()
        SearchWord.objects.all().delete()
        SearchMonth.objects.all().delete()
        tally.counted_to, tally.seen_to, done = 0, _newest(), 0
        while rows := _count(tally):
            done += rows
            yield done


def _tallies() -> QuerySet[SearchTally]:
    SearchTally.objects.get_or_create(pk=1)
    return SearchTally.objects.filter(pk=1)


def _count(tally: SearchTally) -> int:
    """Up to where the rows had come when they were counted before: ids are given out before they are committed, so the
    newest may still miss some that no later look would find."""
    waiting = Searchable.objects.filter(pk__gt=tally.counted_to, pk__lte=tally.seen_to)
    chunk = list(waiting.order_by("pk").values_list("pk", flat=True)[:CHUNK])
    if chunk:
        _count_rows(waiting.filter(pk__lte=chunk[-1]), [tally.counted_to, chunk[-1]])
        tally.counted_to = chunk[-1]
    else:
        tally.seen_to = max(tally.seen_to, _newest())
    tally.save(update_fields=["counted_to", "seen_to"])
    return len(chunk)


def _count_rows(rows: QuerySet[Searchable], between: Sequence[int]) -> None:
    """Language by language, as these decide about stems."""
    languages = sorted(rows.order_by().values_list("language", flat=True).distinct())
    with connection.cursor() as cursor:
        for language in languages:
            cursor.execute(_COUNT_WORDS, [*between, language])
            keep_forms((word for (word,) in cursor.fetchall()), language)
        cursor.execute(_COUNT_MONTHS, between)


def keep_forms(words: Iterable[str], language: str) -> None:
    """Words that texts of this language hold are found by their stems."""
    inflected = [(stem, word) for word in words if word.isalpha() for stem in stems(word, language) if stem != word]
    with connection.cursor() as cursor:
        cursor.execute(_KEEP_FORMS, [[stem for stem, _word in inflected], [word for _stem, word in inflected]])


def _newest() -> int:
    return Searchable.objects.aggregate(newest=Max("pk"))["newest"] or 0
