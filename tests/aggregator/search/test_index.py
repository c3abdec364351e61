"""What a poll stores can be found at once, an edit by its new words, and what is removed not any more."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import AnonymousUser, Group
from django.db import connection
from django.test import Client

from aggregator.authorship import attribute
from aggregator.cleaning import clean_posts
from aggregator.models import Blog, Feed, Post, Searchable, Tag
from aggregator.models.searchable import VISIBLE
from aggregator.removal import remove_blogs, remove_feeds, remove_posts
from aggregator.search.kinds import kind_of
from aggregator.search.posts import index_posts
from aggregator.votes import vote
from bloghub.people.models import Person
from tests.aggregator.incoming import NOW, incoming, store_posts

pytestmark = pytest.mark.django_db


def found(asked: str) -> set[str]:
    """The titles of the posts of which the row matches this tsquery."""
    rows = Searchable.objects.extra(where=["words @@ %s::tsquery"], params=[asked])
    return set(rows.values_list("post__title", flat=True))


@pytest.fixture
def feed(make_blog: Callable[..., Blog]) -> Feed:
    return make_blog().feeds.get()


def test_a_new_post_is_found_by_its_words_and_by_what_it_is(feed: Feed, bo: Person) -> None:
    feed.blog.owners.add(bo)
    published = datetime(2026, 11, 1, 0, 30, tzinfo=UTC)
    content = "<p>Pumps are <b>hum</b>ming</p><pre>x</pre>"
    store_posts(
        feed, incoming("a", content_html=content, tags=("Sea Trials", "C++"), published_at=published), incoming("b")
    )
    tags = {tag.name: tag.pk for tag in Tag.objects.all()}
    facets = [f":b{feed.blog_id}", f":a{bo.pk}", ":len", ":y2026", ":m202611", ":kp", ":code"]
    for lexeme in (
        "humming",
        "=title",
        "trials",
        "c++",
        "ekdahl",
        *facets,
        *(f":t{pk}" for pk in tags.values()),
    ):
        assert "Title of a" in found(f"'{lexeme}'"), lexeme
    assert found("':code'") == found(f"':t{tags['C++']}'") == {"Title of a"}
    row = Searchable.objects.get(post__guid="a")
    assert (row.comment_id, row.blog_id, row.author, row.published_at) == (None, feed.blog_id, bo, published)


def test_an_edited_post_is_found_by_its_new_words_and_tags_alone(feed: Feed) -> None:
    store_posts(feed, incoming("a", content_html="<p>pump</p>", tags=("Old",)), incoming("b"))
    before = Searchable.objects.get(post__guid="a").pk
    assert store_posts(feed, incoming("a", content_html="<p>valve</p>", tags=("New",))).updated == 1
    assert found("'valve' & 'new'") == {"Title of a"}
    assert not found("'pump' | 'old'") and not found(f"':t{Tag.objects.get(name='Old').pk}'")
    assert Searchable.objects.get(post__guid="a").pk == before


def test_words_that_look_like_syntax_are_stored_as_words(feed: Feed) -> None:
    title = "It's a \\ tab\tand 'quotes' : & | ! <-> \\N"
    store_posts(feed, incoming("a", title=title, tags=("o'clock", ":b1", "a\\b")))
    assert found("'quotes'") == {title}
    assert not found("':b1'") or feed.blog_id == 1


def test_a_post_of_very_many_words_is_stored(feed: Feed) -> None:
    content = "<p>" + " ".join(f"word{number}{'x' * 80}" for number in range(60_000)) + "</p>"
    assert store_posts(feed, incoming("a", content_html=content)).created == 1
    assert found(f"'word7{'x' * 59}'") == {"Title of a"}


@pytest.mark.parametrize("way", ["post", "feed", "blog"])
def test_what_is_removed_is_not_found_any_more(make_blog: Callable[..., Blog], feed: Feed, way: str) -> None:
    store_posts(feed, incoming("a"))
    store_posts(make_blog().feeds.get(), incoming("b"))
    post = Post.objects.get(guid="a")
    if way == "post":
        remove_posts([post.pk])
    elif way == "feed":
        remove_feeds([feed.pk])
    else:
        remove_blogs([feed.blog_id])
    assert found("':kp'") == {"Title of b"}


def test_votes_leave_its_row_alone(feed: Feed, aino: Person) -> None:
    store_posts(feed, incoming("a"))
    where = "SELECT ctid::text, xmin::text FROM aggregator_searchable"
    before = ask(where)
    vote(aino, Post.objects.get(), NOW)
    assert ask(where) == before


def test_who_becomes_the_owner_is_found_as_the_author(feed: Feed, aino: Person, bo: Person) -> None:
    feed.blog.owners.add(aino)
    store_posts(feed, incoming("a"))
    feed.blog.owners.set([bo])
    attribute([feed.blog_id])
    assert found(f"':a{bo.pk}'") == {"Title of a"} and not found(f"':a{aino.pk}'")
    feed.blog.owners.clear()
    attribute([feed.blog_id])
    assert not found(f"':a{bo.pk}'") and Searchable.objects.get().author is None


def test_whoever_leaves_does_not_take_the_posts_along(feed: Feed, bo: Person) -> None:
    feed.blog.owners.add(bo)
    store_posts(feed, incoming("a"))
    bo.delete()
    assert found("'ekdahl'") == {"Title of a"}


def test_what_the_gate_takes_away_later_is_not_found(feed: Feed) -> None:
    store_posts(feed, incoming("a", content_html="<p>pump</p>"))
    Post.objects.update(content_html="<p>pump</p><script>miner</script>", sanitiser_version=0)
    index_posts([Post.objects.get().pk])
    list(clean_posts())
    assert found("'pump'") and not found("'miner'")


def test_a_tag_put_right_in_the_admin_still_leads_to_its_posts(feed: Feed, client: Client, admin: Person) -> None:
    store_posts(feed, incoming("a", tags=("Hydrulics",)))
    tag = Tag.objects.get()
    client.force_login(admin)
    client.post(f"/admin/aggregator/tag/{tag.pk}/change/", {"name": "Hydraulics"})
    assert Tag.objects.get().name == "Hydraulics"
    assert found(f"':t{tag.pk}'") == {"Title of a"}
    index_posts([Post.objects.get().pk])
    assert found("'hydraulics'") == {"Title of a"}


def test_restricted_posts_are_found_by_their_audience_alone(
    make_blog: Callable[..., Blog], crew: Group, aino: Person, bo: Person
) -> None:
    store_posts(make_blog(for_groups=(crew,)).feeds.get(), incoming("a"))
    aino.groups.add(crew)
    for reader, rows in ((aino, 1), (bo, 0), (AnonymousUser(), 0)):
        assert Searchable.objects.visible_to(reader).count() == rows
        statement = f"SELECT count(*) FROM aggregator_searchable WHERE {VISIBLE}"
        assert ask(statement, {"reader": reader.pk}) == [(rows,)]


def test_what_posts_say_comes_with_one_query(
    feed: Feed, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    store_posts(feed, incoming("a", content_html="<p>pump</p>"), incoming("b", content_html="<p>ship</p>"))
    ids = {post.guid: post.pk for post in Post.objects.all()}
    with django_assert_num_queries(1):
        assert kind_of("p").texts([ids["a"], ids["b"], 0]) == {ids["a"]: "<p>pump</p>", ids["b"]: "<p>ship</p>"}


def test_the_index_answers_words_and_facets_together(feed: Feed) -> None:
    store_posts(feed, *(incoming(f"g{number}") for number in range(50)))
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ask("EXPLAIN SELECT id FROM aggregator_searchable WHERE words @@ '''g7'' & '':kp'''::tsquery")
    assert any("searchable_words" in line for (line,) in plan)


def ask(statement: str, values: dict[str, int | None] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return list(cursor.fetchall())
