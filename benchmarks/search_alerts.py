"""What saved searches cost: matching a new post, and telling of it, when 10,000 searches are saved.

Matching is compared with asking every search for the post, which must find the same.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from statistics import median

from django.db import connection
from django.utils import timezone

from aggregator.models import MatchTally, Post, SavedSearch, SavedSearchKey, Searchable, SearchWord, Tag
from aggregator.search import alerting, saving
from aggregator.search.alerting import matches
from benchmarks.fill import Company
from benchmarks.fill_search import SearchFill
from benchmarks.harness import Hub, WrongResultError, cost_of, heading, milliseconds, percentile, table
from bloghub.notifications.models import Notification

GOAL = 5.0  # ms
_NAIVE = """
    SELECT saved.id FROM aggregator_searchable AS fresh JOIN aggregator_savedsearch AS saved
        ON saved.after < fresh.id AND saved.person_id IS DISTINCT FROM fresh.author_id
     WHERE fresh.id = %s AND fresh.words @@ saved.asked
"""


@dataclass(frozen=True, slots=True)
class Load:
    posts: int = 20_000
    searches: Sequence[int] = (1_000, 10_000)
    rows: int = 200  # new posts and comments that are matched
    compared: int = 20  # of them, those that are asked the long way, too


QUICK = Load(posts=2_000, searches=(100, 1_000), rows=40, compared=5)


def run(hub: Hub, *, quick: bool) -> None:
    """Prints the table; WrongResultError when the short way finds other searches than the long one."""
    load = QUICK if quick else Load()
    heading(
        f"Saved searches: matching new posts at {load.posts:,} posts",
        "Searches of words, phrases, alternatives, tags and prefixes, mostly of words that few posts hold. "
        f"{load.rows} new rows one by one and all at once, in PostgreSQL and by its CPU; {load.compared} of them the "
        "long way, asking every search. "
        f"Goal: {GOAL:.0f} ms for one post and 10,000 searches.",
    )
    company = Company()
    company.grow(load.posts)
    SearchFill(company).grow(load.posts)
    rows = list(Searchable.objects.order_by("-published_at").values_list("pk", flat=True)[: load.rows])
    searches, lines = _searches(), []
    for count in load.searches:
        seconds = _save(company, searches, count)
        lines.append((f"{count:,}", milliseconds(seconds / count), *_matched(hub, rows, load)))
    head = ["saved", "inverting, each", "keys", "asked by every row", "one row: p50 / p95", "CPU, a row"]
    table([*head, "200 at once, a row", "found, a row", "the long way: p50", "ratio"], lines)
    print(_told(rows))


def _searches() -> Iterator[str]:
    """Queries without end, always the same ones."""
    chance = random.Random(4)
    words = SearchWord.objects.filter(word__regex="^[a-z]{4,}$").exclude(word__startswith="zq")
    rare = list(words.filter(documents__lte=40).order_by("pk").values_list("word", flat=True)[:20_000])
    common = list(words.order_by("-documents", "pk").values_list("word", flat=True)[:400])
    titles = [title.split() for title in Post.objects.order_by("pk").values_list("title", flat=True)[:500]]
    phrases = [" ".join(title[:2]) for title in titles if len(title) > 1]
    tags = list(Tag.objects.order_by("pk").values_list("slug", flat=True)[:300])
    rare = rare or common

    def two(of: Sequence[str]) -> tuple[str, str]:
        return chance.choice(of), chance.choice(of)

    kinds: list[tuple[int, Callable[[], str]]] = [
        (50, lambda: chance.choice(rare)),
        (15, lambda: f"{chance.choice(common)} {chance.choice(rare)}"),
        (10, lambda: " ".join(two(common))),
        (10, lambda: f'"{chance.choice(phrases)}"'),
        (8, lambda: " OR ".join(two(rare))),
        (3, lambda: f"{chance.choice(rare)} -{chance.choice(common)}"),
        (2, lambda: f"{chance.choice(rare)} #{chance.choice(tags)}"),
        (1, lambda: f"#{chance.choice(tags)}"),
        (1, lambda: f"{chance.choice(rare)[:5]}*"),
    ]
    weights = [weight for weight, _make in kinds]
    while True:
        yield chance.choices(kinds, weights)[0][1]()


def _save(company: Company, searches: Iterator[str], count: int) -> float:
    """So many in all, as their owners would have saved them; the seconds of inverting them."""
    SavedSearch.objects.all().delete()
    now, seen = timezone.now(), set[tuple[int, str]]()
    while len(seen) < count:
        seen.add((company.people[len(seen) % len(company.people)].pk, saving.read(next(searches), now).text))
    made = [SavedSearch(person_id=person, name=query[:80], query=query, after=0) for person, query in sorted(seen)]
    SavedSearch.objects.bulk_create(made, batch_size=1000)
    start = time.perf_counter()
    inverted = sum(saving.renew(now))
    seconds = time.perf_counter() - start
    if inverted != count:
        raise WrongResultError(f"{inverted} searches were inverted, not {count}")
    with connection.cursor() as cursor:
        cursor.execute("VACUUM (ANALYZE) aggregator_savedsearch, aggregator_savedsearchkey")
    return seconds


def _matched(hub: Hub, rows: Sequence[int], load: Load) -> tuple[str, ...]:
    matches(rows[:5])  # warm
    times, found = [], {}

    def one_by_one() -> None:
        for row in rows:
            start = time.perf_counter()
            found[row] = [search for search, _row in matches([row])]
            times.append(time.perf_counter() - start)

    cost = cost_of(one_by_one, {"PostgreSQL": hub.server_pids["PostgreSQL"]})
    start = time.perf_counter()
    together = matches(rows)
    batch = time.perf_counter() - start
    if sorted(together) != sorted((search, row) for row in rows for search in found[row]):
        raise WrongResultError("rows that are matched together have other matches than one by one")
    wordless = set(SavedSearch.objects.filter(asked=None).values_list("pk", flat=True))
    long = [_the_long_way(row, set(found[row]) - wordless) for row in rows[: load.compared]]
    everywhere = SavedSearchKey.objects.filter(lexeme="").count()
    return (
        f"{SavedSearchKey.objects.count():,}",
        f"{everywhere:,}",
        f"{milliseconds(median(times))} / {milliseconds(percentile(times, 0.95))}",
        milliseconds(cost.cpu["PostgreSQL"] / len(rows)),
        milliseconds(batch / len(rows)),
        f"{len(together) / len(rows):.1f}",
        milliseconds(median(long)),
        f"{median(long) / median(times):.0f}",
    )


def _the_long_way(row: int, found: set[int]) -> float:
    """Asks every search that has words; the seconds it took."""
    with connection.cursor() as cursor:
        start = time.perf_counter()
        cursor.execute(_NAIVE, [row])
        there = {search for (search,) in cursor.fetchall()}
        seconds = time.perf_counter() - start
    if there != found:
        raise WrongResultError(f"row {row} is found by {len(there)} searches, and matched with {len(found)}")
    return seconds


def _told(rows: Sequence[int]) -> str:
    """The same rows as they come in: everything from the watermark to the last notification."""
    now = timezone.now().astimezone(UTC)
    Searchable.objects.filter(pk__in=rows).update(published_at=now)
    MatchTally.objects.update_or_create(pk=1, defaults={"matched_to": 0})
    start = time.perf_counter()
    matched = alerting.tell_of_matches(datetime.now(UTC))
    seconds = time.perf_counter() - start
    told = Notification.objects.count()
    twice = alerting.tell_of_matches(datetime.now(UTC))
    if matched != len(rows) or twice or Notification.objects.count() != told:
        raise WrongResultError(f"{matched} rows were matched, then {twice}, not {len(rows)} and none")
    return (
        f"Told of {matched} new rows by the task: {told:,} notifications in {seconds:.1f} s, "
        f"{milliseconds(seconds / max(1, told))} each; run again, none.\n"
    )
