"""What a search finds, in which order, and for whom."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from aggregator.search.matching import Sort, Tab
from bloghub.people.models import Person
from tests.aggregator.search.asked import Tell, ask, count_words, facet, reply, titles

# --- what is found, and in which order -------------------------------------------------------------------------------


def test_a_word_in_the_title_stands_above_news_that_mention_it(tell: Tell, aino: Person) -> None:
    tell("Weather", "a storm of engines", ago=timedelta(days=2))
    tell("Engines", "of ships", ago=timedelta(days=900))
    tell("Other", "nothing")
    count_words()
    answer = ask("engine", aino)
    assert titles(answer) == ["Engines", "Weather"]
    assert answer.counts[Tab.ALL].number == 2


def test_of_two_that_fit_as_well_the_newer_one_comes_first(tell: Tell, aino: Person) -> None:
    tell("First", "the turbine runs", ago=timedelta(days=500))
    tell("Second", "the turbine runs")
    assert titles(ask("turbine", aino)) == ["Second", "First"]


def test_of_two_as_old_the_one_that_people_voted_for_comes_first(tell: Tell, aino: Person) -> None:
    tell("Liked", "the turbine runs", vote_count=9, ago=timedelta(days=2))
    tell("Passed by", "the turbine runs", ago=timedelta(days=2))
    assert titles(ask("turbine", aino)) == ["Liked", "Passed by"]


def test_words_side_by_side_stand_above_words_far_apart(tell: Tell, aino: Person) -> None:
    far = "heat " + "and so on " * 30 + "pump"
    tell("Far", far)
    tell("Near", "a heat pump " + "and so on " * 30, ago=timedelta(hours=2))
    assert titles(ask("heat pump", aino)) == ["Near", "Far"]
    assert titles(ask('"heat pump"', aino)) == ["Near"]


def test_the_very_word_stands_above_another_of_its_stem(tell: Tell, aino: Person) -> None:
    tell("One", "they measure it")
    tell("Other", "we measured it", ago=timedelta(hours=2))
    count_words()
    assert titles(ask("measured", aino)) == ["Other", "One"]


def test_comments_stand_in_the_same_list_with_tabs_of_their_own(tell: Tell, aino: Person) -> None:
    post = tell("Gearbox", "the gearbox is loud")
    comment = reply(post, aino, "Which gearbox is it?")
    answer = ask("gearbox", aino)
    assert [(hit.kind, hit.comment_id) for hit in answer.hits] == [("p", None), ("c", comment.pk)]
    assert {tab: count.number for tab, count in answer.counts.items()} == {"all": 2, "posts": 1, "comments": 1}
    only = ask("gearbox", aino, tab=Tab.COMMENTS)
    assert [hit.comment_id for hit in only.hits] == [comment.pk]
    assert only.counts == answer.counts


@pytest.mark.parametrize("sort", Sort)
def test_pages_show_every_hit_once_and_lead_back(tell: Tell, aino: Person, make_blog: Any, sort: Sort) -> None:
    blog = make_blog()
    for number in range(45):
        tell(f"Valve {number}", ago=timedelta(hours=number), blog=blog)
    pages = [ask("valve", aino, sort=sort)]
    while pages[-1].older:
        pages.append(ask("valve", aino, sort=sort, page=pages[-1].older))
    assert [len(page.hits) for page in pages] == [20, 20, 5]
    assert len({hit.post_id for page in pages for hit in page.hits}) == 45
    assert all(page.counts[Tab.ALL].number == 45 for page in pages)
    back = ask("valve", aino, sort=sort, page=pages[2].newer)
    assert [hit.post_id for hit in back.hits] == [hit.post_id for hit in pages[1].hits]
    assert back.newer
    assert back.older
    assert not pages[0].newer


def test_by_date_the_newest_comes_first_wherever_the_word_stands(tell: Tell, aino: Person) -> None:
    tell("Turbine", ago=timedelta(days=3))
    tell("News", "of the turbine")
    assert titles(ask("turbine", aino, sort=Sort.DATE)) == ["News", "Turbine"]


def test_facets_count_what_was_found(tell: Tell, make_blog: Any, aino: Person, bo: Person) -> None:
    engines, ships = make_blog("Engines"), make_blog("Ships")
    tell("Valve", blog=engines, author=bo)
    tell("Valve again", blog=engines, language="fi")
    reply(tell("A valve", blog=ships), aino, "valve!")
    answer = ask("valve", aino)
    assert facet(answer, "blog") == {engines.slug: 2, ships.slug: 2}
    assert facet(answer, "author") == {"bo": 1, "aino": 1}
    assert facet(answer, "team") == {"Sea Trials": 1, "Engine Lab": 1}
    assert facet(answer, "kind") == {"posts": 3, "comments": 1}
    assert facet(answer, "lang")["fi"] == 1
    assert facet(ask(f"valve blog:{ships.slug}", aino), "blog") == {ships.slug: 2}


# --- who may see it --------------------------------------------------------------------------------------------------


def test_a_restricted_blog_leaves_no_trace_for_those_outside(
    tell: Tell, make_blog: Any, crew: Group, aino: Person, bo: Person
) -> None:
    secret = make_blog("Secret", for_groups=(crew,))
    bo.groups.add(crew)
    tell("Zirconium", "plan", blog=secret)
    tell("Titanium plan")
    count_words()
    assert titles(ask("plan", bo)) == ["Titanium plan", "Zirconium"]
    for reader in (aino, AnonymousUser()):
        answer = ask("plan", reader)
        assert titles(answer) == ["Titanium plan"]
        assert answer.counts[Tab.ALL].number == 1
        assert secret.slug not in facet(answer, "blog")
        typo = ask("zirkonium", reader)
        assert (typo.hits, typo.correction) == ([], None)
        by_name = ask(f"plan blog:{secret.slug}", reader)
        assert [note.code for note in by_name.notes] == ["unknown-name"]
    assert ask("zirkonium", bo).correction == "zirconium"
