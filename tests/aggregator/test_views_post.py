"""The page of one post."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import unquote

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Blog, Enclosure, Post
from bloghub.people.models import Person
from tests.aggregator.pages import tag, text_of

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]
# session with person, the bell, where the reader stands with the conversation (which is empty here), and the post with
# its blog, author, tags and files, its neighbours and the reader's vote
QUERIES = 4


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def test_it_shows_text_writer_blog_times_tags_and_the_way_to_the_blog(
    reader: Client, make_blog: MakeBlog, make_post: MakePost, bo: Person
) -> None:
    blog = make_blog("Sea diary")
    post = make_post(
        blog, title="Fog & soup", author=bo, content_html="<p>At <em>half load</em>.</p>", updated_at=timezone.now()
    )
    tag(post, "engines")
    html = text_of(reader, post.get_absolute_url())
    link = f'<a href="{blog.get_absolute_url()}"><bdi>Sea diary</bdi></a>'
    for part in ("Fog &amp; soup</h1>", "<em>half load</em>", "Sea Trials, Turku", "Changed <time", link, "engines"):
        assert part in html
    assert post.permalink in html
    assert html.index("Bo Ekdahl</bdi>") < html.index("</h1>")


def test_the_way_to_the_blog_tells_it_nothing_of_the_reader(reader: Client, make_post: MakePost) -> None:
    post = make_post(permalink="https://blogs.example/a?b=1&c=2")
    html = text_of(reader, post.get_absolute_url())
    assert (
        'href="https://blogs.example/a?b=1&amp;c=2" rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
        in html
    )


@pytest.mark.parametrize("slug", ["", "wrong/", "%E2%80%AE/", "a%0d%0ab/"])
def test_a_wrong_slug_leads_to_the_right_one(reader: Client, make_post: MakePost, slug: str) -> None:
    post = make_post(title="北の港 and Æsir")
    response = reader.get(f"/posts/{post.pk}/{slug}")
    assert response.status_code == 301
    assert unquote(response.headers["Location"]) == unquote(post.get_absolute_url())
    assert reader.get(response.headers["Location"]).status_code == 200


@pytest.mark.parametrize("address", ["/posts/0/x/", "/posts/99999999999999999999/x/", "/posts/1/a%00/", "/posts/-1/x/"])
def test_what_is_not_there_is_not_found(reader: Client, address: str) -> None:
    assert reader.get(address).status_code == 404


def test_a_post_for_others_is_not_found(
    reader: Client, aino: Person, crew: Group, make_blog: MakeBlog, make_post: MakePost
) -> None:
    post = make_post(make_blog(for_groups=(crew,)), title="Wages")
    for address in (post.get_absolute_url(), f"/posts/{post.pk}/", f"/posts/{post.pk}/wrong/"):
        assert reader.get(address).status_code == 404
    aino.groups.add(crew)
    assert reader.get(post.get_absolute_url()).status_code == 200


def test_before_and_after_are_its_neighbours_on_the_same_blog(
    reader: Client, make_blog: MakeBlog, make_post: MakePost
) -> None:
    blog = make_blog()
    same_moment = timezone.now() - timedelta(days=1)
    posts = [make_post(blog, title=f"Number {n}", published_at=same_moment) for n in range(3)]
    make_post(title="Of another blog", ago=timedelta(minutes=1))
    context = reader.get(posts[1].get_absolute_url()).context
    assert (context["neighbours"].earlier, context["neighbours"].later) == (posts[0], posts[2])
    assert "Before this" not in text_of(reader, posts[0].get_absolute_url())


def test_files_play_or_are_offered(reader: Client, make_post: MakePost) -> None:
    post = make_post(content_html='<img src="https://b.example/in-text.png">')
    for kind, name, more in (
        ("audio/mpeg", "12.mp3", {"duration": 1845, "length": 28_311_552}),
        ("video/mp4", "v.mp4", {}),
        ("image/png", "in-text.png", {}),
        ("application/pdf", "last%20slides.pdf", {}),
    ):
        Enclosure.objects.create(post=post, url=f"https://b.example/{name}", media_type=kind, **more)
    html = text_of(reader, post.get_absolute_url())
    assert '<audio controls preload="none" src="https://b.example/12.mp3">' in html
    assert '<video controls preload="none" src="https://b.example/v.mp4">' in html
    assert "30:45" in html
    assert "27.0\xa0MB" in html
    assert "<bdi>last slides.pdf</bdi>" in html
    assert html.count("in-text.png") == 1


def test_a_note_without_title_or_text_still_has_a_heading(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post(title="", excerpt="", content_html="", author=bo)
    html = text_of(reader, post.get_absolute_url())
    assert ">A note by Bo Ekdahl</h1>" in html
    assert "This post came without a text" in html


def test_there_is_one_h1_whatever_the_title(reader: Client, make_post: MakePost) -> None:
    html = text_of(reader, make_post(title="x" * 1000).get_absolute_url())
    assert html.count("<h1") == 1
    assert '<h1 class="longest"' in html


@pytest.mark.parametrize("count", [0, 6])
def test_the_number_of_queries_is_fixed(
    reader: Client, make_post: MakePost, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    post = make_post()
    for number in range(count):
        make_post(post.blog, ago=timedelta(minutes=number))
        tag(post, f"tag {number}")
        Enclosure.objects.create(post=post, url=f"https://b.example/{number}")
    with django_assert_num_queries(QUERIES):
        text_of(reader, post.get_absolute_url())
