"""What is stored of the posts that a batch brings, and so what to do with each of them: reads, and lets the pure rules
decide (reconcile.py, edits.py, homes.py). Written is it in posting.py."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import NamedTuple

from django.db import connection
from django.db.models import BooleanField, Exists, F, OuterRef, Q, Value

from aggregator.locks import Further
from aggregator.models import Appearance, Audience, Blog, Feed, Post, Tombstone
from aggregator.polling.edits import Told, edits_after, is_real
from aggregator.polling.homes import Arrival, Resident, Settlement, Site, settle
from aggregator.polling.identity import KnownPost, credible, names_of, unsettled
from aggregator.polling.pages import Words, page_key, page_of
from aggregator.polling.reconcile import Create, Intents, Update, reconcile
from aggregator.polling.types import IncomingPost
from bloghub.lib.text import words_of_clean_html

Documents = Mapping[int, Sequence[IncomingPost]]

# What has the pages asked for, and what had them once: one statement for a batch
_RESIDENTS = """
    SELECT post.page, post.id, post.permalink, post.title, post.published_at, post.excerpt,
           feed.id, blog.id, feed.url, blog.homepage_url, blog.audience = 'everyone'
      FROM unnest(%(pages)s::bigint[]) AS asked (page) JOIN aggregator_post AS post ON post.page = asked.page
      JOIN aggregator_feed AS feed ON feed.id = post.feed_id JOIN aggregator_blog AS blog ON blog.id = post.blog_id
     UNION ALL
    SELECT grave.page, NULL, '', '', NULL, '', NULL, NULL, '', '', NULL
      FROM unnest(%(graves)s::bigint[]) AS asked (page) JOIN aggregator_tombstone AS grave ON grave.page = asked.page
"""
_STORED = """
    SELECT id, content_html, edit_count, ARRAY(
           SELECT row.blog_id FROM aggregator_appearance AS row WHERE row.post_id = post.id AND row.is_shown ORDER BY 1)
      FROM aggregator_post AS post WHERE id = ANY (%s)
"""


class Outdated(Exception):
    """The audience of these blogs has changed, and their appearances have not followed (appearances.py)."""

    def __init__(self, blog_ids: Collection[int]) -> None:
        super().__init__(f"appearances of {len(blog_ids)} blogs are outdated")
        self.blog_ids = frozenset(blog_ids)


class Edit(NamedTuple):
    """An update to be written. ``blogs`` are the others on whose pages the post stands, ``page`` its key from now on,
    when ``turns``."""

    feed: Feed
    update: Update
    blogs: list[int]
    page: int | None
    turns: bool


@dataclass(frozen=True, slots=True)
class Batch:
    """What to write of the feeds of one transaction."""

    feeds: Mapping[int, Feed]
    settlement: Settlement = field(default_factory=Settlement)
    edits: Sequence[Edit] = ()
    again: Sequence[Update] = ()

    def brought(self) -> tuple[Counter[int], Counter[int], Counter[int]]:
        """How many posts each feed has newly brought, how many it has edited, how many newly appear in it."""
        found = self.settlement
        updated = [edit.feed.pk for edit in self.edits] + [one.arrival.site.feed_id for one in found.homecomings]
        return (
            Counter(arrival.site.feed_id for arrival in found.new),
            Counter(updated),
            Counter(guest.arrival.site.feed_id for guest in found.guests),
        )


# --- within each feed ------------------------------------------------------------------------------------------------


def intents_of(documents: Documents, feeds: Mapping[int, Feed], now: datetime) -> dict[int, Intents]:
    """What to do for each feed with a document; two queries for all of them, four when there is anything to look into.

    The guids settle nearly everything, by their index; only new, edited and suspect posts are looked for by permalink,
    which reads through the posts of their feeds.
    """
    old = {pk: documents[pk] for pk in _with_history(documents)}
    known = _known(old, Q(guid__in={post.guid for posts in old.values() for post in posts}))
    open_ = {pk: found for pk, posts in old.items() if (found := unsettled(known[pk].values(), posts, now))}
    names = {name for posts in open_.values() for post in posts for name in names_of(post, now)}
    pages = {post.permalink for posts in open_.values() for post in posts} - {""}
    removed: dict[int, set[str]] = defaultdict(set)
    if open_:
        for pk, rows in _known(open_, Q(guid__in=names) | Q(permalink__in=pages)).items():
            known[pk] |= rows
        for pk, name in Tombstone.objects.filter(feed__in=open_, guid__in=names).values_list("feed_id", "guid"):
            removed[pk].add(name)
    return {
        pk: reconcile(known[pk].values(), posts, now, removed[pk], is_first=pk not in old and not feeds[pk].body_hash)
        for pk, posts in documents.items()
    }


def _with_history(feeds: Collection[int]) -> list[int]:
    """Those that have a post or had one; at its first poll a feed has none, and nothing need be looked for by name."""
    here, there, removed = (
        model.objects.filter(feed=OuterRef("pk")).order_by() for model in (Post, Appearance, Tombstone)
    )
    with_any = Feed.objects.filter(Exists(here) | Exists(there) | Exists(removed), pk__in=feeds)
    return list(with_any.values_list("pk", flat=True))


def _known(feeds: Collection[int], which: Q) -> dict[int, dict[str, KnownPost]]:
    """The stored posts and appearances of these feeds that ``which`` asks for, by feed and name. One query."""
    known: dict[int, dict[str, KnownPost]] = defaultdict(dict)
    if not feeds:
        return known
    columns = ("feed_id", "pk", "guid", "permalink", "title", "published_at", "content_hash", "is_guest", "is_secret")
    never = Value(False, output_field=BooleanField())
    here = Post.objects.filter(which, feed__in=feeds).annotate(is_guest=never, is_secret=never)
    secret = ~Q(post__blog__audience=Audience.EVERYONE) & ~Q(post__blog=F("blog"))
    there = Appearance.objects.filter(which, feed__in=feeds).annotate(
        is_guest=Value(True, output_field=BooleanField()), is_secret=secret
    )
    outdated = False
    for feed_id, *row, is_secret in here.values_list(*columns).union(there.values_list(*columns), all=True):
        outdated |= is_secret
        post = KnownPost(*row)
        known[feed_id][post.guid] = post
    if outdated:
        raise Outdated(_secret_homes(feeds))
    return known


def _secret_homes(feeds: Collection[int]) -> list[int]:
    """The restricted blogs whose posts appear in these feeds of others."""
    rows = Appearance.objects.filter(feed__in=feeds).exclude(post__blog__audience=Audience.EVERYONE)
    return list(rows.exclude(post__blog=F("blog")).values_list("post__blog", flat=True).distinct())


# --- across feeds ----------------------------------------------------------------------------------------------------


def batch_of(
    intents: Mapping[int, Intents],
    documents: Documents,
    feeds: Mapping[int, Feed],
    held: Collection[int],
    now: datetime,
) -> Batch:
    """What to write; one query when there is anything new, one when there is an edit.

    Raises Further for the feeds whose posts are concerned, too, unless they are ``held``, and Outdated.
    """
    arrivals = [arrival for pk in sorted(intents) for arrival in _arrivals(feeds[pk], intents[pk], documents[pk], now)]
    edits = list(_edits(intents, documents, feeds))
    pages = {arrival.page for arrival in arrivals} | {edit.page for edit in edits}
    residents, graves = _residents(pages - {None}, {arrival.grave for arrival in arrivals} - {None})
    found = settle(arrivals, residents, graves)
    others = {guest.host.site.feed_id for guest in found.guests}
    others |= {one.resident.site.feed_id for one in found.homecomings}
    if others - set(held):
        raise Further(others - set(held))
    again = [update for pk in sorted(intents) for update in intents[pk].again]
    return Batch(feeds, found, _with_free_pages(edits, found, residents.keys()), again)


def _with_free_pages(edits: Iterable[Edit], found: Settlement, taken: Collection[int]) -> list[Edit]:
    """Those of posts that are not rewritten by their homecoming; a page that another post has stays that one's."""
    coming = {one.resident.id for one in found.homecomings}
    gone = {arrival.page for arrival in found.new} | set(taken)
    free: list[Edit] = []
    for edit in edits:
        if edit.update.id not in coming:
            free.append(edit._replace(page=None) if edit.page in gone else edit)
            gone.add(edit.page)
    return free


def _arrivals(feed: Feed, intents: Intents, document: Sequence[IncomingPost], now: datetime) -> Iterable[Arrival]:
    if not intents.create:
        return
    site = Site(feed.pk, feed.blog_id, feed.url, feed.blog.homepage_url)
    inside = _inside(feed.blog)
    shared = Counter(page_of(post.permalink) for post in document)
    for create in intents.create:
        link = create.post.permalink
        alone = shared[page_of(link)] == 1
        page, grave = (page_key(link, inside), page_key(link)) if alone else (None, None)
        yield Arrival(site, create, _words(create, now), page, grave)


def _inside(blog: Blog) -> int | None:
    """Whose pages those of a blog are (``page_key``)."""
    return None if blog.audience == Audience.EVERYONE else blog.pk


def _words(create: Create, now: datetime) -> Words:
    post = create.post
    return Words(post.title, credible(post.published_at or post.updated_at, now), post.excerpt)


def _residents(pages: Collection[int | None], graves: Collection[int | None]) -> tuple[dict[int, Resident], set[int]]:
    """The stored posts that have these pages, and which pages are those of removed posts."""
    if not pages and not graves:
        return {}, set()
    with connection.cursor() as cursor:
        # As text: PostgreSQL takes longer to read an array of thousands of numbers than to look them up
        cursor.execute(_RESIDENTS, {"pages": _array(pages), "graves": _array(graves)})
        rows = cursor.fetchall()
    residents: dict[int, Resident] = {}
    outdated = set()
    for page, pk, permalink, title, date, start, feed, blog, feed_url, homepage_url, is_open in rows:
        if pk is None:
            continue
        if page != page_key(permalink, None if is_open else blog):
            outdated.add(blog)
        site = Site(feed, blog, feed_url, homepage_url)
        residents[page] = Resident(pk, site, permalink, date, Words(title, date, start))
    if outdated:
        raise Outdated(outdated)
    return residents, {page for page, pk, *_ in rows if pk is None}


def _array(numbers: Iterable[int | None]) -> str:
    return f"{{{','.join(map(str, numbers))}}}"


# --- edits -----------------------------------------------------------------------------------------------------------


def _edits(intents: Mapping[int, Intents], documents: Documents, feeds: Mapping[int, Feed]) -> Iterable[Edit]:
    """The updates that are worth writing (edits.py)."""
    updates = {update.id: (feeds[pk], update) for pk in intents for update in intents[pk].update}
    if not updates:
        return
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [list(updates)])
        stored = cursor.fetchall()
    for pk, html, count, blogs in sorted(stored):
        feed, update = updates[pk]
        before = Told(update.known.title, _text(html))
        edits = edits_after(count, real=is_real(before, Told(update.post.title, _text(update.post.content_html))))
        if edits is not None:
            turns = page_of(update.post.permalink) != page_of(update.known.permalink)
            page = _page_of(update.post, documents[feed.pk], feed.blog) if turns else None
            yield Edit(feed, replace(update, edits=edits), blogs, page, turns)


def _page_of(post: IncomingPost, document: Sequence[IncomingPost], blog: Blog) -> int | None:
    """The key of its page, unless several entries of its document have that."""
    page = page_of(post.permalink)
    alone = sum(page_of(other.permalink) == page for other in document) == 1
    return page_key(post.permalink, _inside(blog)) if alone else None


def _text(html: str) -> str:
    return " ".join(words_of_clean_html(html)[0])
