"""Writes what a poll found: the only code that creates or changes posts. One transaction a batch of feeds.

Rows are written in a fixed order (feeds, posts, tags, blogs; each by its key), or two workers would deadlock; a feed
whose lease has passed to somebody else is left alone (fencing token). Decides nothing: see reconcile.py, schedule.py.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, transaction
from psycopg2.extras import execute_values

from aggregator.models import Blog, Enclosure, Feed, Post, Tag, TaggedPost
from aggregator.models.tag import tag_slug
from aggregator.polling.reconcile import Create, Intents, KnownPost, Update, reconcile
from aggregator.polling.schedule import Verdict
from aggregator.polling.types import IncomingPost, ParsedFeed, Trouble
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
    """One feed's poll, ready to be stored: a document, a trouble, or neither when nothing has changed."""

    feed_id: int
    verdict: Verdict
    validators: Validators | None = None
    parsed: ParsedFeed | None = None
    trouble: Trouble | None = None


@dataclass(frozen=True, slots=True)
class Stored:
    """What became of one finding. ``refused``: the lease had passed on, nothing was written."""

    feed_id: int
    created: int = 0
    updated: int = 0
    refused: bool = False


@dataclass(slots=True)
class _Batch:
    """Rows gathered over the feeds of one transaction."""

    create: list[tuple[Feed, Create]] = field(default_factory=list)
    update: list[tuple[Feed, Update]] = field(default_factory=list)


def store(findings: Sequence[Finding], token: uuid.UUID, now: datetime) -> list[Stored]:
    """Stores these findings under one lease token, all or none; safe to repeat."""
    if not findings:
        return []
    with transaction.atomic():
        if all(finding.parsed is None for finding in findings):
            held = _write_feeds(findings, token, now, changed=frozenset())
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
    changed = frozenset(pk for pk, intent in intents.items() if intent.create or intent.update)
    _write_feeds(findings, token, now, changed=changed)
    return [
        Stored(pk, len(intents[pk].create), len(intents[pk].update))
        if pk in intents
        else Stored(pk, refused=pk not in feeds)
        for pk in (finding.feed_id for finding in findings)
    ]


def _intents(findings: Iterable[Finding], now: datetime) -> dict[int, Intents]:
    """What to do for each feed with a document; one query for all of them."""
    documents = {finding.feed_id: finding.parsed.posts for finding in findings if finding.parsed is not None}
    guids = {post.guid for posts in documents.values() for post in posts}
    known: dict[int, dict[str, KnownPost]] = defaultdict(dict)
    rows = Post.objects.filter(feed__in=documents, guid__in=guids).values_list("feed_id", "guid", "pk", "content_hash")
    for feed_id, guid, pk, content_hash in rows:
        known[feed_id][guid] = KnownPost(pk, content_hash)
    return {feed_id: reconcile(known[feed_id], posts, now) for feed_id, posts in documents.items()}


def _write_posts(batch: _Batch, now: datetime) -> None:
    authors = Authors(feed.blog for feed, _intent in (*batch.create, *batch.update))
    created = [
        Post(
            blog_id=feed.blog_id,
            feed_id=feed.pk,
            guid=intent.post.guid,
            published_at=intent.published_at,
            first_seen_at=now,
            **_columns(intent.post, authors.of(feed.blog, intent.post)),
        )
        for feed, intent in batch.create
    ]
    created.sort(key=lambda post: (post.feed_id, post.guid))
    Post.objects.bulk_create(created)
    incoming = {(feed.pk, intent.post.guid): intent.post for feed, intent in batch.create}
    written = [(post, incoming[post.feed_id, post.guid]) for post in created]
    written += _update_posts(batch, authors)
    _write_tags(written)
    _write_enclosures(written)
    _write_blogs({feed.blog_id for feed, _intent in (*batch.create, *batch.update)}, created)


def _columns(post: IncomingPost, author: Person | None) -> dict[str, Any]:
    """The columns of a post that its feed decides."""
    return {
        "permalink": post.permalink,
        "title": post.title,
        "author_name": post.author_name,
        "author": author,
        "content_html": post.content_html,
        "excerpt": post.excerpt,
        "language": post.language,
        "word_count": post.word_count,
        "updated_at": post.updated_at,
        "content_hash": post.content_hash,
        "sanitiser_version": SANITISER_VERSION,
    }


def _update_posts(batch: _Batch, authors: Authors) -> list[tuple[Post, IncomingPost]]:
    """Edits, one statement each: they are few, and each touches all of a post's columns."""
    written = []
    for feed, intent in sorted(batch.update, key=lambda pair: pair[1].id):
        Post.objects.filter(pk=intent.id).update(**_columns(intent.post, authors.of(feed.blog, intent.post)))
    posts = Post.objects.only("published_at").in_bulk([intent.id for _feed, intent in batch.update])
    for _feed, intent in batch.update:
        written.append((posts[intent.id], intent.post))
    TaggedPost.objects.filter(content_object__in=posts).delete()
    Enclosure.objects.filter(post__in=posts).delete()
    return written


def _write_tags(written: Sequence[tuple[Post, IncomingPost]]) -> None:
    names: dict[str, str] = {}
    for _post, incoming in written:
        for name in incoming.tags:
            names.setdefault(tag_slug(name), name)
    if not names:
        return
    Tag.objects.bulk_create([Tag(slug=slug, name=names[slug]) for slug in sorted(names)], ignore_conflicts=True)
    ids = dict(Tag.objects.filter(slug__in=names).values_list("slug", "pk"))
    rows = {
        (post.pk, ids[tag_slug(name)]): TaggedPost(
            content_object=post, tag_id=ids[tag_slug(name)], position=position, published_at=post.published_at
        )
        for post, incoming in written
        for position, name in reversed(list(enumerate(incoming.tags)))
    }
    TaggedPost.objects.bulk_create([rows[key] for key in sorted(rows)])


def _write_enclosures(written: Sequence[tuple[Post, IncomingPost]]) -> None:
    Enclosure.objects.bulk_create(
        Enclosure(
            post=post,
            url=enclosure.url,
            media_type=enclosure.media_type,
            length=enclosure.length,
            title=enclosure.title,
            duration=enclosure.duration,
        )
        for post, incoming in written
        for enclosure in incoming.enclosures
    )


def _write_blogs(blog_ids: Iterable[int], created: Sequence[Post]) -> None:
    """Keeps the counters of the blogs; only those with new posts are touched, in the order of their ids."""
    news: dict[int, list[datetime]] = defaultdict(list)
    for post in created:
        news[post.blog_id].append(post.published_at)
    rows = [(pk, len(news[pk]), max(news[pk])) for pk in sorted(set(blog_ids) & set(news))]
    if not rows:
        return
    with connection.cursor() as cursor:
        execute_values(
            cursor.cursor,
            """
            UPDATE aggregator_blog AS blog
               SET post_count = blog.post_count + new.count,
                   last_post_at = greatest(blog.last_post_at, new.newest)
              FROM (VALUES %s) AS new (id, count, newest)
             WHERE blog.id = new.id
            """,
            rows,
            page_size=len(rows),
        )


def _write_feeds(findings: Sequence[Finding], token: uuid.UUID, now: datetime, *, changed: frozenset[int]) -> set[int]:
    """Gives the leases back with the verdicts, in one statement for all; returns the ids that were still held."""
    rows = [_feed_row(finding, now, changed) for finding in sorted(findings, key=lambda finding: finding.feed_id)]
    with connection.cursor() as cursor:
        held = execute_values(
            cursor.cursor,
            """
            UPDATE aggregator_feed AS feed
               SET lease_until = NULL, lease_token = NULL,
                   state = new.state, interval = new.interval, attempts = new.attempts,
                   consecutive_failures = new.failures, failing_since = new.failing_since::timestamptz,
                   next_poll_at = new.next_poll_at, last_polled_at = new.polled_at,
                   last_changed_at = coalesce(new.changed_at::timestamptz, feed.last_changed_at),
                   etag = coalesce(new.etag, feed.etag),
                   last_modified = coalesce(new.last_modified, feed.last_modified),
                   body_hash = coalesce(new.body_hash, feed.body_hash),
                   format = coalesce(new.format, feed.format), title = coalesce(new.title, feed.title),
                   notes = coalesce(new.notes, feed.notes),
                   last_error = new.error, last_error_kind = new.error_kind,
                   last_error_code = new.error_code, last_error_hint = new.error_hint
              FROM (VALUES %s) AS new (
                   id, state, interval, attempts, failures, failing_since, next_poll_at, polled_at, changed_at,
                   etag, last_modified, body_hash, format, title, notes, error, error_kind, error_code, error_hint)
             WHERE feed.id = new.id AND feed.lease_token = %s::uuid
            RETURNING feed.id
            """.replace("%s::uuid", f"'{token}'::uuid"),
            rows,
            page_size=len(rows),
            fetch=True,
        )
    return {row[0] for row in held}


def _feed_row(finding: Finding, now: datetime, changed: frozenset[int]) -> tuple[Any, ...]:
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
    )


class Authors:
    """Finds the colleague behind a post, among the blog's owners only.

    A feed can claim any name and any mail address; only the people whom an admin made owners are believed to be
    behind it. One query for all blogs.
    """

    def __init__(self, blogs: Iterable[Blog]) -> None:
        self._owners: Mapping[int, list[Person]] = defaultdict(list)
        rows = Blog.owners.through.objects.filter(blog__in={blog.pk for blog in blogs}).select_related("person")
        for row in rows.order_by("pk"):
            self._owners[row.blog_id].append(row.person)

    def of(self, blog: Blog, post: IncomingPost) -> Person | None:
        """The owner whom the post names by mail or name; the only owner when it names nobody else."""
        owners = self._owners.get(blog.pk, [])
        name, email = post.author_name.casefold(), post.author_email.casefold()
        for owner in owners:
            if (email and owner.email.casefold() == email) or name in {
                owner.display_name.casefold(),
                owner.username.casefold(),
            }:
                return owner
        return owners[0] if len(owners) == 1 and not name else None
