"""A post in two blogs is shown on the pages of both, and says so; nobody learns of a blog that is not for them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Appearance, Audience, Blog, Post
from aggregator.views.rows import OF_BLOG, _statement
from bloghub.lib.paging import PAGE_SIZE
from bloghub.people.models import Person
from tests.aggregator.doubles import blog_at, boats
from tests.aggregator.incoming import store_posts
from tests.aggregator.pages import text_of, titles

pytestmark = pytest.mark.django_db
MakeBlog = Callable[..., Blog]
QUERIES = 5  # session with person, groups, blog, owners, bell; posts, its own and guests, in one


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


@pytest.fixture
def planet(make_blog: MakeBlog) -> Blog:
    return make_blog("The planet")


def appear(post: Post, blog: Blog) -> None:
    Appearance.objects.create(
        post=post,
        blog=blog,
        feed=blog.feeds.get(),
        guid=post.guid,
        published_at=post.published_at,
        content_hash=post.content_hash,
        is_shown=True,
    )


def test_a_post_of_two_blogs_says_so_wherever_it_is_shown(
    reader: Client, make_blog: MakeBlog, make_post: Callable[..., Post]
) -> None:
    home, planet = blog_at(make_blog, "aino"), blog_at(make_blog, "planet")
    store_posts(home, boats())
    store_posts(planet, boats("p1"))
    link = f'also on <a href="{planet.blog.get_absolute_url()}"><bdi>Blog planet</bdi></a>'
    for path in ("/", "/latest/", home.blog.get_absolute_url(), Post.objects.get().get_absolute_url()):
        assert link in text_of(reader, path), path
    html = text_of(reader, planet.blog.get_absolute_url())
    assert ">On boats</a>" in html
    assert f'href="{home.blog.get_absolute_url()}"' in html
    assert "also on" not in html
    assert "1 post<" in text_of(reader, "/blogs/")


def test_search_by_a_blog_finds_what_it_lists(reader: Client, make_blog: MakeBlog) -> None:
    home, planet = blog_at(make_blog, "aino"), blog_at(make_blog, "planet")
    store_posts(home, boats())
    store_posts(planet, boats("p1"))
    for feed in (home, planet):
        assert Post.objects.get().get_absolute_url() in text_of(reader, f"/search/?q=boats+blog:{feed.blog.slug}")


def test_a_blog_s_page_lists_guests_among_its_own_page_by_page(
    reader: Client, make_post: Callable[..., Post], planet: Blog
) -> None:
    expected = []
    for hour in range(2 * PAGE_SIZE + 3):
        post = make_post(planet if hour % 2 else None, title=f"Day {hour}", ago=timedelta(hours=hour))
        expected.append(f"Day {hour}")
        if not hour % 2:
            appear(post, planet)
    make_post(title="Elsewhere")
    found, path = [], planet.get_absolute_url()
    page = reader.get(path).context["page"]
    while True:
        found += [row.title for row in page.rows]
        if not page.older:
            break
        page = reader.get(path, {"before": page.older}).context["page"]
    assert found == expected
    back = reader.get(path, {"after": page.newer}).context["page"]
    assert [row.title for row in back.rows] == expected[PAGE_SIZE : 2 * PAGE_SIZE]


@pytest.mark.parametrize("count", [0, 9])
def test_the_number_of_queries_is_fixed(
    reader: Client,
    make_post: Callable[..., Post],
    planet: Blog,
    django_assert_num_queries: DjangoAssertNumQueries,
    count: int,
) -> None:
    for _ in range(count):
        appear(make_post(), planet)
    with django_assert_num_queries(QUERIES):
        reader.get(planet.get_absolute_url())


def test_nobody_learns_of_a_blog_that_is_not_for_them(
    client: Client, make_post: Callable[..., Post], make_blog: MakeBlog, crew: Group, aino: Person, bo: Person
) -> None:
    secret = make_blog("Crew only", for_groups=(crew,))
    bo.groups.add(crew)
    post = make_post(title="On boats")
    appear(post, secret)
    for person, told in ((bo, True), (aino, False)):
        client.force_login(person)
        for path in ("/", post.get_absolute_url()):
            assert ("Crew only" in text_of(client, path)) is told


def test_a_guest_whose_home_is_not_for_the_reader_is_not_listed(
    client: Client, make_post: Callable[..., Post], make_blog: MakeBlog, planet: Blog, crew: Group, aino: Person
) -> None:
    home = make_blog("Was open")
    appear(make_post(home, title="Wages"), planet)
    make_post(planet, title="Weather")
    Blog.objects.filter(pk=home.pk).update(audience=Audience.GROUPS)
    client.force_login(aino)
    html = text_of(client, planet.get_absolute_url())
    assert "Weather" in html
    assert "Wages" not in html
    assert "Was open" not in html


def test_a_newly_registered_blog_s_history_is_not_on_top(
    reader: Client, make_post: Callable[..., Post], make_blog: MakeBlog
) -> None:
    make_post(title="Of today", ago=timedelta(minutes=1))
    now = timezone.now()
    posts = [boats(str(n), title=f"Old {n}", permalink=f"https://aino.example/{n}") for n in range(3)]
    dated = [boats(f"d{n}", title=f"Dated {n}", published_at=now - timedelta(days=400 + n)) for n in range(2)]
    store_posts(blog_at(make_blog, "aino"), *posts, *dated)
    assert titles(text_of(reader, "/latest/"))[0] == "Of today"


def test_a_blog_s_page_is_read_along_its_two_indexes() -> None:
    """Whatever a planet lists: a sort would read all of it."""
    statement = _statement(OF_BLOG, "<")._prepare.partition(" AS ")[2]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_sort = off; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute(f"EXPLAIN (GENERIC_PLAN) {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    merged = plan[plan.index("Merge Append") :]
    assert "post_blog_river" in merged
    assert "appearance_blog_river" in merged
    sorted_by = re.findall(r"->  Sort .*(?:\n.*Disabled.*)?\n *Sort Key: (.*)", plan)
    assert not [key for key in sorted_by if "published_at" in key]
