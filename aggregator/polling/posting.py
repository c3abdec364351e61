"""Writes the posts of a batch: the only code that creates or changes posts, but for what removal.py, appearances.py and
cleaning.py do to them. In the transaction and under the locks of store.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection

from aggregator.appearances import follow, settle
from aggregator.authorship import Authors
from aggregator.models import Enclosure, Post, Tag, TaggedPost
from aggregator.models.tag import tag_slug
from aggregator.polling.homes import Arrival, Guest, Homecoming
from aggregator.polling.recall import Batch, Edit
from aggregator.polling.reconcile import Update
from aggregator.polling.types import IncomingPost
from aggregator.search import index
from aggregator.search.index import Place
from bloghub.lib.bulk import copy, execute, numbers
from bloghub.lib.html import SANITISER_VERSION
from bloghub.people.models import Person


@dataclass(frozen=True, slots=True)
class Written:
    """A post that this transaction has created or changed; its tags and files are still to be written, and its row in
    the search table. ``blogs`` are the others on whose pages it stands."""

    pk: int
    place: Place
    incoming: IncomingPost
    blogs: Sequence[int] = ()


_COLUMNS = (
    "permalink",
    "title",
    "author_name",
    "author_id",
    "content_html",
    "excerpt",
    "language",
    "word_count",
    "updated_at",
    "content_hash",
    "sanitiser_version",
)
# What was a post here becomes an appearance, as its feed had it
_LEAVE = """
    INSERT INTO aggregator_appearance (post_id, blog_id, feed_id, guid, permalink, title, published_at, content_hash)
    SELECT id, blog_id, feed_id, guid, permalink, title, published_at, content_hash FROM aggregator_post
     WHERE id = ANY (%s) ORDER BY id
"""
_AGAIN = """
    UPDATE aggregator_appearance AS row
       SET permalink = new.permalink, title = new.title, content_hash = new.content_hash
      FROM (VALUES %s) AS new (id, permalink, title, content_hash) WHERE row.id = new.id
"""
# Locked first, in the order of ids: an UPDATE by itself takes rows as they lie in the table
_COUNT = """
    WITH new (id, count, newest) AS (VALUES %s),
         held AS (
           SELECT blog.id FROM aggregator_blog AS blog JOIN new ON new.id = blog.id
            ORDER BY blog.id FOR NO KEY UPDATE OF blog)
    UPDATE aggregator_blog AS blog
       SET post_count = greatest(blog.post_count + new.count, 0),
           last_post_at = greatest(blog.last_post_at, new.newest::timestamptz)
      FROM new JOIN held ON held.id = new.id
     WHERE blog.id = new.id
"""
Name = tuple[int, str]  # a feed and a guid


def write_posts(batch: Batch, now: datetime) -> None:
    """Rows are written in a fixed order: new posts by page, edited ones by id, tags, appearances, blogs."""
    found = batch.settlement
    has_texts = found.new or batch.edits or found.homecomings
    numbers_of = _write_texts(batch, now) if has_texts else {}
    execute(_AGAIN, [_again(update) for update in sorted(batch.again, key=lambda update: update.id)])
    _write_guests(found.guests, numbers_of)
    moved = [one.resident.id for one in found.homecomings]
    guests = [_host(guest, numbers_of) for guest in found.guests]
    flips = settle(sorted({*moved, *guests}))
    follow(moved)
    counts = _Counts()
    for arrival in found.new:
        counts.add(arrival.site.blog_id, 1, arrival.create.published_at)
    for one in found.homecomings:
        counts.add(one.arrival.site.blog_id, 1, one.resident.published_at)
        counts.add(one.resident.site.blog_id, -1, None)
    for flip in flips:
        counts.add(flip.blog_id, 1 if flip.is_shown else -1, flip.published_at if flip.is_shown else None)
    counts.write()


def _write_texts(batch: Batch, now: datetime) -> dict[Name, int]:
    """Posts with all that is theirs; returns the ids of the new ones."""
    found = batch.settlement
    blogs = {batch.feeds[pk].blog_id for pk in _feeds_of(batch)}
    authors = Authors(blogs)
    created = _create_posts(found.new, batch, authors, now)
    written = created + _update_posts(batch, authors)
    # Read before the tags are written: other polls wait for the names of tags that are new
    rows = [index.row_of_post(one.pk, one.incoming, one.place, one.incoming.tags) for one in written]
    tags = _write_tags(written)
    rows = [
        index.also_on(index.tagged(row, tags[row.post_id]), one.blogs) for row, one in zip(rows, written, strict=True)
    ]
    index.add(rows[: len(created)])
    index.put(rows[len(created) :])
    _write_enclosures(written)
    by_name = sorted(found.new, key=_name)
    return {_name(arrival): one.pk for arrival, one in zip(by_name, created, strict=True)}


def _feeds_of(batch: Batch) -> Iterable[int]:
    arrivals = (*batch.settlement.new, *(one.arrival for one in batch.settlement.homecomings))
    yield from (arrival.site.feed_id for arrival in arrivals)
    yield from (edit.feed.pk for edit in batch.edits)


def _name(arrival: Arrival) -> Name:
    return arrival.site.feed_id, arrival.create.post.guid


def _create_posts(new: Iterable[Arrival], batch: Batch, authors: Authors, now: datetime) -> list[Written]:
    """New posts, all at once, in the order of their pages: whoever has to wait for another worker's page holds none
    that the other will want. Returned, and numbered, in the order of feeds and guids."""
    in_order = sorted(new, key=_name)
    rows, written = [], []
    for pk, arrival in zip(numbers("aggregator_post", len(in_order)), in_order, strict=True):
        feed, intent = batch.feeds[arrival.site.feed_id], arrival.create
        author = authors.of(feed.blog, intent.post)
        columns = _columns(intent.post, author)
        first = (arrival.page, pk, feed.pk, intent.post.guid, feed.blog_id, intent.published_at, now)
        rows.append((*first, *columns.values()))
        written.append(Written(pk, Place(feed.blog_id, author, intent.published_at), intent.post))
    rows.sort(key=lambda row: (row[0] is not None, row[0]))
    names = ("page", "id", "feed_id", "guid", "blog_id", "published_at", "first_seen_at", *_COLUMNS)
    copy("aggregator_post", names, rows)
    return written


def _columns(post: IncomingPost, author: Person | None) -> dict[str, Any]:
    """The columns of a post that its feed decides, in the order of ``_COLUMNS``."""
    return {
        "permalink": post.permalink,
        "title": post.title,
        "author_name": post.author_name,
        "author_id": author.pk if author else None,
        "content_html": post.content_html,
        "excerpt": post.excerpt,
        "language": post.language,
        "word_count": post.word_count,
        "updated_at": post.updated_at,
        "content_hash": post.content_hash,
        "sanitiser_version": SANITISER_VERSION,
    }


def _update_posts(batch: Batch, authors: Authors) -> list[Written]:
    """Edits and homecomings, one statement each: they are few, and each touches all of a post's columns."""
    coming = {one.resident.id: one for one in batch.settlement.homecomings}
    edits = {edit.update.id: edit for edit in batch.edits}
    if coming:
        with connection.cursor() as cursor:
            cursor.execute(_LEAVE, [sorted(coming)])
    written = [
        _come_home(coming[pk], batch, authors) if pk in coming else _edit(edits[pk], authors)
        for pk in sorted(coming.keys() | edits.keys())
    ]
    if written:
        ids = [one.pk for one in written]
        TaggedPost.objects.filter(content_object__in=ids).delete()
        Enclosure.objects.filter(post__in=ids).delete()
    return written


def _edit(edit: Edit, authors: Authors) -> Written:
    update, blog = edit.update, edit.feed.blog
    author = authors.of(blog, update.post)
    page = {"page": edit.page} if edit.turns else {}
    Post.objects.filter(pk=update.id).update(**_columns(update.post, author), **page, edit_count=update.edits)
    return Written(update.id, Place(blog.pk, author, update.known.published_at), update.post, edit.blogs)


def _come_home(one: Homecoming, batch: Batch, authors: Authors) -> Written:
    """The post keeps its place in the rivers, its address and what was said about it."""
    feed, post = batch.feeds[one.arrival.site.feed_id], one.arrival.create.post
    author = authors.of(feed.blog, post)
    home = {"feed": feed, "blog": feed.blog, "guid": post.guid, "edit_count": 0}
    Post.objects.filter(pk=one.resident.id).update(**_columns(post, author), **home)
    return Written(one.resident.id, Place(feed.blog_id, author, one.resident.published_at), post)


def _host(guest: Guest, numbers_of: dict[Name, int]) -> int:
    return numbers_of[_name(guest.host)] if isinstance(guest.host, Arrival) else guest.host.id


def _write_guests(guests: Iterable[Guest], numbers_of: dict[Name, int]) -> None:
    """Whether they are shown is found out when all are there (``settle``)."""
    columns = ("post_id", "blog_id", "feed_id", "guid", "permalink", "title", "published_at", "content_hash")
    rows = []
    for guest in sorted(guests, key=lambda guest: _name(guest.arrival)):
        site, post = guest.arrival.site, guest.arrival.create.post
        host = guest.host
        moment = host.create.published_at if isinstance(host, Arrival) else host.published_at
        place = (_host(guest, numbers_of), site.blog_id, site.feed_id)
        rows.append((*place, post.guid, post.permalink, post.title, moment, post.content_hash))
    copy("aggregator_appearance", columns, rows)


def _again(update: Update) -> tuple[int, str, str, str]:
    return update.id, update.post.permalink, update.post.title, update.post.content_hash


class _Counts:
    """What changes in the counters of blogs; written in the order of their ids."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()
        self._newest: dict[int, datetime] = {}

    def add(self, blog_id: int, count: int, published_at: datetime | None) -> None:
        self._counts[blog_id] += count
        if published_at is not None:
            self._newest[blog_id] = max(published_at, self._newest.get(blog_id, published_at))

    def write(self) -> None:
        execute(_COUNT, [(pk, self._counts[pk], self._newest.get(pk)) for pk in sorted(self._counts)])


def _write_tags(written: Sequence[Written]) -> dict[int, list[int]]:
    """Returns the ids of each post's tags."""
    names: dict[str, str] = {}
    for post in written:
        for name in post.incoming.tags:
            names.setdefault(tag_slug(name), name)
    found: dict[int, list[int]] = {post.pk: [] for post in written}
    if not names:
        return found
    known = dict(Tag.objects.filter(slug__in=names).values_list("slug", "pk"))
    if missing := sorted(names.keys() - known.keys()):
        Tag.objects.bulk_create([Tag(slug=slug, name=names[slug]) for slug in missing], ignore_conflicts=True)
        known |= dict(Tag.objects.filter(slug__in=missing).values_list("slug", "pk"))
    rows: dict[tuple[int, int], tuple[Any, ...]] = {}
    for post in written:
        for position, name in enumerate(post.incoming.tags):
            tag = known[tag_slug(name)]
            rows.setdefault((post.pk, tag), (post.pk, tag, position, post.place.published_at))
    columns = ("content_object_id", "tag_id", "position", "published_at")
    copy("aggregator_taggedpost", columns, [rows[key] for key in sorted(rows)])
    for post_id, tag in rows:
        found[post_id].append(tag)
    return found


def _write_enclosures(written: Sequence[Written]) -> None:
    columns = ("post_id", "url", "media_type", "length", "title", "duration")
    rows = [
        (post.pk, file.url, file.media_type, _within(file.length, 2**63), file.title, _within(file.duration, 2**31))
        for post in written
        for file in post.incoming.enclosures
    ]
    copy("aggregator_enclosure", columns, rows)


def _within(number: int | None, limit: int) -> int | None:
    """What a column can hold: publishers write any number."""
    return number if number is not None and 0 <= number < limit else None
