"""The live river: who said what, newest first, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post, Tag
from bloghub.lib.paging import PAGE_SIZE
from bloghub.people.models import Person
from tests.aggregator.pages import tag, text_of, titles

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]
QUERIES = 3  # session with person, the bell, posts with all that their rows show


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.mark.parametrize("path", ["/", "/latest/"])
def test_it_shows_the_newest_first(reader: Client, make_post: MakePost, path: str) -> None:
    make_post(title="Older", ago=timedelta(hours=2))
    make_post(title="Newer", ago=timedelta(minutes=2))
    assert titles(text_of(reader, path)) == ["Newer", "Older"]


def test_a_row_says_who_from_where_and_when_before_the_title(reader: Client, make_post: MakePost, bo: Person) -> None:
    tag(make_post(title="Fog and soup", author=bo, ago=timedelta(minutes=11), word_count=900), "Sea trials", "C++")
    html = text_of(reader, "/latest/")
    parts = ["Bo Ekdahl", "Sea Trials, Turku", "11 min", "Fog and soup", "4 minutes to read", "Sea trials", "C++"]
    assert sorted(parts, key=html.index) == parts


@pytest.mark.parametrize(("words", "shown"), [(0, False), (540, False), (560, True)])
def test_only_what_takes_three_minutes_or_more_says_so(
    reader: Client, make_post: MakePost, words: int, shown: bool
) -> None:
    make_post(word_count=words)
    assert ("to read" in text_of(reader, "/latest/")) is shown


def test_a_writer_the_hub_does_not_know_leads_to_the_blog(
    reader: Client, make_blog: MakeBlog, make_post: MakePost
) -> None:
    make_post(blog := make_blog("Harbour notes"), author_name="Petra Kovács")
    html = text_of(reader, "/latest/")
    assert f'<a class="name elsewhere" href="{blog.get_absolute_url()}"><bdi>Petra Kovács</bdi></a>' in html


def test_without_a_title_the_first_words_stand_in_its_place(reader: Client, make_post: MakePost) -> None:
    make_post(title="", excerpt="The dashboard was wrong by one hour.")
    make_post(title="", excerpt="", content_html="", ago=timedelta(hours=2))
    html = text_of(reader, "/latest/")
    assert titles(html) == ["The dashboard was wrong by one hour.", "A post without title or words"]
    assert html.count("The dashboard was wrong") == 1


def test_every_text_says_its_language_and_direction(reader: Client, make_post: MakePost) -> None:
    make_post(title="كيف نجيب", language="ar")
    assert '<h2 class="title" lang="ar" dir="rtl">' in text_of(reader, "/latest/")


def test_markup_in_a_title_is_shown_as_text(reader: Client, make_post: MakePost) -> None:
    make_post(title="<img src=x onerror=alert(1)>", author_name="<b>Bo</b>")
    html = text_of(reader, "/latest/")
    assert "<img" not in html
    assert "&lt;b&gt;Bo&lt;/b&gt;" in html


def test_a_run_of_one_blog_folds(reader: Client, make_blog: MakeBlog, make_post: MakePost) -> None:
    blog = make_blog("Sea diary")
    for hour in range(1, 5):
        make_post(blog, title=f"Day {5 - hour}", ago=timedelta(hours=hour))
    html = text_of(reader, "/latest/")
    assert titles(html) == ["Day 4"]
    assert "3 more from <bdi>Sea diary</bdi>" in html
    assert html.index(">Day 3</a>") < html.index(">Day 2</a>") < html.index(">Day 1</a>")


def test_an_edited_post_is_shown_as_it_is_now(reader: Client, make_post: MakePost) -> None:
    post = make_post(title="First words")
    text_of(reader, "/latest/")
    Post.objects.filter(pk=post.pk).update(title="Better words", content_hash="other")
    assert titles(text_of(reader, "/latest/")) == ["Better words"]


@pytest.mark.parametrize(
    "change",
    [{"display_name": "Bo Åström"}, {"team": "Quay"}, {"site": "Quay"}, {"username": "boa"}],
    ids=lambda change: next(iter(change)),
)
def test_a_writer_who_changed_is_shown_as_they_are_now(
    reader: Client, make_post: MakePost, bo: Person, change: dict[str, str]
) -> None:
    make_post(author=bo)
    text_of(reader, "/latest/")
    Person.objects.filter(pk=bo.pk).update(**change)
    assert next(iter(change.values())) in text_of(reader, "/latest/")


@pytest.mark.parametrize("change", [{"title": "New name"}, {"slug": "new-name"}], ids=lambda change: next(iter(change)))
def test_a_blog_that_changed_is_shown_as_it_is_now(
    reader: Client, make_blog: MakeBlog, make_post: MakePost, change: dict[str, str]
) -> None:
    make_post(blog := make_blog("Old name"), author_name="Petra")
    text_of(reader, "/latest/")
    Blog.objects.filter(pk=blog.pk).update(**change)
    assert next(iter(change.values())) in text_of(reader, "/latest/")


def test_a_tag_that_was_put_right_or_taken_away_is_shown_as_it_is_now(reader: Client, make_post: MakePost) -> None:
    tag(make_post(), "Iron")
    assert ">Iron<" in text_of(reader, "/latest/")
    Tag.objects.update(name="Ironwork")
    assert ">Ironwork<" in text_of(reader, "/latest/")
    Tag.objects.all().delete()
    assert "Iron" not in text_of(reader, "/latest/")


def test_what_is_meant_for_others_is_nowhere(
    reader: Client, aino: Person, crew: Group, make_blog: MakeBlog, make_post: MakePost
) -> None:
    make_post(make_blog("Crew only", for_groups=(crew,)), title="Wages")
    assert titles(text_of(reader, "/latest/")) == []
    aino.groups.add(crew)
    assert titles(text_of(reader, "/latest/")) == ["Wages"]


def test_strangers_sign_in_first_unless_reading_is_open(
    client: Client, settings: Settings, make_post: MakePost, make_blog: MakeBlog, crew: Group
) -> None:
    make_post(title="For all")
    make_post(make_blog(for_groups=(crew,)), title="For the crew")
    assert client.get("/latest/").headers["Location"] == "/sign-in/?next=/latest/"
    settings.ANONYMOUS_READING = True
    assert titles(text_of(client, "/latest/")) == ["For all"]


@pytest.mark.parametrize("count", [1, PAGE_SIZE + 3])
def test_the_number_of_queries_is_fixed(
    reader: Client, make_post: MakePost, bo: Person, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        tag(make_post(author=bo, ago=timedelta(minutes=number)), "one", f"two {number}")
    with django_assert_num_queries(QUERIES):
        text_of(reader, "/latest/")


def test_older_and_newer_lead_through_the_list(reader: Client, make_post: MakePost) -> None:
    for number in range(PAGE_SIZE + 1):
        make_post(title=f"Post number {number}", ago=timedelta(minutes=number))
    first = reader.get("/latest/")
    older = text_of(reader, f"/latest/?before={first.context['page'].older}")
    assert titles(older) == [f"Post number {PAGE_SIZE}"]
    assert 'rel="prev"' in older
    assert 'rel="prev"' not in first.content.decode()


@pytest.mark.parametrize("query", ["before=%00", "before=1-1&after=x", "after=zzzz", "before=' OR 1=1", "page=2"])
def test_nonsense_in_the_address_gets_a_page(reader: Client, make_post: MakePost, query: str) -> None:
    make_post()
    text_of(reader, f"/latest/?{query}")


def test_an_empty_hub_says_so_and_an_admin_what_to_do(reader: Client, client: Client, admin: Person) -> None:
    assert "Nobody has written yet" in text_of(reader, "/")
    client.force_login(admin)
    assert 'href="/admin/aggregator/blog/add/"' in text_of(client, "/")


def test_it_rejects_post(reader: Client) -> None:
    assert reader.post("/latest/").status_code == 405
