"""The admin's pages of posts and tags: found, taken away, never changed; what strangers wrote stays words."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from aggregator.models import Blog, Feed, Post, Tag, TaggedPost

pytestmark = pytest.mark.django_db
FEEDS, BLOGS, POSTS, TAGS = (f"/admin/aggregator/{noun}/" for noun in ("feed", "blog", "post", "tag"))
HOSTILE = "<script>window.__pwn=1</script>\"'><img src=x onerror=window.__pwn=1>"


def test_posts_are_found_by_title_and_cannot_be_changed(desk: Client, make_post: Callable[..., Post]) -> None:
    post = make_post(title="The long crankshaft")
    make_post(title="Lunch")
    html = desk.get(f"{POSTS}?q=crankshaft").content.decode()
    assert "The long crankshaft" in html
    assert "Lunch" not in html
    assert desk.post(f"{POSTS}{post.pk}/change/", {"title": "Changed"}).status_code == 403
    assert "The long crankshaft" in desk.get(f"{POSTS}{post.pk}/change/").content.decode()


@pytest.mark.parametrize("how", ["one", "many"])
def test_a_deleted_post_is_taken_off_its_blogs_count(desk: Client, make_post: Callable[..., Post], how: str) -> None:
    keep = make_post(ago=timedelta(days=3))
    gone = make_post(keep.blog)
    Blog.objects.update(post_count=2, last_post_at=gone.published_at)
    if how == "one":
        desk.post(f"{POSTS}{gone.pk}/delete/", {"post": "yes"})
    else:
        desk.post(POSTS, {"action": "delete_selected", "_selected_action": [gone.pk], "post": "yes"})
    blog = Blog.objects.get()
    assert (blog.post_count, blog.last_post_at) == (1, keep.published_at)


def test_the_posts_list_costs_the_same_for_one_and_for_twenty(
    desk: Client, make_post: Callable[..., Post], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_post()
    with django_assert_num_queries(3):
        desk.get(POSTS)
    for _ in range(20):
        make_post()
    with django_assert_num_queries(3):
        desk.get(POSTS)


def test_hostile_words_are_words_on_every_page(
    desk: Client, make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    blog = make_blog(HOSTILE, description=HOSTILE, author_name=HOSTILE)
    Feed.objects.update(title=HOSTILE, notes=HOSTILE, last_error=HOSTILE, consecutive_failures=1)
    post = make_post(
        blog, title=HOSTILE, author_name=HOSTILE, excerpt=HOSTILE, guid=HOSTILE, permalink="javascript:alert(1)"
    )
    tag = Tag.objects.create(name=HOSTILE[:90], slug="hostile")
    TaggedPost.objects.create(tag=tag, content_object=post, published_at=post.published_at)
    feed = blog.feeds.get()
    for path, row in ((BLOGS, blog), (FEEDS, feed), (POSTS, post), (TAGS, tag)):
        for page in (path, f"{path}{row.pk}/change/", f"{path}{row.pk}/delete/", f"{path}{row.pk}/history/"):
            answer = desk.get(page)
            assert answer.status_code == 200, page
            html = answer.content.decode()
            assert "<script>window" not in html, page
            assert "<img src=x" not in html, page
            assert 'href="javascript:' not in html, page
