"""Fills a hub with talk in little time: people with sessions, conversations, watches and notifications, by COPY.

What storing would have left is left: comments with paths and HTML of the real renderer, their Activity, their writers'
watches, and the counters and shapes of the posts. Nobody waits to be told of what is filled in.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from django.db import connection, models
from django.utils import timezone
from django.utils.crypto import get_random_string

from aggregator import arcs
from aggregator.models import Activity, Post
from aggregator.ranking import rank_of
from benchmarks.farm_content import World, token
from benchmarks.fill import Copy
from bloghub.notifications.models import Kind, Notification
from bloghub.people.models import Person, Session
from bloghub.people.sessions import STARTED, SessionStore
from comments.models import Comment, Watch, WatchReason
from comments.rendering import RENDERER_VERSION, Context, render

JOINED = timedelta(days=400)  # ago; nobody is new, so that no limit for newcomers speaks
SAID = timedelta(days=30)  # ago; when what is filled in was said
VARIANTS = 24  # different texts; every comment has a word of its own in one of them
TO_POST = 0.35  # share of comments that answer the post
NEAR = 40  # answers go to one of so many comments before
DEEPEST = 12
CHUNK = 20_000  # rows a COPY

_TEXT = """{word}: the **{noun}** ran for three weeks before anybody looked at the numbers.

> We measured it once, on a quiet morning.

That is the trouble with `{code}`: it holds until the load changes. The [notes of the last
trial](http://blog{number}.example/{number}) say the same, and we should repeat it with the new pump. Who was there?
"""
_WORD = "zqword"  # where a comment's own word goes
_NOUNS = ("cooling pump", "sea trial", "test bench", "gearbox", "night shift", "bearing", "control loop", "fuel line")


def text_of(word: str, number: int) -> str:
    """A comment as colleagues write them, about 317 characters of Markdown: bold, code, a quote, a link, paragraphs."""
    noun = _NOUNS[number % len(_NOUNS)]
    return _TEXT.format(word=word, noun=noun, code=f"retry = {number % 90}", number=number % 900)


@dataclass(frozen=True, slots=True)
class Reply:
    """One comment of a conversation: its number, the numbers from its root down to itself, and who wrote it."""

    number: int
    path: tuple[int, ...]
    author: Person

    @property
    def parent(self) -> int:
        return self.path[-2] if len(self.path) > 1 else 0


class Talk:
    """The people who talk, and what they have said so far."""

    def __init__(self, world: World, people: int) -> None:
        self.world = world
        self.people = self._people(people)
        self.said = 0  # comments filled in, whose ids run from 1
        self.now = timezone.now()
        self._random = random.Random(3)
        texts = [text_of(_WORD, number) for number in range(VARIANTS)]
        self._rendered = [(text, render(text, Context())) for text in texts]
        self._comments, self._activities, self._watches = Copy(Comment), Copy(Activity), Copy(Watch)

    def _people(self, count: int) -> list[Person]:
        names, joined = self.world.people, timezone.now() - JOINED
        people = Person.objects.bulk_create(
            Person(
                username=f"talker{number}",
                display_name=names[number % len(names)],
                email=f"talker{number}@corp.example",
                team="Sea Trials",
                site=("Vaasa", "Turku", "Trieste", "Wuxi")[number % 4],
                password="!",
                date_joined=joined,
            )
            for number in range(count)
        )
        _settle(Person)
        return people

    def cookies(self, people: Sequence[Person]) -> list[str]:
        """A session for each of them, as signing in would have made it; the cookies."""
        store, now = SessionStore(), timezone.now()
        sessions = [
            Session(
                person=person,
                session_key=get_random_string(32, "abcdefghijklmnopqrstuvwxyz0123456789"),
                session_data=store.encode(
                    {
                        SESSION_KEY: str(person.pk),
                        BACKEND_SESSION_KEY: settings.AUTHENTICATION_BACKENDS[0],
                        HASH_SESSION_KEY: person.get_session_auth_hash(),
                        STARTED: int(now.timestamp()),
                    }
                ),
                expire_date=now + timedelta(seconds=settings.SESSION_COOKIE_AGE),
            )
            for person in people
        ]
        Session.objects.bulk_create(sessions, batch_size=1000)
        return [f"{settings.SESSION_COOKIE_NAME}={session.session_key}" for session in sessions]

    def converse(self, posts: Mapping[Post, int]) -> None:
        """A conversation of so many comments under each of these posts, which had none."""
        comments, activities, watches = list[str](), list[str](), list[str]()
        for post, length in posts.items():
            replies = list(self._replies(length))
            first = self.said + 1
            self.said += length
            comments += [self._comment_line(post, reply, first) for reply in replies]
            activities += [self._activity_line(post, reply, first) for reply in replies]
            watches += [self._watch_line(post, pk) for pk in {reply.author.pk for reply in replies}]
            _count(post, replies, self._moment(self.said))
        for copy, lines in ((self._comments, comments), (self._activities, activities), (self._watches, watches)):
            write(copy, lines)
        Post.objects.bulk_update(
            posts,
            [
                "comment_count",
                "last_comment_number",
                "voice_count",
                "thread_shape",
                "last_comment_at",
                "rank",
            ],
            batch_size=500,
        )
        _settle(Comment, Activity, Watch, Post)

    def _replies(self, length: int) -> Iterator[Reply]:
        """People take turns, so that everybody has said something before anybody says a second thing."""
        paths: list[tuple[int, ...]] = []
        for number in range(1, length + 1):
            near = paths[-NEAR:]
            above = () if not near or self._random.random() < TO_POST else self._random.choice(near)
            path = (*(above if len(above) < DEEPEST else ()), number)
            paths.append(path)
            yield Reply(number, path, self.people[(self.said + number) % len(self.people)])

    def _moment(self, pk: int) -> datetime:
        """In the order of the ids, and all of it more than a day ago."""
        return self.now - SAID + timedelta(seconds=pk)

    def _comment_line(self, post: Post, reply: Reply, first: int) -> str:
        pk = first + reply.number - 1
        text, rendered = self._rendered[pk % VARIANTS]
        word, moment = token(post.pk, reply.number), self._moment(pk)
        values: dict[str, object] = {
            "id": pk,
            "post_id": post.pk,
            "parent_id": first + reply.parent - 1 if reply.parent else None,
            "number": reply.number,
            "depth": len(reply.path) - 1,
            "path": _array(reply.path),
            "author_id": reply.author.pk,
            "body": text.replace(_WORD, word),
            "html": rendered.html.replace(_WORD, word),
            "excerpt": rendered.excerpt.replace(_WORD, word),
            "mentioned": "{}",
            "renderer_version": RENDERER_VERSION,
            "published_at": moment,
            "told_at": moment,
        }
        return self._comments.template(values) % {}

    def _activity_line(self, post: Post, reply: Reply, first: int) -> str:
        pk = first + reply.number - 1
        values: dict[str, object] = {
            "id": pk,
            "happened_at": self._moment(pk),
            "blog_id": post.blog_id,
            "post_id": post.pk,
            "comment_id": pk,
            "author_id": reply.author.pk,
            "excerpt": self._rendered[pk % VARIANTS][1].excerpt.replace(_WORD, token(post.pk, reply.number)),
        }
        return self._activities.template(values) % {}

    def _watch_line(self, post: Post, person: int, reason: WatchReason = WatchReason.COMMENTED) -> str:
        values: dict[str, object] = {
            "id": _next_id(Watch),
            "person_id": person,
            "post_id": post.pk,
            "reason": reason,
            "since": self.now - SAID,
        }
        return self._watches.template(values) % {}

    def watch(self, post: Post, people: Sequence[Person]) -> None:
        """These people have chosen to be told of what is said there."""
        write(self._watches, [self._watch_line(post, person.pk, WatchReason.CHOSE) for person in people])
        _settle(Watch)


def notify(people: Sequence[Person], each: int, posts: Sequence[Post], *, now: datetime, in_digest: bool) -> None:
    """So many notifications for each of these people, two to a conversation; the older half is read, unless all wait
    for the digest."""
    copy, lines = Copy(Notification), list[str]()
    for place, person in enumerate(people):
        whole = {
            "kind": Kind.WATCHED,
            "recipient_id": person.pk,
            "actor_id": people[place - 1].pk,
            "excerpt": "Who was there when the pump was changed?",
            "in_digest": in_digest,
        }
        for number in range(each):
            post = posts[(person.pk * 7 + number // 2) % len(posts)]
            own: dict[str, object] = {
                "id": _next_id(Notification),
                "event": f"filled:{person.pk}:{number}:{now:%Y%m%d}",
                "group": f"post:{post.pk}",
                "title": post.title,
                "url": f"/comments/{number + 1}/",
                "scope": post.blog_id,
                "happened_at": now - timedelta(seconds=60 * (each - number)),
                "read_at": None if in_digest or number // 2 >= each // 4 else now,
                "leads": number % 2 == 1 or number == each - 1,
            }
            lines.append(copy.template(whole | own) % {})
    write(copy, lines)
    _settle(Notification)


def write(copy: Copy, lines: Sequence[str]) -> None:
    """In pieces, so that no text is too long."""
    for start in range(0, len(lines), CHUNK):
        copy.write(lines[start : start + CHUNK])


def _count(post: Post, replies: Sequence[Reply], last: datetime) -> None:
    """The numbers of a post, as storing these would have left them."""
    voices = {reply.author.pk for reply in replies} - {post.author_id}
    post.comment_count = post.last_comment_number = len(replies)
    post.voice_count, post.last_comment_at = len(voices), last
    post.thread_shape = shape_of([(r.parent, r.author.pk == post.author_id) for r in replies])
    post.rank = rank_of(post.vote_count, post.comment_count, post.voice_count, post.published_at)


def shape_of(answers: Sequence[tuple[int, bool]]) -> list[int]:
    """The shape of a conversation from the number that each comment answers and whether the author wrote it."""
    shape: list[int] = []
    for before, (parent, by_author) in enumerate(answers):
        shape = arcs.extend(shape, before, arcs.mark_of(parent, by_author=by_author))
    return shape


def _array(numbers: Sequence[int]) -> str:
    return "{" + ",".join(map(str, numbers)) + "}"


def _next_id(model: type[models.Model]) -> int:
    """The ids after those that the table holds; the sequence follows in ``_settle``."""
    if model not in _ids:
        newest = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        _ids[model] = newest or 0
    _ids[model] += 1
    return _ids[model]


_ids: dict[type[models.Model], int] = {}


def _settle(*filled: type[models.Model]) -> None:
    """What storing and autovacuum would have done by now: sequences, statistics, maps of what is visible."""
    _ids.clear()
    with connection.cursor() as cursor:
        for model in filled:
            table = model._meta.db_table
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), greatest(1, (SELECT max(id) FROM {table})))", [table]
            )
            cursor.execute(f"VACUUM (ANALYZE) {table}")
