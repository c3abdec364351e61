"""The rankings: what colleagues found worth reading and what they talk about, in a period, for those who may see it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Blog, Post
from bloghub.lib.paging import PAGE_SIZE
from bloghub.people.models import Person
from tests.aggregator.pages import text_of, titles

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
QUERIES = 3  # session with person, the bell, the rows


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def test_top_shows_the_best_of_the_last_seven_days(reader: Client, make_post: MakePost) -> None:
    make_post(title="Fair", vote_count=2)
    make_post(title="Best", vote_count=2, voice_count=3, ago=timedelta(days=6))
    make_post(title="Unread")
    make_post(title="Old", vote_count=50, ago=timedelta(days=30))
    assert titles(text_of(reader, "/top/")) == ["Best", "Fair"]
    assert titles(text_of(reader, "/top/?period=year")) == ["Old", "Best", "Fair"]
    assert titles(text_of(reader, "/top/?period=century")) == ["Best", "Fair"]


def test_discussed_shows_what_is_talked_about_now(reader: Client, make_post: MakePost) -> None:
    now = timezone.now()
    talk = {"comment_count": 4, "voice_count": 3, "last_comment_at": now}
    make_post(title="Revived", ago=timedelta(days=700), **talk)
    make_post(title="Two who talk", comment_count=40, voice_count=2, last_comment_at=now)
    make_post(title="Silent", vote_count=9)
    make_post(title="Ended", **talk | {"last_comment_at": now - timedelta(days=9)})
    assert titles(text_of(reader, "/discussed/")) == ["Revived", "Two who talk"]


@pytest.mark.parametrize("path", ["/top/", "/discussed/"])
def test_what_is_meant_for_others_is_in_no_ranking(
    reader: Client, aino: Person, crew: Group, make_blog: Callable[..., Blog], make_post: MakePost, path: str
) -> None:
    counts = {"vote_count": 3, "comment_count": 3, "voice_count": 3, "last_comment_at": timezone.now()}
    make_post(make_blog(for_groups=(crew,)), title="Wages", **counts)
    assert titles(text_of(reader, path)) == []
    aino.groups.add(crew)
    assert titles(text_of(reader, path)) == ["Wages"]


@pytest.mark.parametrize("path", ["/top/", "/discussed/"])
def test_the_pages_of_a_period_lead_through_all_of_it(reader: Client, make_post: MakePost, path: str) -> None:
    now = timezone.now()
    count = PAGE_SIZE * 2 + 3
    for number in range(count):
        voices = 1 + number // 4
        make_post(title=f"P{number}", voice_count=voices, comment_count=voices, last_comment_at=now)
    want = [f"P{number}" for number in sorted(range(count), key=lambda number: (-(number // 4), -number))]
    first = reader.get(f"{path}?period=month")
    second = reader.get(f"{path}?period=month&before={first.context['page'].older}")
    third = reader.get(f"{path}?period=month&before={second.context['page'].older}")
    seen = [titles(response.content.decode()) for response in (first, second, third)]
    assert [title for page in seen for title in page] == want
    assert f'href="?period=month&before={first.context["page"].older}"' in first.content.decode().replace("&amp;", "&")
    back = reader.get(f"{path}?period=month&after={third.context['page'].newer}")
    assert titles(back.content.decode()) == seen[1]


@pytest.mark.parametrize("path", ["/top/", "/discussed/", "/latest/"])
@pytest.mark.parametrize("count", [5, 500])
def test_the_number_of_queries_is_the_same_for_few_and_many(
    reader: Client, make_post: MakePost, django_assert_num_queries: DjangoAssertNumQueries, path: str, count: int
) -> None:
    one = make_post(vote_count=2, comment_count=2, voice_count=2, last_comment_at=timezone.now())
    copies = [Post(**{**columns(one), "guid": f"copy-{number}"}) for number in range(count - 1)]
    Post.objects.bulk_create(copies)
    with django_assert_num_queries(QUERIES):
        text_of(reader, path)


def columns(post: Post) -> dict[str, object]:
    return {
        field.attname: getattr(post, field.attname) for field in Post._meta.concrete_fields if not field.primary_key
    }


@pytest.mark.parametrize(
    ("path", "words"),
    [("/top/", "Nobody has found a post worth reading yet"), ("/discussed/", "Nobody has talked yet")],
)
def test_an_empty_period_says_so_and_leads_on(reader: Client, make_post: MakePost, path: str, words: str) -> None:
    make_post()
    html = text_of(reader, path)
    assert words in html
    assert 'href="?period=all"' in html


@pytest.mark.parametrize(
    "query", ["before=zz", "before=1-1", f"before={'z' * 40}-1", "after=1y2p0ij32e8e7-1", "after="]
)
def test_nonsense_in_the_address_gets_a_page(reader: Client, make_post: MakePost, query: str) -> None:
    make_post(vote_count=1, comment_count=1, last_comment_at=timezone.now())
    text_of(reader, f"/top/?{query}")
    text_of(reader, f"/discussed/?period=all&{query}")


@pytest.mark.parametrize("path", ["/top/", "/discussed/"])
def test_it_rejects_post(reader: Client, path: str) -> None:
    assert reader.post(path).status_code == 405


def test_a_row_says_how_much_was_said_and_draws_it(reader: Client, make_post: MakePost) -> None:
    post = make_post(comment_count=2, last_comment_number=2, thread_shape=[0, 4], vote_count=3)
    html = text_of(reader, "/latest/")
    assert f'<a class="talk" href="{post.get_absolute_url()}#conversation"><svg class="arcs small"' in html
    assert "2 comments" in html
    assert "3 votes" in html


def test_a_row_that_nobody_answered_waits_for_a_first_comment(reader: Client, make_post: MakePost) -> None:
    make_post()
    html = text_of(reader, "/latest/")
    assert "Nobody has answered yet" in html
    assert 'class="ring"' in html


def test_a_comment_or_vote_more_is_shown_at_once(reader: Client, make_post: MakePost) -> None:
    post = make_post(comment_count=1, last_comment_number=1, thread_shape=[0])
    assert "1 comment<" in text_of(reader, "/latest/")
    Post.objects.filter(pk=post.pk).update(comment_count=2, last_comment_number=2, thread_shape=[0, 0], vote_count=1)
    html = text_of(reader, "/latest/")
    assert "2 comments<" in html
    assert "1 vote<" in html
