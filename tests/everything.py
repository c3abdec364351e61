"""A hub where something of everything has happened, and every address it answers: for tests that may miss none.

``happen`` plays a whole conversation under one post, with what follows from it. ``addresses`` walks the resolver, so
that a new address joins by itself; a new kind of argument in one must be said in ``Ids``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.core.signing import dumps
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone

from aggregator import suggesting, votes
from aggregator.importing.reading import Row
from aggregator.importing.starting import start
from aggregator.models import Blog, Digest, Post, Reading, SavedSearch, WebSubLease
from aggregator.pushing import hooks
from aggregator.search import saving
from bloghub.notifications.models import Notification
from bloghub.notifications.unsubscribing import NOTIFICATIONS, unsubscribe_url
from bloghub.people.models import Person
from comments import claiming, flagging, guidance, moderation, notifying, store, voting
from comments.models import Claim, Comment, Flag, FlagReason, ModerationAct, Suspension
from tests.aggregator.pages import tag

_ARGUMENT = re.compile(r"<(?:\w+:)?\w+>")
_OWN_RECORDS = {"people_session"}  # of who is there, which every visit may renew


@dataclass(frozen=True)
class Cast:
    """Who takes part: Bo's post, Aino who answers, and a moderator."""

    bo: Person
    aino: Person
    judge: Person


@dataclass
class Conversation:
    """What has happened under one post."""

    post: Post
    comments: list[Comment] = field(default_factory=list)  # one in each state, and in each hand

    @property
    def said(self) -> Comment:
        """By Bo: answered, flagged and voted for."""
        return self.comments[0]

    @property
    def answer(self) -> Comment:
        """By Aino, changed late."""
        return self.comments[1]


def happen(post: Post, cast: Cast, words: str, *, ago: timedelta = timedelta(hours=1)) -> Conversation:
    """Everything that can happen under a post, begun so long ago; ``words`` stand in all that anybody writes there."""
    tag(post, f"{words} tag")
    now = timezone.now()
    for writer in (cast.bo, cast.aino):
        writer.date_joined = now - timedelta(days=90)
        writer.save()
    found = Conversation(post, list(_say_all(post, cast, words, now - ago)))
    Reading.objects.create(person=cast.aino, post=post, read_at=now, comments_seen=1)
    votes.vote(cast.aino, post, now)
    voting.cast(found.said, cast.aino, now)
    flagging.revise(found.answer, f"{words} changed, @bo", now)
    flagging.flag_comment(found.said, cast.aino, FlagReason.UNKIND, f"{words} note", now)
    flagging.flag_comment(found.answer, cast.bo, FlagReason.OTHER, f"{words} found", now)
    flagging.answer(found.said, f"{words} reply", now)
    flagging.withdraw(found.comments[3], now)
    moderation.hide(found.comments[4], cast.judge, "Not so.", now)
    moderation.slow(found.said, 60, cast.judge, "Calmly.", now)
    Claim.objects.get_or_create(blog=post.blog, defaults={"email": "a@home.example", "invited_at": now})
    notifying.tell_of_new_comments(now)
    hooks.renew(post.blog, "")
    WebSubLease.objects.get_or_create(feed=post.feed, defaults={"hub_url": "http://hub/", "topic_url": words})
    post.refresh_from_db()
    return found


def _say_all(post: Post, cast: Cast, words: str, start: datetime) -> Iterator[Comment]:
    def say(by: Person, body: str, minute: int, parent: Comment | None = None) -> Comment:
        draft = store.Draft(by, post, f"{words} {body}", parent)
        return store.publish(draft, start + timedelta(minutes=minute))

    first = say(cast.bo, "begins it, @aino", 0)
    yield first
    yield say(cast.aino, "answers it", 5, first)
    yield say(cast.bo, " ".join(f"https://{number}.example/" for number in range(7)), 10)  # held
    yield say(cast.aino, "will be deleted", 15, first)
    yield say(cast.aino, "will be hidden", 20)
    yield say(cast.bo, "answers Aino", 25, Comment.objects.get(post=post, number=2))


def settle(cast: Cast, now: datetime) -> None:
    """What belongs to no post: guidelines, a digest, an import, a suggestion, a suspension that is over."""
    guidance.publish("Be *kind*.", cast.judge, now, must_accept=False)
    start([Row(1, "https://blogs.example/", "One", "bo")], "A list", by=cast.judge, is_running=False)
    suggesting.suggest(cast.aino, "https://blogs.example/aino/", "Hers.", now)
    Digest.objects.create(person=cast.aino, since=now - timedelta(days=7), until=now)
    Suspension.objects.create(person=cast.bo, since=now - timedelta(days=9), until=now - timedelta(days=8), because="…")
    Suspension.objects.create(person=cast.judge, since=now, because="For the list.", by=cast.bo)


@dataclass(frozen=True)
class Address:
    """One address of the hub: the pattern it comes from, and its path."""

    route: str
    path: str


class Ids:
    """What stands for the arguments of routes, by what comes before them: several each, taken side by side."""

    def __init__(self, found: Conversation, cast: Cast) -> None:
        post, comments = found.post, [comment.pk for comment in found.comments]
        flags = list(Flag.objects.filter(comment__in=comments).order_by("pk").values_list("pk", flat=True))
        acts = list(ModerationAct.objects.filter(post=post).order_by("pk").values_list("pk", flat=True))
        told = list(Notification.objects.filter(scope=post.blog_id).order_by("pk").values_list("pk", flat=True))
        claim = claiming.link(Claim.objects.get(blog=post.blog))
        self.found: dict[str, Sequence[Any]] = {
            "posts/": [post.pk],
            "posts/<int:pk>/": [post.slug, "x"],
            "comments/": comments,
            "flags/": flags,
            "moderation/comments/": comments,
            "moderation/acts/": acts,
            "moderation/suspensions/": list(Suspension.objects.values_list("pk", flat=True)),
            "notifications/": told,
            "notifications/mailings/": [unsubscribe_url(cast.aino, NOTIFICATIONS).split("/")[-3]],
            "guidelines/": [guidance_pk()],
            "claims/": [claim.split("/")[-2], dumps(["nothing"])],
            "welcome/": ["nobody-needs-this"],
            "blogs/": [post.blog.slug],
            "hook/": [Blog.objects.get(pk=post.blog_id).hook_key],
            "websub/": [WebSubLease.objects.get(feed=post.feed_id).key],
            "people/": [cast.bo.username, cast.aino.username],
            "searches/": [keep(cast).pk],
            "searches/<int:pk>/matches/": [f"post:{post.pk}", "nothing"],
            "tags/": list(post.tags.values_list("slug", flat=True)),
            "admin/r/": [ContentType.objects.get_for_model(Post).pk, ContentType.objects.get_for_model(Comment).pk],
            "admin/r/<path:content_type_id>/": [post.pk, found.said.pk],
        }
        self._rows = {"post": [post.pk], "blog": [post.blog_id], "feed": [post.feed_id]}
        self._rows |= {"comment": comments, "flag": flags, "moderationact": acts, "thread": [post.pk]}
        self._rows |= {"tag": list(post.tags.values_list("pk", flat=True))}

    def of(self, before: str) -> Sequence[Any]:
        """The values for the argument that follows; fails for a kind that nobody has named here."""
        admin = re.fullmatch(r"admin/(\w+)/(\w+)/", before)
        if admin is None:
            assert self.found.get(before), f"{before}… has an argument: say in tests/everything.py what it may be"
            return self.found[before]
        if admin[2] not in self._rows:
            self._rows[admin[2]] = [apps.get_model(admin[1], admin[2])._default_manager.order_by("pk").first()]
        return [getattr(row, "pk", row) for row in self._rows[admin[2]]]


def browser_of(person: Person | None, *, strict: bool = False) -> Client:
    client = Client(enforce_csrf_checks=strict, raise_request_exception=False)
    if person:
        client.force_login(person)
    return client


def keep(cast: Cast) -> SavedSearch:
    """Aino's search for all posts."""
    return saving.save(cast.aino, saving.Wanted("Kept", "in:posts", True), timezone.now())


def guidance_pk() -> int:
    newest = guidance.current()
    assert newest is not None
    return newest.pk


def routes() -> list[str]:
    """Every pattern of the hub, as it is written."""
    return list(dict.fromkeys(_routes(get_resolver(), "")))


def _routes(resolver: URLResolver, before: str) -> Iterator[str]:
    for pattern in resolver.url_patterns:
        route = before + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from _routes(pattern, route)


def addresses(ids: Ids) -> list[Address]:
    """All of them, with every id."""
    return [Address(route, path) for route in routes() for path in _paths(route, ids)]


def _paths(route: str, ids: Ids) -> list[str]:
    if "(?P" in route:  # the admin's two patterns
        return ["/admin/comments/", "/admin/people/"] if "app_label" in route else ["/admin/nowhere"]
    arguments = [(match, ids.of(route[: match.start()])) for match in _ARGUMENT.finditer(route)]
    paths = []
    for turn in range(max((len(values) for _match, values in arguments), default=1)):
        parts, end = [], 0
        for match, values in arguments:
            parts += [route[end : match.start()], str(values[turn % len(values)])]
            end = match.end()
        paths.append("/" + "".join(parts) + route[end:])
    return paths


def tables() -> dict[str, tuple[int, str]]:
    """How many rows each table has, and a sum over all that stands in them."""
    found = {}
    with connection.cursor() as cursor:
        for name in connection.introspection.table_names(cursor):
            if name not in _OWN_RECORDS:
                cursor.execute(
                    f"SELECT count(*), coalesce(md5(string_agg(row::text, chr(10) ORDER BY row::text)), '') "
                    f'FROM "{name}" AS row'
                )
                count, digest = cursor.fetchone()
                found[name] = (count, digest)
    return found
