"""Comments passing by between the posts: in the live river and on pages of people, for those who may see them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Activity, Blog, Post
from aggregator.views.activity import LIVE, PassingRow, keyset, river_page
from bloghub.people.models import Person
from tests.aggregator.pages import text_of, titles

pytestmark = pytest.mark.django_db
MakePost = Callable[..., Post]
QUERIES = 4  # session with person, the bell, posts, comments
_ids = count(1)


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def say(post: Post, excerpt: str = "Well said.", *, ago: timedelta = timedelta(minutes=5), **columns: Any) -> Activity:
    """A comment, as the river is told of it."""
    values = {"happened_at": timezone.now() - ago, "comment_id": next(_ids), "blog_id": post.blog_id, "post": post}
    return Activity.objects.create(excerpt=excerpt, **values | columns)


def test_what_is_said_stands_between_posts_by_time(reader: Client, make_post: MakePost, bo: Person) -> None:
    old = make_post(title="Fog and soup", ago=timedelta(hours=3))
    say(old, "The soup was mine.", author=bo, ago=timedelta(hours=2))
    make_post(title="A seal", ago=timedelta(hours=1))
    html = text_of(reader, "/")
    parts = ["A seal", "Bo Ekdahl", "Sea Trials, Turku", "2 h", "The soup was mine.", "about", "Fog and soup", "3 h"]
    places = [html.index(part, html.index("<main")) for part in parts[:-1]]
    assert places == sorted(places)
    assert titles(html) == ["A seal", "Fog and soup"]


def test_it_says_whom_it_answers(reader: Client, make_post: MakePost, aino: Person, bo: Person) -> None:
    said = say(make_post(title="A seal"), author=bo, answers=aino)
    html = text_of(reader, "/")
    assert 'answers <a href="/people/aino/"><bdi>Aino Lehtinen</bdi></a> on <a href="' in html
    assert f'<a href="/comments/{said.comment_id}/">Well said.</a>' in html


def test_latest_stays_posts_only(reader: Client, make_post: MakePost) -> None:
    say(make_post(), "Not here.")
    assert "Not here." not in text_of(reader, "/latest/")


def test_what_is_said_where_one_may_not_read_passes_nowhere(
    reader: Client, aino: Person, bo: Person, crew: Group, make_blog: Callable[..., Blog], make_post: MakePost
) -> None:
    say(make_post(make_blog(for_groups=(crew,))), "Wages.", author=bo)
    for path in ("/", "/people/bo/"):
        assert "Wages." not in text_of(reader, path)
    aino.groups.add(crew)
    for path in ("/", "/people/bo/"):
        assert "Wages." in text_of(reader, path)


def test_many_answers_to_one_post_fold(reader: Client, make_post: MakePost, bo: Person) -> None:
    post = make_post(title="A seal")
    for minute in range(4):
        say(post, f"Answer {minute}.", author=bo, ago=timedelta(minutes=minute + 1))
    html = text_of(reader, "/")
    assert html.count('<article class="row says">') == 1
    assert "3 more answers to <bdi>A seal</bdi>" in html
    assert "<bdi>Bo Ekdahl</bdi>: Answer 3." in html


def test_quotations_in_what_is_said_are_of_the_second_kind(reader: Client, make_post: MakePost, bo: Person) -> None:
    say(make_post(), '“Quiet”, it says, and "wet".', author=bo)
    assert ">‘Quiet’, it says, and &#x27;wet&#x27;.<" in text_of(reader, "/")


def test_a_page_of_a_person_shows_what_they_wrote_and_said(reader: Client, make_post: MakePost, bo: Person) -> None:
    make_post(title="By Bo", author=bo)
    say(make_post(title="By another"), "Bo's word.", author=bo)
    say(make_post(title="By a third"), "Another's word.")
    html = text_of(reader, "/people/bo/")
    assert titles(html) == ["By Bo"]
    assert "Bo&#x27;s word." in html
    assert "Another" not in html.replace("By another", "")


def test_somebody_who_left_is_still_named_as_somebody(reader: Client, make_post: MakePost) -> None:
    say(make_post(), author=None)
    assert "Somebody who has left" in text_of(reader, "/")


def test_markup_in_what_is_said_is_shown_as_text(reader: Client, make_post: MakePost, bo: Person) -> None:
    Person.objects.filter(pk=bo.pk).update(display_name="<b>Bo {0}</b>")
    bo.refresh_from_db()
    say(make_post(title="<i>{name}</i>"), "<img src=x onerror=alert(1)> {title}", author=bo, answers=bo)
    html = text_of(reader, "/")
    assert "<img" not in html
    assert "<i>" not in html
    assert "<b>" not in html
    assert "&lt;i&gt;{name}&lt;/i&gt;" in html


def test_pages_lead_through_both_kinds_without_loss(make_post: MakePost, aino: Person, bo: Person) -> None:
    """Also where posts and comments share a moment and their numbers."""
    moment = timezone.now() - timedelta(hours=1)
    post = make_post(published_at=moment)
    for _more in range(39):
        make_post(post.blog, published_at=moment)
    for number in range(41):
        say(post, f"{number}", author=bo, happened_at=moment + timedelta(seconds=number % 3))
    seen: list[tuple[datetime, int]] = []
    page = river_page(LIVE, aino, {})
    cursors = []
    while True:
        seen += [keyset(row) for row in page.rows]
        cursors.append(page.newer)
        if not page.older:
            break
        page = river_page(LIVE, aino, {"before": page.older})
    assert len(seen) == len(set(seen)) == 81
    assert seen == sorted(seen, reverse=True)
    back = river_page(LIVE, aino, {"after": cursors[-1]})
    assert [keyset(row) for row in back.rows] == seen[50:75]


@pytest.mark.parametrize("path", ["/", "/people/bo/"])
@pytest.mark.parametrize("many", [5, 500])
def test_the_number_of_queries_is_the_same_for_few_and_many(
    reader: Client,
    make_post: MakePost,
    bo: Person,
    django_assert_num_queries: DjangoAssertNumQueries,
    path: str,
    many: int,
) -> None:
    post = make_post(author=bo)
    rows = [
        Activity(happened_at=timezone.now(), comment_id=next(_ids), blog_id=post.blog_id, post=post, author=bo)
        for _each in range(many)
    ]
    Activity.objects.bulk_create(rows)
    with django_assert_num_queries(QUERIES if path == "/" else QUERIES + 2):  # the person, and their blogs
        text_of(reader, path)


def test_both_lists_are_read_from_their_indexes(make_post: MakePost, aino: Person, bo: Person) -> None:
    """However many comments there are, none is sorted and none is read in vain."""
    post = make_post()
    now = timezone.now()
    Activity.objects.bulk_create(
        Activity(
            happened_at=now - timedelta(seconds=number),
            comment_id=next(_ids),
            blog_id=post.blog_id,
            post=post,
            author=bo,
        )
        for number in range(3_000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE aggregator_activity")
        cursor.execute(
            "EXPLAIN SELECT id FROM aggregator_activity WHERE (happened_at, id) < (%s, 5)"
            " ORDER BY happened_at DESC, id DESC LIMIT 26",
            [now],
        )
        plan = "\n".join(row for (row,) in cursor.fetchall())
    assert "activity_river" in plan
    assert "Sort" not in plan
    assert all(isinstance(row, PassingRow) for row in river_page(LIVE, aino, {}).rows)
