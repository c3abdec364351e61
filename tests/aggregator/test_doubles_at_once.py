"""Two workers that bring the same posts at the same moment, each from its feed: none is doubled, and none waits for
the other for ever."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction

from aggregator.models import Appearance, Blog, Feed, Post, Searchable, Tombstone
from aggregator.polling import posting, recall, store as storing
from aggregator.polling.schedule import FeedFacts, after_success
from aggregator.polling.store import Finding, Stored, store
from aggregator.polling.types import IncomingPost
from aggregator.removal import remove_feeds, remove_posts
from aggregator.search.lexemes import blog_facet
from tests.aggregator.doubles import MakeBlog, blog_at, boats, counts
from tests.aggregator.incoming import NOW, claim, finding
from tests.hub import Hub

WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"
ALL, SOME = 300, 50  # of a table that PostgreSQL reads whole for some
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def aino_s(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "aino")


@pytest.fixture
def planet(make_blog: Callable[..., Blog]) -> Feed:
    return blog_at(make_blog, "planet")


class Worker(threading.Thread):
    """Does one thing with a connection of its own, and keeps what went wrong."""

    def __init__(self, work: Callable[[], object]) -> None:
        super().__init__()
        self._work = work
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self.error = error
        finally:
            connection.close()


@contextmanager
def working(*workers: Worker) -> Iterator[None]:
    """While they work; raises what they failed on."""
    for worker in workers:
        worker.start()
    yield
    for worker in workers:
        worker.join(60)
        assert not worker.is_alive()
        if worker.error is not None:
            raise worker.error


def poll(*brought: tuple[Feed, list[IncomingPost]]) -> Callable[[], list[Stored]]:
    token = claim(*(feed for feed, _posts in brought))
    findings = [finding(feed, *posts) for feed, posts in brought]
    return lambda: store(findings, token, NOW)


def somebody_waits() -> bool:
    with connection.cursor() as cursor:
        cursor.execute(WAITING)
        return bool(cursor.fetchone()[0])


def many(prefix: str, of: str = "aino") -> list[IncomingPost]:
    """Posts of one blog, under guids of the feed that brings them."""
    return [
        boats(f"{prefix}{n}", permalink=f"https://{of}.example/{n}", title=f"{of} {n}", content_hash=f"{n:032}")
        for n in range(20)
    ]


def test_what_the_other_is_storing_is_waited_for_and_found(aino_s: Feed, planet: Feed) -> None:
    mine = Worker(poll((planet, [boats("p1")])))
    token = claim(aino_s)
    with transaction.atomic():
        store([finding(aino_s, boats())], token, NOW)
        mine.start()
        Hub.until(somebody_waits, "the planet's poll waits for the page", patience=20)
    mine.join(60)
    assert mine.error is None
    assert (Post.objects.get().feed, Appearance.objects.get().feed) == (aino_s, planet)


def test_the_home_that_comes_second_still_gets_the_post(aino_s: Feed, planet: Feed) -> None:
    mine = Worker(poll((aino_s, [boats()])))
    token = claim(planet)
    with transaction.atomic():
        store([finding(planet, boats("p1"))], token, NOW)
        mine.start()
        Hub.until(somebody_waits, "the blog's poll waits for the page", patience=20)
    mine.join(60)
    assert mine.error is None
    assert (Post.objects.get().feed, Appearance.objects.get().feed) == (aino_s, planet)
    assert counts() == {"Blog aino": 1, "Blog planet": 1}


def test_workers_with_crossing_halves_neither_double_nor_deadlock(make_blog: MakeBlog) -> None:
    """Each brings two feeds, a blog and a planet, and all planets bring all blogs' posts."""
    blogs = [blog_at(make_blog, name) for name in ("aino", "bo", "cia")]
    planets = [blog_at(make_blog, f"planet{n}") for n in range(3)]
    posts = {feed: many("own", feed.host.removesuffix(".example")) for feed in blogs}
    for _round in range(4):
        everything = [
            poll((blog, posts[blog]), (planet, [post for found in posts.values() for post in _by(planet, found)]))
            for blog, planet in zip(blogs, planets, strict=True)
        ]
        with working(*map(Worker, everything)):
            pass
        assert Post.objects.count() == 60
        assert all(post.feed in blogs for post in Post.objects.select_related("feed"))
        assert Appearance.objects.filter(is_shown=True).count() == Appearance.objects.count() == 180
        assert set(counts().values()) == {20, 60}
        remove_feeds(Feed.objects.filter(pk=planets[0].pk).values_list("pk", flat=True))
        planets[0] = Feed.objects.create(
            blog=planets[0].blog, url=planets[0].url, host=planets[0].host, next_poll_at=NOW
        )


def _by(planet: Feed, posts: list[IncomingPost]) -> list[IncomingPost]:
    """The same, as a planet names them."""
    return [boats(f"{planet.url} {post.permalink}", **_said(post)) for post in posts]


def _said(post: IncomingPost) -> dict[str, object]:
    return {"permalink": post.permalink, "title": post.title, "content_hash": post.content_hash}


def test_a_post_that_is_removed_while_a_planet_brings_it_stays_away(
    aino_s: Feed, planet: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store([finding(aino_s, boats())], claim(aino_s), NOW)
    begun, go_on = threading.Event(), threading.Event()
    original = recall.intents_of

    def slowly(*arguments: object) -> object:
        if not begun.is_set():
            begun.set()
            assert go_on.wait(30)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(storing, "intents_of", slowly)
    with working(Worker(poll((planet, [boats("p1")])))):
        assert begun.wait(30)
        remove_posts(Post.objects.values_list("pk", flat=True))
        go_on.set()
    assert not Post.objects.exists()
    assert Tombstone.objects.exists()


def test_a_home_that_goes_while_a_planet_joins_leaves_the_post_whole(
    aino_s: Feed, planet: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store([finding(aino_s, boats())], claim(aino_s), NOW)
    gone = Worker(lambda: remove_feeds([aino_s.pk]))
    original = posting._write_guests

    def slowly(*arguments: object) -> None:
        gone.start()
        Hub.until(somebody_waits, "the removal waits for the poll", patience=20)
        original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(posting, "_write_guests", slowly)
    poll((planet, [boats("p1")]))()
    gone.join(60)
    assert gone.error is None
    assert Post.objects.get().feed == planet


@pytest.mark.parametrize("way", ["written", "given back", "counted"])
def test_rows_are_locked_in_order_however_they_lie_in_the_table(make_blog: MakeBlog, way: str) -> None:
    """Whoever stores posts of several feeds locks them and their blogs by their ids, and would wait for ever."""
    model, work = _counting() if way == "counted" else _leasing(make_blog(), way)
    first, last = model.objects.order_by("pk").values_list("pk", flat=True)[:SOME][:: SOME - 1]
    model.objects.filter(pk=first).update(title="too long for where it lay " * 7)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {model._meta.db_table}")  # from now on PostgreSQL reads so small a table as it lies
    worker = Worker(work)
    with transaction.atomic():
        model.objects.select_for_update().get(pk=first)
        worker.start()
        Hub.until(somebody_waits, "the poll waits for the first row", patience=20)
        model.objects.select_for_update(nowait=True).get(pk=last)
    worker.join(60)
    assert worker.error is None
    assert not Feed.objects.exclude(lease_token=None).exists()


def _leasing(blog: Blog, way: str) -> tuple[type[Feed], Callable[[], object]]:
    names = [f"https://blogs.example/{n}.xml" for n in range(ALL)]
    Feed.objects.bulk_create(Feed(blog=blog, url=name, host="blogs.example") for name in names)
    feeds = Feed.objects.order_by("pk")[:SOME]
    token, verdict = claim(*feeds), after_success(FeedFacts(), NOW, chance=0.5)
    if way == "given back":
        return Feed, Feed.objects.held(token).give_back
    findings = [Finding(feed.pk, verdict) for feed in feeds]
    return Feed, lambda: store(findings, token, NOW)


def _counting() -> tuple[type[Blog], Callable[[], object]]:
    Blog.objects.bulk_create(Blog(title=f"Blog {n}", slug=f"blog-{n}") for n in range(ALL))
    counts = posting._Counts()
    for pk in Blog.objects.order_by("pk").values_list("pk", flat=True)[:SOME]:
        counts.add(pk, 1, NOW)
    return Blog, counts.write


def test_an_edit_while_a_planet_goes_leaves_no_word_of_it(
    aino_s: Feed, planet: Feed, monkeypatch: pytest.MonkeyPatch
) -> None:
    store([finding(aino_s, boats())], claim(aino_s), NOW)
    store([finding(planet, boats("p1"))], claim(planet), NOW)
    gone = Worker(lambda: remove_feeds([planet.pk]))
    original = posting._update_posts

    def slowly(*arguments: object) -> object:
        gone.start()
        Hub.until(lambda: somebody_waits() or not gone.is_alive(), "the removal waits or is done", patience=20)
        return original(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(posting, "_update_posts", slowly)
    poll((aino_s, [boats(title="On boats and seals", content_hash="3" * 32)]))()
    gone.join(60)
    assert gone.error is None
    words = Searchable.objects.get().words
    assert "seal" in words
    assert f"'{blog_facet(planet.blog_id)}'" not in words
