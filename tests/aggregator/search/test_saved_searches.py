"""Saved searches: one's own list, keeping one, what it finds, changing and forgetting it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Post, SavedSearch, SavedSearchKey
from aggregator.search import saving
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.pages import text_of
from tests.aggregator.search.asked import count_words

FORM = {"name": "Our seals", "query": "seal", "is_told": "on"}


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def saved(aino: Person) -> SavedSearch:
    return saving.save(aino, Wanted("Our seals", "seal", True), timezone.now())


@pytest.fixture
def seals(make_post: Callable[..., Post]) -> list[Post]:
    posts = [make_post(title=f"Seals {number}") for number in range(3)]
    index_posts([post.pk for post in posts])
    return posts


def test_one_is_kept_under_its_name(reader: Client, aino: Person) -> None:
    answer = reader.post("/searches/new/", FORM | {"query": "  seal   OR   pump "})
    saved = SavedSearch.objects.get()
    assert answer["Location"] == f"/searches/{saved.pk}/"
    assert (saved.person, saved.name, saved.query, saved.is_told) == (aino, "Our seals", "seal OR pump", True)
    assert "Our seals" in text_of(reader, "/searches/")


def test_the_same_search_twice_is_one(reader: Client) -> None:
    first = reader.post("/searches/new/", FORM)
    again = reader.post("/searches/new/", FORM | {"name": "Seals", "query": " seal "})
    assert again["Location"] == first["Location"]
    assert [saved.name for saved in SavedSearch.objects.all()] == ["Seals"]


def test_without_a_name_it_is_called_by_its_words(reader: Client) -> None:
    reader.post("/searches/new/", {"query": "seal " * 30, "name": " "})
    saved = SavedSearch.objects.get()
    assert saved.name == saved.query[:80]
    assert not saved.is_told


@pytest.mark.parametrize("query", ["", "   ", '"', "!!!", "\x00"])
def test_what_looks_for_nothing_is_refused(query: str, reader: Client) -> None:
    answer = reader.post("/searches/new/", FORM | {"query": query})
    assert answer.status_code == 422
    words = "There is no word in this" if query in ('"', "!!!") else "Type what you are looking for"
    assert words in answer.content.decode() or query == "\x00"
    assert not SavedSearch.objects.exists()


def test_a_name_that_is_too_long_is_refused(reader: Client) -> None:
    answer = reader.post("/searches/new/", FORM | {"name": "n" * 81})
    assert answer.status_code == 422
    assert "n" * 81 in answer.content.decode()


def test_there_is_an_end_to_them(reader: Client, monkeypatch: pytest.MonkeyPatch, saved: SavedSearch) -> None:
    monkeypatch.setattr(saving, "MOST", 1)
    answer = reader.post("/searches/new/", FORM | {"query": "pump"})
    assert answer.status_code == 422
    assert "as many as can be" in answer.content.decode()
    assert reader.post("/searches/new/", FORM).status_code == 302


def test_it_shows_what_it_finds_newest_first(reader: Client, saved: SavedSearch, seals: list[Post]) -> None:
    count_words()
    html = text_of(reader, f"/searches/{saved.pk}/")
    assert html.index("</mark> 2") < html.index("</mark> 1") < html.index("</mark> 0")


def test_what_is_only_like_it_is_not_shown(reader: Client, aino: Person, seals: list[Post]) -> None:
    saved = saving.save(aino, Wanted("Sails", "seasl", True), timezone.now())
    assert "It has found nothing yet" in text_of(reader, f"/searches/{saved.pk}/")


def test_opened_it_is_read(reader: Client, saved: SavedSearch, seals: list[Post]) -> None:
    tell_of_matches(timezone.now())
    assert Notification.objects.filter(read_at=None).count() == 3
    text_of(reader, f"/searches/{saved.pk}/")
    assert not Notification.objects.filter(read_at=None).exists()


def test_its_pages_ask_as_much_however_much_there_is(
    reader: Client, saved: SavedSearch, seals: list[Post], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    text_of(reader, f"/searches/{saved.pk}/")
    with django_assert_max_num_queries(16):
        text_of(reader, f"/searches/{saved.pk}/")
    with django_assert_max_num_queries(4):
        text_of(reader, "/searches/")


def test_it_is_changed(reader: Client, saved: SavedSearch) -> None:
    assert 'value="seal"' in text_of(reader, f"/searches/{saved.pk}/edit/")
    answer = reader.post(f"/searches/{saved.pk}/edit/", {"name": "Pumps", "query": "pump"})
    assert answer["Location"] == f"/searches/{saved.pk}/"
    saved.refresh_from_db()
    assert (saved.name, saved.query, saved.is_told) == ("Pumps", "pump", False)
    assert "pump" in SavedSearchKey.objects.values_list("lexeme", flat=True)
    assert "seal" not in SavedSearchKey.objects.values_list("lexeme", flat=True)


def test_it_is_not_changed_into_another(reader: Client, aino: Person, saved: SavedSearch) -> None:
    saving.save(aino, Wanted("Pumps", "pump", True), timezone.now())
    answer = reader.post(f"/searches/{saved.pk}/edit/", FORM | {"query": "pump"})
    assert answer.status_code == 422
    assert "You have saved this already, as “Pumps”." in answer.content.decode()


def test_it_is_forgotten_with_what_was_told_of_it(reader: Client, saved: SavedSearch, seals: list[Post]) -> None:
    tell_of_matches(timezone.now())
    assert "Our seals" in text_of(reader, f"/searches/{saved.pk}/delete/")
    for _twice in range(2):
        assert reader.post(f"/searches/{saved.pk}/delete/")["Location"] == "/searches/"
    assert not SavedSearch.objects.exists()
    assert not Notification.objects.exists()


@pytest.mark.parametrize("page", ["", "edit/", "delete/"])
def test_anothers_is_not_there(page: str, client: Client, bo: Person, saved: SavedSearch) -> None:
    client.force_login(bo)
    assert client.get(f"/searches/{saved.pk}/{page}").status_code == 404
    client.post(f"/searches/{saved.pk}/{page}", FORM | {"name": "Mine now"})
    assert SavedSearch.objects.get().name == "Our seals"
    assert "Our seals" not in text_of(client, "/searches/")


@pytest.mark.parametrize("path", ["", "new/", "1/", "1/edit/", "1/delete/"])
def test_they_need_sign_in(path: str, client: Client, saved: SavedSearch) -> None:
    for answer in (client.get(f"/searches/{path}"), client.post(f"/searches/{path}", FORM)):
        assert answer.status_code == 302
        assert "/sign-in/" in answer["Location"]


def test_the_results_offer_to_save_the_search(reader: Client, seals: list[Post]) -> None:
    html = text_of(reader, "/search/?q=seal")
    assert 'action="/searches/new/"' in html
    assert '<input type="hidden" name="query" value="seal">' in html
    reader.post("/searches/new/", FORM)
    html = text_of(reader, "/search/?q=seal")
    assert 'action="/searches/new/"' not in html
    assert "Our seals" in html
