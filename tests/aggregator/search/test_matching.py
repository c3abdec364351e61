"""What a search finds, in which order, and for whom."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.utils import timezone

from aggregator.models import Post
from aggregator.search import finding, matching, vocabulary, windows
from aggregator.search.matching import Answer, Asked, Sort, Tab, TooSlow, search
from aggregator.search.posts import index_posts
from aggregator.search.query import parse
from bloghub.people.models import Person
from comments.models import Comment
from comments.search import index_comments
from tests.aggregator.pages import tag

Tell = Callable[..., Post]


@pytest.fixture
def tell(make_post: Callable[..., Post]) -> Tell:
    """Stores a post that search knows."""

    def told(title: str, text: str = "", *, tags: tuple[str, ...] = (), **columns: Any) -> Post:
        post = make_post(title=title, content_html=f"<p>{text}</p>", **columns)
        index_posts([post.pk])
        return post

    return told


def reply(post: Post, author: Person, text: str) -> Comment:
    """A comment that search knows."""
    number = Comment.objects.filter(post=post).count() + 1
    comment = Comment.objects.create(
        post=post,
        number=number,
        path=[number],
        author=author,
        body=text,
        html=f"<p>{text}</p>",
        renderer_version=1,
        published_at=timezone.now() - timedelta(minutes=number),
    )
    index_comments([comment.pk])
    return comment


def ask(text: str, reader: Person | AnonymousUser, **more: Any) -> Answer:
    now = timezone.now()
    return search(Asked(parse(text, now.date()), **more), reader, now)


def titles(answer: Answer) -> list[str]:
    posts = Post.objects.in_bulk([hit.post_id for hit in answer.hits])
    return [posts[hit.post_id].title for hit in answer.hits]


def facet(answer: Answer, name: str) -> dict[str, int]:
    return {value.value: value.count.number for each in answer.facets if each.name == name for value in each.values}


# --- what is found, and in which order -------------------------------------------------------------------------------


def test_a_word_in_the_title_stands_above_news_that_mention_it(tell: Tell, aino: Person) -> None:
    tell("Weather", "a storm of engines", ago=timedelta(days=2))
    tell("Engines", "of ships", ago=timedelta(days=900))
    tell("Other", "nothing")
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
    _count_words()
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


# --- forgiving -------------------------------------------------------------------------------------------------------


def _count_words() -> None:
    for _ in vocabulary.count_anew():
        pass


def test_no_correction_tells_a_word_that_only_others_may_read(
    tell: Tell, aino: Person, bo: Person, crew: Group, make_blog: Any
) -> None:
    crew.user_set.add(bo)
    tell("Turbine")
    tell("Codename Aurora", blog=make_blog("Secret", for_groups=(crew,)))
    for _step in vocabulary.count_anew():
        pass
    assert ask("trubine OR codenaem", bo).correction == "turbine OR codename"
    assert ask("trubine OR codenaem", aino).correction == "turbine OR codenaem"


def test_a_tag_that_only_others_use_is_as_unknown_as_one_that_nobody_uses(
    tell: Tell, aino: Person, bo: Person, crew: Group, make_blog: Any
) -> None:
    crew.user_set.add(bo)
    tell("Turbine")
    tag(tell("Raise", blog=make_blog("Secret", for_groups=(crew,))), "wages")
    assert [note.code for note in ask("turbine tag:wages", bo).notes] == []
    assert [note.code for note in ask("turbine tag:wages", aino).notes] == ["unknown-name"]
    assert [note.code for note in ask("turbine tag:nothing", aino).notes] == ["unknown-name"]


def test_a_misspelt_word_is_corrected_at_once_and_the_answer_says_so(tell: Tell, aino: Person) -> None:
    for number in range(8):
        tell(f"Calibration {number}")
    _count_words()
    answer = ask("calibartion", aino)
    assert (answer.correction, answer.corrected, len(answer.hits)) == ("calibration", True, 8)


def test_a_word_that_nobody_wrote_is_left_out_and_the_answer_says_so(tell: Tell, aino: Person) -> None:
    tell("Gearbox")
    answer = ask("gearbox xylophonic", aino)
    assert (titles(answer), answer.loosened) == (["Gearbox"], ("xylophonic",))


def test_what_was_found_is_shown_though_something_like_it_takes_too_long(
    tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("Trubine")
    for number in range(8):
        tell(f"Turbine {number}")
    _count_words()
    assert ask("trubine", aino).correction == "turbine"
    asked = iter([finding.by_relevance])

    def only_once(*wish: Any) -> Any:
        for ask_it in asked:
            return ask_it(*wish)
        raise TooSlow(busy=False)

    monkeypatch.setattr(matching, "by_relevance", only_once)
    assert titles(ask("trubine", aino)) == ["Trubine"]


def test_a_phrase_that_nobody_wrote_is_searched_as_words(tell: Tell, aino: Person) -> None:
    tell("Gearbox of a ship")
    assert titles(ask('"ship gearbox"', aino)) == ["Gearbox of a ship"]


def test_filters_are_left_out_last(tell: Tell, aino: Person) -> None:
    tell("Gearbox")
    answer = ask("gearbox lang:fi", aino)
    assert (titles(answer), answer.loosened) == (["Gearbox"], ("lang:fi",))


def test_what_is_nowhere_finds_nothing(tell: Tell, aino: Person) -> None:
    tell("Gearbox")
    answer = ask("xylophonic", aino)
    assert (answer.hits, answer.loosened, answer.correction) == ([], (), None)


# --- limits ----------------------------------------------------------------------------------------------------------


def test_a_narrow_window_is_widened_until_it_holds_enough(
    tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With wrong numbers: everything is expected in the newest month, and is years older."""
    for years in range(1, 6):
        tell(f"Turbine {years}", ago=timedelta(days=365 * years))
    _count_words()
    monkeypatch.setattr(windows, "FEW", 0)
    monkeypatch.setattr(windows, "PLENTY", 1)
    for sort in Sort:
        answer = ask("turbine", aino, sort=sort)
        assert titles(answer) == [f"Turbine {years}" for years in range(1, 6)]


def test_a_window_that_holds_enough_is_not_widened(tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    tell("New turbine")
    tell("Old turbine", ago=timedelta(days=900))
    tell("Old news", "of the turbine", ago=timedelta(days=800))
    _count_words()
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
    _count_words()
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
