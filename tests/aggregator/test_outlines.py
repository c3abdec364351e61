"""``/blogs.opml``: what one may see, to be taken along; never more, never a password."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator.models import Blog, Feed, FeedKind
from aggregator.opml import Outline, read_opml
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db
PATH = "/blogs.opml"


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def outlines(client: Client) -> list[Outline]:
    return read_opml(client.get(PATH).content, most=100)


def test_it_lists_the_blogs_with_feed_and_homepage(reader: Client, make_blog: Callable[..., Blog]) -> None:
    make_blog("B & <b>", url="https://blogs.example/b", homepage_url="https://blogs.example/")
    make_blog("A", url="https://blogs.example/a")
    answer = reader.get(PATH)
    assert answer["Content-Type"] == "text/x-opml; charset=utf-8"
    assert answer["Content-Disposition"] == 'attachment; filename="blogs.opml"'
    assert [(one.title, one.url, one.homepage_url) for one in outlines(reader)] == [
        ("A", "https://blogs.example/a", ""),
        ("B & <b>", "https://blogs.example/b", "https://blogs.example/"),
    ]


def test_blogs_one_may_not_see_are_not_in_it(
    reader: Client, aino: Person, make_blog: Callable[..., Blog], crew: Group
) -> None:
    make_blog("Crew only", for_groups=(crew,))
    assert outlines(reader) == []
    aino.groups.add(crew)
    assert [one.title for one in outlines(reader)] == ["Crew only"]


def test_credentials_and_feeds_of_comments_are_not_in_it(reader: Client, make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("A", url="https://user:secret@blogs.example/a", homepage_url="https://user:secret@blogs.example/")
    Feed.objects.create(blog=blog, url="https://blogs.example/comments", kind=FeedKind.COMMENTS)
    html = reader.get(PATH).content.decode()
    assert "secret" not in html and "comments" not in html
    assert "https://blogs.example/a" in html


def test_it_costs_a_fixed_number_of_queries(
    reader: Client, make_blog: Callable[..., Blog], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for _number in range(5):
        make_blog()
    with django_assert_max_num_queries(3):  # session, person, feeds
        reader.get(PATH)


def test_strangers_get_none_of_it_even_where_they_may_read(
    client: Client, make_blog: Callable[..., Blog], settings: Settings
) -> None:
    settings.ANONYMOUS_READING = True
    make_blog("A")
    assert client.get(PATH).status_code == 302
    assert "blogs.opml" not in client.get("/blogs/").content.decode()


def test_it_rejects_post(reader: Client) -> None:
    assert reader.post(PATH).status_code == 405


def test_the_directory_links_to_it(reader: Client, make_blog: Callable[..., Blog]) -> None:
    make_blog("A")
    assert 'href="/blogs.opml"' in reader.get("/blogs/").content.decode()


def test_an_admin_exports_chosen_blogs(desk: Client, make_blog: Callable[..., Blog], crew: Group) -> None:
    chosen, _other = make_blog("Chosen", for_groups=(crew,)), make_blog("Other")
    answer = desk.post("/admin/aggregator/blog/", {"action": "export", "_selected_action": [chosen.pk]})
    assert [one.title for one in read_opml(answer.content, most=10)] == ["Chosen"]
