"""How far a search looks and how long it may take, and that neither loses anything."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import connection

from aggregator.models import Post
from aggregator.search import finding, windows
from aggregator.search.matching import Sort, Tab, TooSlow
from aggregator.search.posts import index_posts
from bloghub.people.models import Person
from tests.aggregator.search.asked import Tell, ask, count_words, titles


def test_a_narrow_window_is_widened_until_it_holds_enough(
    tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With wrong numbers: everything is expected in the newest month, and is years older."""
    for years in range(1, 6):
        tell(f"Turbine {years}", ago=timedelta(days=365 * years))
    count_words()
    monkeypatch.setattr(windows, "FEW", 0)
    monkeypatch.setattr(windows, "PLENTY", 1)
    for sort in Sort:
        answer = ask("turbine", aino, sort=sort)
        assert titles(answer) == [f"Turbine {years}" for years in range(1, 6)]


def test_a_window_that_holds_enough_is_not_widened(tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    tell("New turbine")
    tell("Old turbine", ago=timedelta(days=900))
    tell("Old news", "of the turbine", ago=timedelta(days=800))
    count_words()
    monkeypatch.setattr(windows, "FEW", 0)
    monkeypatch.setattr(windows, "PLENTY", 1)
    monkeypatch.setattr(finding, "ENOUGH", 1)
    answer = ask("turbine", aino)
    assert titles(answer) == ["New turbine", "Old turbine"]  # whatever has it in its title is a candidate
    assert answer.counts[Tab.ALL].more


@pytest.mark.parametrize("days", ["after:2020 before:2025", "before:2025", "after:2020"])
def test_what_nobody_has_counted_yet_is_found_by_its_day(tell: Tell, aino: Person, days: str) -> None:
    known, new = tell("Turbine"), tell("Old turbine")
    Post.objects.filter(pk=known.pk).update(published_at=datetime(2024, 3, 5, tzinfo=UTC))
    index_posts([known.pk])
    count_words()
    Post.objects.filter(pk=new.pk).update(published_at=datetime(2021, 2, 5, tzinfo=UTC))
    index_posts([new.pk])
    assert titles(ask(f"turbine {days}", aino, sort=Sort.DATE)) == ["Turbine", "Old turbine"]


def test_a_search_that_takes_too_long_is_given_up(tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    tell("Turbine")
    slow = finding._LIMITS + " SELECT pg_sleep(0.2);"
    monkeypatch.setattr(finding, "_LIMITS", slow)
    monkeypatch.setattr(finding, "QUICKLY", 20)
    assert titles(ask("turbine", aino)) == ["Turbine"]  # heavy, but there is time
    monkeypatch.setattr(finding, "AT_MOST", 50)
    with pytest.raises(TooSlow) as given_up:
        ask("turbine", aino)
    assert not given_up.value.busy


def test_the_limits_of_a_search_end_before_its_transaction(tell: Tell, aino: Person) -> None:
    """A COMMIT that is cut short leaves a connection on which all that follows fails."""
    with connection.cursor() as cursor:
        cursor.execute("SHOW statement_timeout")
        before = cursor.fetchone()
        assert ask("pump", aino).total == 0
        cursor.execute("SHOW statement_timeout")
        assert cursor.fetchone() == before


def test_empty_and_senseless_queries_find_nothing(aino: Person) -> None:
    for text in (
        "",
        "   ",
        "!&|():*<->",
        "-",
        "🙂🙂",
        "\x00",
        "' OR 1=1 --",
        '"',
        "a" * 10_000,
        "-a -b",
        "before:1970",
    ):
        assert ask(text, aino).hits == []


def test_plans_are_kept_for_what_most_searches_ask_and_for_nothing_else(tell: Tell, aino: Person) -> None:
    tell("Pump"), tell("Ship")

    def kept() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%aggregator_searchable%'")
            return int(cursor.fetchone()[0])

    assert titles(ask("pump", aino)) == ["Pump"]
    known = kept()
    assert known
    assert titles(ask("ship", aino)) == ["Ship"] and titles(ask("pump lang:en", aino)) == ["Pump"]
    assert titles(ask("ship -has:comments", aino)) == ["Ship"] and titles(ask("pump after:2020", aino)) == ["Pump"]
    assert kept() == known
