"""Registering what was found behind an address: once, with an address of its own, by many at the same moment."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.db import connection

from aggregator.models import Audience, Blog, Feed
from aggregator.registration import Preview, register
from bloghub.people.models import Person
from tests.aggregator.looks import made


@pytest.mark.django_db
def test_registering_makes_a_blog_with_a_feed_that_is_due(aino: Person, crew: Group) -> None:
    blog = register(made(), title="Engines", owners=[aino], audience=Audience.GROUPS, groups=[crew])
    feed = blog.feeds.get()
    assert (blog.title, blog.slug, blog.homepage_url) == ("Engines", "engines", "https://blogs.example/")
    assert (list(blog.owners.all()), list(blog.audience_groups.all())) == ([aino], [crew])
    assert (feed.url, feed.host) == ("https://blogs.example/feed", "blogs.example")
    assert feed in Feed.objects.due(feed.next_poll_at)


@pytest.mark.django_db
@pytest.mark.parametrize(
    "spelling", ["https://blogs.example/feed", "http://blogs.example/feed", "https://old.example/"]
)
def test_a_feed_is_registered_once_whatever_address_led_to_it(spelling: str) -> None:
    first = register(
        Preview("https://blogs.example/feed", ("https://old.example/",), "rss20", "A", "https://x.example/")
    )
    Feed.objects.filter(blog=first).update(url=spelling)
    again = Preview("https://blogs.example/feed", ("https://blogs.example/feed", "https://old.example/"), "", "B", "")
    assert again.known_blog() == first
    assert register(again, title="Another name") == first
    assert (Blog.objects.get().title, Feed.objects.count()) == ("A", 1)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("Engine Lab", "engine-lab"),
        ("日本語のブログ", "日本語のブログ"),
        ("مدونة المحرك", "مدونة-المحرك"),
        ("Suggest", "suggest-2"),  # /blogs/suggest/ is a page
        ("!!!", "blogs-example"),
        ("x" * 200, "x" * 60),
    ],
)
def test_the_slug_comes_from_the_title_in_any_script(title: str, slug: str) -> None:
    assert register(made(title=title)).slug == slug


@pytest.mark.django_db
def test_blogs_of_one_name_get_different_addresses() -> None:
    slugs = [register(made(f"https://blogs.example/{number}")).slug for number in range(3)]
    assert slugs == ["engine-lab", "engine-lab-2", "engine-lab-3"]


def in_threads(work: Callable[[int], object], count: int) -> list[object]:
    """Runs ``work(0 … count-1)`` side by side, each with a database connection of its own."""
    start = threading.Barrier(count)
    results: list[object] = [None] * count

    def run(number: int) -> None:
        try:
            start.wait()
            results[number] = work(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@pytest.mark.django_db(transaction=True)
def test_registering_at_the_same_moment_makes_one_blog_of_one_feed() -> None:
    blogs = in_threads(lambda _number: register(made()).pk, 6)
    assert len(set(blogs)) == 1
    assert (Blog.objects.count(), Feed.objects.count()) == (1, 1)


@pytest.mark.django_db(transaction=True)
def test_registering_namesakes_at_the_same_moment_gives_each_an_address() -> None:
    in_threads(lambda number: register(made(f"https://blogs.example/{number}")), 6)
    assert set(Blog.objects.values_list("slug", flat=True)) == {
        "engine-lab", *(f"engine-lab-{number}" for number in range(2, 7))
    }  # fmt: skip
