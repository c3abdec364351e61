"""What a search makes of a query that finds little: corrected, loosened, and said so."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth.models import Group

from aggregator.search import finding, matching, vocabulary, windows
from aggregator.search.matching import TooSlow
from bloghub.people.models import Person
from tests.aggregator.pages import tag
from tests.aggregator.search.asked import Tell, ask, count_words, titles


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
    count_words()
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
    count_words()
    assert ask("trubine", aino).correction == "turbine"
    asked = iter([finding.by_relevance])

    def only_once(*wish: Any) -> Any:
        for ask_it in asked:
            return ask_it(*wish)
        raise TooSlow(busy=False)

    monkeypatch.setattr(matching, "by_relevance", only_once)
    assert titles(ask("trubine", aino)) == ["Trubine"]


def test_what_both_spellings_find_is_shown_once(tell: Tell, aino: Person) -> None:
    for number in range(6):
        tell(f"Turbine {number}")
    tell("Valve of the turbine")
    count_words()
    answer = ask("turbnie OR valve", aino)
    assert answer.correction == "turbine OR valve"
    assert sorted(titles(answer)) == [*(f"Turbine {number}" for number in range(6)), "Valve of the turbine"]


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


def test_a_misspelt_word_of_a_phrase_is_corrected(tell: Tell, aino: Person) -> None:
    for number in range(6):
        tell(f"Heat turbine {number}")
    count_words()
    answer = ask('"heat trubine"', aino)
    assert (answer.correction, answer.corrected, answer.total) == ('"heat turbine"', True, 6)


def test_all_misspelt_words_are_corrected_together(tell: Tell, aino: Person) -> None:
    for number in range(6):
        tell(f"Gearbox of turbine {number}")
    tell("The trubine of somebody who wrote in haste")
    count_words()
    answer = ask("gearbxo trubine", aino)
    assert (answer.correction, answer.total) == ("gearbox turbine", 6)


def test_the_nearest_word_is_not_taken_when_another_finds_something(tell: Tell, aino: Person) -> None:
    for number in range(9):
        tell(f"Harbour {number}")
        tell(f"Line {number}")
    tell("Lane to the harbour")
    tell("Lane"), tell("Lane")
    count_words()
    answer = ask("harbuor lzne", aino)
    assert (answer.correction, titles(answer)) == ("harbour lane", ["Lane to the harbour"])


def test_what_is_corrected_is_loosened_as_it_was_meant(tell: Tell, aino: Person) -> None:
    for number in range(6):
        tell(f"Turbine {number}")
    count_words()
    answer = ask("trubine xylophonic", aino)
    assert (answer.correction, answer.loosened, answer.total) == ("turbine", ("xylophonic",), 6)
    assert [query.text for query in answer.queries] == ["turbine"]


def test_words_are_left_out_until_something_is_found(tell: Tell, aino: Person) -> None:
    tell("Gearbox of a turbine")
    for word in ("valve", "flange", "rotor", "stator", "nozzle", "shaft"):
        tell(word)
    tell("Gearbox"), tell("Turbine")
    count_words()
    answer = ask("gearbox turbine valve flange rotor stator nozzle shaft", aino)
    assert titles(answer) == ["Gearbox of a turbine"]
    answer = ask("gearbox turbine xylophonic zyzzyva", aino)
    assert (titles(answer), answer.loosened) == (["Gearbox of a turbine"], ("xylophonic", "zyzzyva"))


def test_one_filter_is_left_out_before_all_are(tell: Tell, aino: Person) -> None:
    tell("Gearbox"), tell("Gearbox auf Deutsch", language="de")
    answer = ask("gearbox lang:de tag:nothing", aino)
    assert (titles(answer), answer.loosened) == (["Gearbox auf Deutsch"], ("tag:nothing",))


def test_a_prefix_of_very_many_words_is_said_to_be_asked_by_a_few(
    tell: Tell, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    tell("Turbine"), tell("Turbot")
    count_words()
    assert ask("turb*", aino).notes == ()
    monkeypatch.setattr(windows, "_BROAD", 1)
    assert [(note.code, note.about) for note in ask("turb*", aino).notes] == [("broad-prefix", "turb*")]
