"""Blogs, people and tags: their lists and pages, which tell nothing of what the reader may not see."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from pytest_django.fixtures import Settings

from aggregator.models import Blog, Post, Tag
from bloghub.lib.paging import PAGE_SIZE
from bloghub.people.models import Person
from tests.aggregator.pages import tag, text_of, titles

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]
Case = tuple[str, int, int]
# session with person, and groups, among them
QUERIES = {"/blogs/": 4, "/people/": 4, "/tags/": 3, "/people/bo/": 6, "/tags/iron/": 4}  # the bell's among them


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def secret(crew: Group, make_blog: MakeBlog, make_post: MakePost, bo: Person) -> Post:
    """A post by Bo on a blog for the crew, with a tag nobody else uses."""
    blog = make_blog("Crew only", for_groups=(crew,))
    blog.owners.add(bo)
    post = make_post(blog, title="Wages", author=bo)
    tag(post, "wages")
    return post


def test_a_blog_shows_its_description_owners_and_own_posts_only(
    reader: Client, make_blog: MakeBlog, make_post: MakePost, bo: Person
) -> None:
    blog = make_blog("Sea diary", description="Notes from the trial <ship>.", homepage_url="https://sea.example/")
    blog.owners.add(bo)
    for hour in range(4):
        make_post(blog, title=f"Day {hour}", ago=timedelta(hours=hour))
    make_post(title="Elsewhere")
    html = text_of(reader, blog.get_absolute_url())
    assert titles(html) == ["Day 0", "Day 1", "Day 2", "Day 3"]
    for part in ("Notes from the trial &lt;ship&gt;.", "Bo Ekdahl", 'href="https://sea.example/"'):
        assert part in html


def test_a_blog_without_posts_says_so(reader: Client, make_blog: MakeBlog) -> None:
    assert "No post has come from this blog yet" in text_of(reader, make_blog().get_absolute_url())


def test_a_person_shows_place_blogs_and_posts(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post(title="Fog", author=bo)
    post.blog.owners.add(bo)
    html = text_of(reader, bo.get_absolute_url())
    assert titles(html) == ["Fog"]
    assert "Sea Trials, Turku" in html
    assert f'href="{post.blog.get_absolute_url()}"' in html


def test_a_tag_shows_what_carries_it_newest_first(reader: Client, make_post: MakePost) -> None:
    for number in range(3):
        tag(make_post(title=f"Number {number}", ago=timedelta(hours=number)), "C++")
    make_post(title="Untagged")
    assert titles(text_of(reader, "/tags/cplusplus/")) == ["Number 0", "Number 1", "Number 2"]


def test_a_tags_pages_follow_each_other(reader: Client, make_post: MakePost) -> None:
    for number in range(PAGE_SIZE + 2):
        tag(make_post(title=f"Number {number}", ago=timedelta(minutes=number)), "iron", "sand")
    older = reader.get("/tags/iron/").context["page"].older
    assert titles(text_of(reader, f"/tags/iron/?before={older}")) == [f"Number {PAGE_SIZE}", f"Number {PAGE_SIZE + 1}"]


def test_the_secret_blog_and_tag_do_not_exist_for_others(
    reader: Client, aino: Person, crew: Group, secret: Post
) -> None:
    for path in (secret.blog.get_absolute_url(), "/tags/wages/"):
        assert reader.get(path).status_code == 404
    for path in ("/blogs/", "/people/", "/tags/", "/people/bo/", "/latest/"):
        html = text_of(reader, path)
        for word in ("Wages", "wages", "Crew only"):
            assert word not in html, path
    aino.groups.add(crew)
    for path in (secret.blog.get_absolute_url(), "/tags/wages/", "/people/bo/"):
        assert "Wages" in text_of(reader, path)


def test_a_stranger_is_not_told_of_colleagues_without_open_posts(
    client: Client, settings: Settings, secret: Post, make_post: MakePost, bo: Person
) -> None:
    settings.ANONYMOUS_READING = True
    assert client.get("/people/bo/").status_code == 404
    make_post(author=bo, title="Open")
    assert titles(text_of(client, "/people/bo/")) == ["Open"]


def test_lists_put_the_lively_first(reader: Client, make_blog: MakeBlog, bo: Person, aino: Person) -> None:
    quiet, lively = make_blog("Quiet"), make_blog("Lively")
    quiet.owners.add(bo)
    lively.owners.add(aino)
    Blog.objects.filter(pk=quiet.pk).update(last_post_at=timezone.now() - timedelta(days=9), post_count=1)
    Blog.objects.filter(pk=lively.pk).update(last_post_at=timezone.now(), post_count=2)
    blogs, people = text_of(reader, "/blogs/"), text_of(reader, "/people/").partition("<main")[2]
    assert blogs.index("Lively") < blogs.index("Quiet")
    assert people.index("Aino Lehtinen") < people.index("Bo Ekdahl")


def test_tags_stand_by_how_often_they_are_used(reader: Client, make_post: MakePost) -> None:
    for names in (["sand", "iron"], ["iron"]):
        tag(make_post(), *names)
    assert [(found.name, found.uses) for found in reader.get("/tags/").context["tags"]] == [("iron", 2), ("sand", 1)]


def test_long_lists_are_cut_in_pages(reader: Client, make_blog: MakeBlog, bo: Person) -> None:
    for _number in range(PAGE_SIZE + 1):
        make_blog().owners.add(bo)
    first = reader.get("/blogs/").context["page"]
    second = reader.get(f"/blogs/?before={first.older}").context["page"]
    assert (len(first.rows), len(second.rows)) == (PAGE_SIZE, 1)
    assert [person.pk for person in reader.get("/people/").context["page"].rows] == [bo.pk]


@pytest.mark.parametrize("case", [(path, queries, count) for path, queries in QUERIES.items() for count in (1, 8)])
def test_the_number_of_queries_is_fixed(
    reader: Client, make_post: MakePost, bo: Person, django_assert_num_queries: DjangoAssertNumQueries, case: Case
) -> None:
    path, queries, count = case
    for number in range(count):
        post = make_post(author=bo, ago=timedelta(minutes=number))
        post.blog.owners.add(bo)
        tag(post, "iron", f"other {number}")
    with django_assert_num_queries(queries):
        text_of(reader, path)


@pytest.mark.parametrize("path", ["/blogs/nothing/", "/people/nobody/", "/tags/none/", "/tags/%00/", "/people/a%00/"])
def test_what_is_not_there_is_not_found(reader: Client, path: str) -> None:
    assert reader.get(path).status_code == 404


def test_names_in_any_script_have_an_address(reader: Client, make_post: MakePost) -> None:
    tag(make_post(title="Fog"), "مضخات", "ポンプ/水", "a?b#c")
    for found in Tag.objects.all():
        assert titles(text_of(reader, found.get_absolute_url())) == ["Fog"]


@pytest.mark.parametrize("path", ["/blogs/", "/people/aino/"])
def test_a_reader_is_told_how_a_blog_gets_in(reader: Client, path: str) -> None:
    assert 'Is a blog missing? <a href="/blogs/suggest/">Suggest it</a>.' in text_of(reader, path)


def test_a_stranger_is_told_whom_to_ask(client: Client, settings: Settings) -> None:
    settings.ANONYMOUS_READING = True
    assert "Ask an administrator of this hub and send the address of the blog." in text_of(client, "/blogs/")
    settings.CONTACT = "the web team"
    assert "Ask <bdi>the web team</bdi> and send the address of the blog." in text_of(client, "/blogs/")


def test_an_admin_is_led_to_the_form_instead(client: Client, admin: Person) -> None:
    client.force_login(admin)
    page = text_of(client, "/blogs/").partition("<main")[2]
    assert 'href="/admin/aggregator/blog/add/"' in page
    assert "Ask " not in page
