"""The words search knows: counted in the background, each row once, and anew by a command."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aggregator.models import Blog, Feed, Post, SearchForm, SearchMonth, SearchWord
from aggregator.search import vocabulary, windows
from aggregator.search.vocabulary import count_anew, count_more
from aggregator.tasks import count_words
from bloghub.people.models import Person
from tests.aggregator.incoming import incoming, store_posts
from tests.aggregator.search.asked import ask, titles

pytestmark = pytest.mark.django_db


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog().feeds.get()


def counts() -> dict[str, int]:
    return dict(SearchWord.objects.values_list("word", "documents"))


def test_words_and_months_are_counted_once_a_row(feed: Feed) -> None:
    store_posts(feed, *(incoming(guid, content_html="<p>pumps</p>") for guid in "ab"))
    count_words()  # notes how far the rows have come
    count_words()
    count_words()
    assert (counts()["pumps"], counts()["title"]) == (2, 2)
    assert dict(SearchMonth.objects.values_list("month", "documents")) == {"202611": 2}
    store_posts(feed, incoming("c", content_html="<p>pumps</p>"))
    count_words()
    count_words()
    assert counts()["pumps"] == 3


def test_a_new_word_is_found_as_it_is_written_at_once_and_by_its_other_forms_when_it_is_counted(
    feed: Feed, aino: Person
) -> None:
    store_posts(feed, incoming("a", content_html="<p>They were humming</p>"))
    assert titles(ask("humming", aino, forgiving=False)) == ["Title of a"]
    assert not titles(ask("hums", aino, forgiving=False))
    count_words()
    count_words()
    assert titles(ask("hums", aino, forgiving=False)) == ["Title of a"]
    assert not titles(ask('"hums"', aino, forgiving=False))


def test_a_word_has_the_stems_of_the_languages_it_was_met_in(feed: Feed) -> None:
    say = "<p>Die Messungen</p>"
    store_posts(feed, incoming("a", content_html=say, language="de"), incoming("b", content_html=say, language=""))
    list(count_anew())
    assert set(SearchForm.objects.filter(word="messungen").values_list("stem", "word")) == {("messung", "messungen")}
    Post.objects.all().delete()
    list(count_anew())
    assert not SearchForm.objects.exists()


def test_of_a_stem_with_many_forms_the_most_common_are_asked(
    feed: Feed, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(windows, "_MOST_FORMS", 1)
    for guid, words in {"a": "pumping", "b": "pumping", "c": "pumps"}.items():
        store_posts(feed, incoming(guid, content_html=f"<p>{words}</p>", language="en"))
    list(count_anew())
    assert sorted(titles(ask("pumped", aino, forgiving=False))) == ["Title of a", "Title of b"]


def test_only_words_that_people_write_are_kept(feed: Feed) -> None:
    store_posts(feed, incoming("a", content_html="<p>pumps</p>", tags=("Sea",)))
    list(count_anew())
    assert not [word for word in counts() if word[0] in "~=:"]


def test_rows_are_counted_a_chunk_at_a_time(feed: Feed, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(vocabulary, "CHUNK", 2)
    store_posts(feed, *(incoming(guid, content_html="<p>pumps</p>") for guid in "abc"))
    assert [count_more(), count_more(), count_more(), count_more()] == [0, 2, 1, 0]
    assert counts()["pumps"] == 3


def test_what_is_gone_is_forgotten_when_words_are_counted_anew(feed: Feed) -> None:
    store_posts(feed, incoming("a", content_html="<p>pumps</p>"), incoming("b"))
    assert list(count_anew()) == [2]
    Post.objects.filter(guid="a").delete()
    list(count_anew())
    assert "pumps" not in counts() and counts()["title"] == 1
