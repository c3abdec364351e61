"""Writes what a poll found: the only code that creates or changes posts. One transaction a batch of feeds.

Rows are written in a fixed order (feeds, posts, tags, blogs; each by its key), or two workers would deadlock; a feed
whose lease has passed to somebody else is left alone (fencing token). Decides nothing: see reconcile.py, schedule.py.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, Q

from aggregator.authorship import Authors
from aggregator.models import Enclosure, Feed, Post, Tag, TaggedPost, Tombstone
from aggregator.models.tag import tag_slug
from aggregator.polling.history import CHANGED, KEPT, SAME, Visit, pack
from aggregator.polling.identity import KnownPost, names_of, unsettled
from aggregator.polling.reconcile import Create, Intents, Update, reconcile
from aggregator.polling.schedule import Verdict
from aggregator.polling.types import IncomingPost, ParsedFeed, Trouble
from aggregator.search import index
from aggregator.search.index import Place
from bloghub.lib.bulk import copy, execute, numbers
from bloghub.lib.html import SANITISER_VERSION
from bloghub.people.models import Person


@dataclass(frozen=True, slots=True)
class Validators:
    """What the next conditional request will send, and the hash that finds an unchanged body without them."""

    etag: str
    last_modified: str
    body_hash: str


@dataclass(frozen=True, slots=True)
class Finding:
    """One feed's poll, ready to be stored: a document, a trouble, or neither when nothing has changed.

    ``how`` is the word of history.py for an answer without trouble and without a document, ``seconds`` what the
    exchange took, ``late`` how many seconds after its time it began.
    """

    feed_id: int
    verdict: Verdict
    validators: Validators | None = None
    parsed: ParsedFeed | None = None
    trouble: Trouble | None = None
    how: str = SAME
    seconds: float = 0.0
    late: float = 0.0

    @property
    def outcome(self) -> str:
        """The word of history.py for it."""
        if self.trouble is not None:
            return self.trouble.code
        return CHANGED if self.parsed is not None else self.how


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one finding. ``refused``: the lease had passed on, nothing was written."""

    feed_id: int
    created: int = 0
    updated: int = 0
    refused: bool = False


@dataclass(frozen=True, slots=True)
class Written:
    """A post that this transaction has created or changed; its tags and files are still to be written, and its row in
    the search table."""

    pk: int
    place: Place
    incoming: IncomingPost


@dataclass(slots=True)
class _Batch:
    """Rows gathered over the feeds of one transaction."""

    create: list[tuple[Feed, Create]] = field(default_factory=list)
    update: list[tuple[Feed, Update]] = field(default_factory=list)


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


def store(findings: Sequence[Finding], token: uuid.UUID, now: datetime) -> list[Stored]:
    """Stores these findings under one lease token, all or none; safe to repeat."""
    if not findings:
        return []
    with transaction.atomic():
        if all(finding.parsed is None for finding in findings):
            held = _write_feeds(findings, token, now, changed={})
            return [Stored(finding.feed_id, refused=finding.feed_id not in held) for finding in findings]
        return _store_documents(findings, token, now)


def _store_documents(findings: Sequence[Finding], token: uuid.UUID, now: datetime) -> list[Stored]:
    ids = sorted(finding.feed_id for finding in findings)
    locked = Feed.objects.held(token).filter(pk__in=ids).order_by("pk").select_for_update(of=("self",))
    feeds = {feed.pk: feed for feed in locked.select_related("blog")}
    intents = _intents([finding for finding in findings if finding.feed_id in feeds], now)
    batch = _Batch(
        create=[(feeds[pk], intent) for pk in sorted(intents) for intent in intents[pk].create],
        update=[(feeds[pk], intent) for pk in sorted(intents) for intent in intents[pk].update],
    )
    if batch.create or batch.update:
        _write_posts(batch, now)
    changed = {pk: len(intent.create) for pk, intent in intents.items() if intent.create or intent.update}
    _write_feeds(findings, token, now, changed=changed)
    return [
        Stored(pk, len(intents[pk].create), len(intents[pk].update))
        if pk in intents
        else Stored(pk, refused=pk not in feeds)
        for pk in (finding.feed_id for finding in findings)
    ]


def _intents(findings: Iterable[Finding], now: datetime) -> dict[int, Intents]:
    """What to do for each feed with a document; two queries for all of them, four when there is anything to look into.

    The guids settle nearly everything, by their index; only new, edited and suspect posts are looked for by permalink,
    which reads through the posts of their feeds.
    """
    documents = {finding.feed_id: finding.parsed.posts for finding in findings if finding.parsed is not None}
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
    return {pk: reconcile(known[pk].values(), posts, now, removed[pk]) for pk, posts in documents.items()}


def _with_history(feeds: Collection[int]) -> list[int]:
    """Those that have a post or had one; at its first poll a feed has none, and nothing need be looked for by name."""
    posts, removed = (model.objects.filter(feed=OuterRef("pk")).order_by() for model in (Post, Tombstone))
    return list(Feed.objects.filter(Exists(posts) | Exists(removed), pk__in=feeds).values_list("pk", flat=True))


def _known(feeds: Collection[int], which: Q) -> dict[int, dict[str, KnownPost]]:
    """The stored posts of these feeds that ``which`` asks for, by feed and name."""
    known: dict[int, dict[str, KnownPost]] = defaultdict(dict)
    if not feeds:
        return known
    columns = ("feed_id", "pk", "guid", "permalink", "title", "published_at", "content_hash")
    for feed_id, *row in Post.objects.filter(which, feed__in=feeds).values_list(*columns):
        post = KnownPost(*row)
        known[feed_id][post.guid] = post
    return known


def _write_posts(batch: _Batch, now: datetime) -> None:
    authors = Authors(feed.blog_id for feed, _intent in (*batch.create, *batch.update))
    created = _create_posts(batch.create, authors, now)
    written = created + _update_posts(batch, authors)
    # Read before the tags are written: other polls wait for the names of tags that are new
    rows = [index.row_of_post(one.pk, one.incoming, one.place, one.incoming.tags) for one in written]
    tags = _write_tags(written)
    rows = [index.tagged(row, tags[row.post_id]) for row in rows]
    index.add(rows[: len(created)])
    index.put(rows[len(created) :])
    _write_enclosures(written)
    _write_blogs(batch.create)


def _create_posts(create: Sequence[tuple[Feed, Create]], authors: Authors, now: datetime) -> list[Written]:
    """New posts, in the order of their key, all at once; the feeds' locks keep everybody else away from them."""
    in_order = sorted(create, key=lambda pair: (pair[0].pk, pair[1].post.guid))
    rows, written = [], []
    for pk, (feed, intent) in zip(numbers("aggregator_post", len(in_order)), in_order, strict=True):
        author = authors.of(feed.blog, intent.post)
        columns = _columns(intent.post, author)
        rows.append((pk, feed.pk, intent.post.guid, feed.blog_id, intent.published_at, now, *columns.values()))
        written.append(Written(pk, Place(feed.blog_id, author, intent.published_at), intent.post))
    copy("aggregator_post", ("id", "feed_id", "guid", "blog_id", "published_at", "first_seen_at", *_COLUMNS), rows)
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


def _update_posts(batch: _Batch, authors: Authors) -> list[Written]:
    """Edits, one statement each: they are few, and each touches all of a post's columns."""
    ids = [intent.id for _feed, intent in batch.update]
    times = dict(Post.objects.filter(pk__in=ids).values_list("pk", "published_at")) if ids else {}
    written = []
    for feed, intent in sorted(batch.update, key=lambda pair: pair[1].id):
        author = authors.of(feed.blog, intent.post)
        Post.objects.filter(pk=intent.id).update(**_columns(intent.post, author))
        written.append(Written(intent.id, Place(feed.blog_id, author, times[intent.id]), intent.post))
    if ids:
        TaggedPost.objects.filter(content_object__in=ids).delete()
        Enclosure.objects.filter(post__in=ids).delete()
    return written


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


def _write_blogs(create: Sequence[tuple[Feed, Create]]) -> None:
    """Keeps the counters of the blogs with new posts, in the order of their ids."""
    news: dict[int, list[datetime]] = defaultdict(list)
    for feed, intent in create:
        news[feed.blog_id].append(intent.published_at)
    rows = [(pk, len(news[pk]), max(news[pk])) for pk in sorted(news)]
    execute(
        """
        UPDATE aggregator_blog AS blog
           SET post_count = blog.post_count + new.count, last_post_at = greatest(blog.last_post_at, new.newest)
          FROM (VALUES %s) AS new (id, count, newest)
         WHERE blog.id = new.id
        """,
        rows,
    )


def _write_feeds(
    findings: Sequence[Finding], token: uuid.UUID, now: datetime, *, changed: Mapping[int, int]
) -> set[int]:
    """Gives the leases back with the verdicts, in one statement for all; returns the ids that were still held.

    ``changed`` holds the feeds with new or edited posts, and how many are new.
    """
    in_order = sorted(findings, key=lambda finding: finding.feed_id)
    rows = [(*_feed_row(finding, now, changed), str(token)) for finding in in_order]
    held = execute(
        f"""
        UPDATE aggregator_feed AS feed
           SET lease_until = NULL, lease_token = NULL,
               state = new.state, interval = new.interval, attempts = new.attempts,
               consecutive_failures = new.failures, failing_since = new.failing_since::timestamptz,
               next_poll_at = new.next_poll_at, last_polled_at = new.polled_at,
               last_changed_at = coalesce(new.changed_at::timestamptz, feed.last_changed_at),
               last_good_at = CASE WHEN new.error_code = '' THEN new.polled_at ELSE feed.last_good_at END,
               history = (feed.history || new.visit)[cardinality(feed.history) + 2 - {KEPT}:],
               etag = coalesce(new.etag, feed.etag),
               last_modified = coalesce(new.last_modified, feed.last_modified),
               body_hash = coalesce(new.body_hash, feed.body_hash),
               format = coalesce(new.format, feed.format), title = coalesce(new.title, feed.title),
               notes = coalesce(new.notes, feed.notes),
               last_error = new.error, last_error_kind = new.error_kind,
               last_error_code = new.error_code, last_error_hint = new.error_hint
          FROM (VALUES %s) AS new (
               id, state, interval, attempts, failures, failing_since, next_poll_at, polled_at, changed_at,
               etag, last_modified, body_hash, format, title, notes, error, error_kind, error_code, error_hint,
               visit, token)
         WHERE feed.id = new.id AND feed.lease_token = new.token::uuid
        RETURNING feed.id
        """,  # noqa: S608 - the only thing put in is a number of ours
        rows,
    )
    return {row[0] for row in held}


def _feed_row(finding: Finding, now: datetime, changed: Mapping[int, int]) -> tuple[Any, ...]:
    """One row of VALUES for ``_write_feeds``; None keeps what is stored."""
    verdict, trouble, parsed, validators = finding.verdict, finding.trouble, finding.parsed, finding.validators
    return (
        finding.feed_id,
        verdict.state,
        verdict.interval,
        verdict.attempts,
        verdict.consecutive_failures,
        verdict.failing_since,
        verdict.next_poll_at,
        now,
        now if finding.feed_id in changed else None,
        *(
            (validators.etag[:1000], validators.last_modified[:200], validators.body_hash)
            if validators
            else (None,) * 3
        ),
        *((parsed.format, parsed.title, "\n".join(parsed.notes)) if parsed else (None,) * 3),
        *((trouble.reason, trouble.kind.value, trouble.code, trouble.hint) if trouble else ("",) * 4),
        pack(Visit(now, finding.outcome, finding.seconds, changed.get(finding.feed_id, 0))),
    )
