"""What is removed is no longer counted, and what a poll stores at the same moment is."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from aggregator.appearances import recount
from aggregator.models import Blog, Feed, Post
from aggregator.removal import remove_blogs, remove_feeds, remove_posts
from bloghub.notifications.models import Kind, Notification
from bloghub.notifications.telling import Event, tell
from bloghub.people.models import Person
from tests.aggregator.incoming import NOW, incoming, store_posts
from tests.hub import Hub

FEEDS = "/admin/aggregator/feed/"
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"  # pg_stat_activity stands still in a transaction


@pytest.fixture
def desk(client: Client, admin: Person) -> Client:
    """The browser of an admin."""
    client.force_login(admin)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["page", "list"])
def test_a_deleted_feed_s_posts_are_no_longer_counted(desk: Client, make_blog: Callable[..., Blog], way: str) -> None:
    blog = make_blog("Two feeds")
    stays, goes = blog.feeds.get(), Feed.objects.create(blog=blog, url="https://b.example/2", host="b.example")
    store_posts(stays, incoming("a", published_at=NOW - timedelta(days=9)))
    store_posts(goes, incoming("b"), incoming("c"))
    if way == "page":
        desk.post(f"{FEEDS}{goes.pk}/delete/", {"post": "yes"})
    else:
        desk.post(FEEDS, {"action": "delete_selected", "_selected_action": [goes.pk], "post": "yes"})
    blog.refresh_from_db()
    assert list(Feed.objects.all()) == [stays]
    assert (blog.post_count, blog.last_post_at) == (1, NOW - timedelta(days=9))


@pytest.mark.django_db
def test_deleting_the_only_feed_leaves_an_empty_blog(desk: Client, make_blog: Callable[..., Blog]) -> None:
    feed = make_blog().feeds.get()
    store_posts(feed, incoming("a"))
    desk.post(f"{FEEDS}{feed.pk}/delete/", {"post": "yes"})
    blog = Blog.objects.get()
    assert (blog.post_count, blog.last_post_at) == (0, None)


@pytest.mark.django_db
@pytest.mark.parametrize("way", ["post", "feed", "blog"])
def test_what_people_were_told_about_a_post_goes_with_it(
    make_post: Callable[..., Post], bo: Person, admin: Person, way: str
) -> None:
    gone, stays = make_post(), make_post()
    for post in (gone, stays):
        about = f"post:{post.pk}"
        event = Event(f"{about}:votes:5", about, None, post.title, "", post.get_absolute_url(), None, timezone.now())
        tell(event, {bo.pk: Kind.MILESTONE, admin.pk: Kind.MILESTONE})
    if way == "post":
        remove_posts([gone.pk])
    elif way == "feed":
        remove_feeds([gone.feed_id])
    else:
        remove_blogs([gone.blog_id])
    assert set(Notification.objects.values_list("group", flat=True)) == {f"post:{stays.pk}"}


@pytest.mark.django_db(transaction=True)
def test_a_post_that_a_poll_commits_meanwhile_is_counted(
    make_blog: Callable[..., Blog], make_post: Callable[..., Post]
) -> None:
    blog = make_blog(post_count=1)
    make_post(blog)
    counting = threading.Thread(target=_recount, args=(blog.pk,))
    with transaction.atomic():  # a poll of another feed of the blog: its post, then the counter
        make_post(blog)
        Blog.objects.filter(pk=blog.pk).update(post_count=2, last_post_at=timezone.now())
        counting.start()
        Hub.until(_somebody_waits, "the count waits for the poll", patience=20)
    counting.join()
    blog.refresh_from_db()
    assert blog.post_count == 2


def _recount(blog_id: int) -> None:
    try:
        recount([blog_id])
    finally:
        connection.close()


def _somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])
