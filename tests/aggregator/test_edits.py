"""Small changes that come with every fetch end after a while; what somebody has really changed comes through."""

from __future__ import annotations

import pytest

from aggregator.polling.edits import SMALL_EDITS, Told, edits_after, is_real

TEXT = " ".join(f"word{'abcdefghij'[n % 10]}{'klmnopqrst'[n // 10 % 10]}" for n in range(200))
BEFORE = Told("On boats", f"{TEXT} Read 17 times since 09:30.")


@pytest.mark.parametrize(
    "after",
    [
        f"{TEXT} Read 18 times since 10:45.",
        f"{TEXT} Read 1,018 times since yesterday.",
        f"{TEXT} Read 17 times since 09:30. Ships sail",
        TEXT,
    ],
)
def test_numbers_and_a_few_words_are_no_real_edit(after: str) -> None:
    assert not is_real(BEFORE, Told("On boats", after))


@pytest.mark.parametrize(
    "after",
    [
        Told("On ships", BEFORE.text),
        Told("On boats", BEFORE.text + " A postscript of ten words that readers would wish to know."),
        Told("On boats", " ".join(TEXT.split()[:150])),
        Told("On boats", ""),
    ],
)
def test_another_title_or_other_words_are_a_real_edit(after: Told) -> None:
    assert is_real(BEFORE, after)


def test_texts_without_spaces_have_words_too() -> None:
    text = "我們在港口看到了很多船隻和海豹，它們都在休息。" * 5
    assert is_real(Told("船", text), Told("船", text + "今天的天氣很好，我們決定出海去看看遠方的島嶼。"))
    assert not is_real(Told("船", text + "閱讀17次"), Told("船", text + "閱讀18次"))


def test_small_edits_are_counted_until_they_are_too_many() -> None:
    edits: int | None = 0
    written = 0
    while edits is not None and (edits := edits_after(edits, real=False)) is not None:
        written += 1
    assert written == SMALL_EDITS == 24


def test_a_real_edit_is_always_written_and_starts_anew() -> None:
    assert edits_after(SMALL_EDITS, real=True) == 0
    assert edits_after(3, real=True) == 0
