"""The second part of the conversation's benchmark: 20 people write at once, on one post and on many.

Owns the figures, the exactness of what is stored afterwards, and the floors: what the same row costs with nothing
around it.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median

import psycopg2
from django.db import connection

from aggregator.models import Activity, Post
from benchmarks.browsing import Browser
from benchmarks.fill_talk import shape_of, text_of
from benchmarks.floor_urls import BARE_INSERT, BARE_TABLE, INSERT
from benchmarks.harness import Cost, Hub, WrongResultError, cost_of, milliseconds, percentile, table
from benchmarks.pages import Web
from benchmarks.talking import FOLLOWED, HTMX, PLAIN, Run, Session, Writers, session_of
from comments.models import Comment, CommentState

WRITERS = 20
_BUMP = "UPDATE bare_post SET comment_count = comment_count + 1 WHERE id = 1"


@dataclass(frozen=True, slots=True)
class Floor:
    """A bare way to store a row, by WRITERS at once."""

    name: str
    times: Sequence[float]
    cost: Cost  # of whatever speaks to PostgreSQL, and of PostgreSQL


def measure(hub: Hub, web: Web, writers: Writers, posts: Sequence[Post], comments: int) -> None:
    """Prints the table of writing; WrongResultError when an answer or a number is wrong. Two posts at least."""
    one, many = [posts[0].pk], [post.pk for post in posts[1:]]
    writers.write("warm up", many, WRITERS * 10, HTMX)
    runs = [
        writers.write("one post, by a script", one, comments, HTMX),
        writers.write("one post, plain form", one, comments, PLAIN),
        writers.write(f"{len(many):,} posts, by a script", many, comments, HTMX),
        writers.write(f"{len(many):,} posts, plain form", many, comments, PLAIN),
    ]
    for run in runs:
        check_stored(run)
    check_counts([*one, *many])
    report(runs, floors(hub, web, writers, many[0], comments))


def check_stored(run: Run) -> None:
    """Each comment was stored once, by its writer, under its post, with its words."""
    stored = {
        body.partition(":")[0]: (author, post)
        for body, author, post in Comment.objects.filter(post__in={one.post for one in run.spoken}).values_list(
            "body", "author", "post"
        )
    }
    wrong = [one for one in run.spoken if stored.get(one.word) != (one.person.pk, one.post)]
    if wrong:
        raise WrongResultError(f"{run.name}: {len(wrong)} comments are not stored as they were sent")


def check_counts(posts: Sequence[int]) -> None:
    """The numbers of these posts are those of their comments: counts, no gap, voices, shape, Activity."""
    rows = Comment.objects.filter(post__in=posts, state=CommentState.VISIBLE).order_by("post", "number")
    fields = rows.values_list("post", "number", "path", "author")
    said = {post: list(group) for post, group in groupby(fields, key=lambda row: row[0])}
    passing = dict.fromkeys(posts, 0)
    for pk in Activity.objects.filter(post__in=posts).values_list("post", flat=True):
        passing[pk] += 1
    for post in Post.objects.filter(pk__in=posts):
        found = said.get(post.pk, [])
        answers = [
            (path[-2] if len(path) > 1 else 0, author == post.author_id) for _post, _number, path, author in found
        ]
        expected = {
            "comment_count": (post.comment_count, len(found)),
            "last_comment_number": (post.last_comment_number, len(found)),
            "numbers": ([number for _post, number, _path, _author in found], list(range(1, len(found) + 1))),
            "voice_count": (post.voice_count, len({author for *_rest, author in found} - {post.author_id})),
            "thread_shape": (post.thread_shape, shape_of(answers)),
            "Activity": (passing[post.pk], len(found)),
        }
        for name, (is_so, should_be) in expected.items():
            if is_so != should_be:
                raise WrongResultError(f"post {post.pk}: {name} is {is_so!s:.80}, not {should_be!s:.80}")


# --- floors ----------------------------------------------------------------------------------------------------------


def floors(hub: Hub, web: Web, writers: Writers, post: int, rows: int) -> list[Floor]:
    """A bare INSERT, one with a counter on one row, and a view that does the former, without and with middleware."""
    session = asyncio.run(session_of(Browser(web.port, writers.next_person().cookie), post))
    nobody = Session("", "")
    with connection.cursor() as cursor:
        cursor.execute(BARE_TABLE)
        cursor.execute("CREATE TABLE bare_post (id bigint PRIMARY KEY, comment_count integer NOT NULL)")
        cursor.execute("INSERT INTO bare_post VALUES (1, 0)")
    found = [
        _bare(hub, "psycopg2: INSERT, commit", rows, []),
        _bare(hub, "psycopg2: INSERT, counter of one post, commit", rows, [_BUMP]),
        _by_view("a view that inserts, no middleware", web.bare_port, web.bare_pid, _Forms(writers, nobody, rows)),
        _by_view("a view that inserts, our middleware", web.port, web.pid, _Forms(writers, session, rows)),
    ]
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM bare_comment")
        if (stored := cursor.fetchone()[0]) != len(found) * rows:
            raise WrongResultError(f"the floors stored {stored} rows, not {len(found) * rows}")
        cursor.execute("DROP TABLE bare_comment, bare_post")
    return found


def _bare(hub: Hub, name: str, rows: int, more: Sequence[str]) -> Floor:
    """By psycopg2 alone, a connection for each writer; this process is what the web server is elsewhere."""
    body, times, left, lock = text_of("bare", 1), list[float](), iter(range(rows)), threading.Lock()
    connections = [psycopg2.connect(**connection.get_connection_params()) for _ in range(WRITERS)]

    def write(own: psycopg2.extensions.connection) -> None:
        cursor = own.cursor()
        while True:
            with lock:
                if next(left, None) is None:
                    return
            start = time.perf_counter()
            for statement, values in ((BARE_INSERT, [1, 1, body, body]), *((bump, None) for bump in more)):
                cursor.execute(statement, values)
            own.commit()
            times.append(time.perf_counter() - start)

    threads = [threading.Thread(target=write, args=(own,)) for own in connections]
    cost = cost_of(lambda: _run(threads), {"here": os.getpid(), "PostgreSQL": hub.server_pids["PostgreSQL"]})
    for own in connections:
        own.close()
    return Floor(name, times, cost)


def _run(threads: Sequence[threading.Thread]) -> None:
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@dataclass(frozen=True, slots=True)
class _Forms:
    """What the crowd of a view's floor sends: its people, the session of their browsers, and how often."""

    writers: Writers
    session: Session
    rows: int


def _by_view(name: str, port: int, pid: int, forms: _Forms) -> Floor:
    times: list[float] = []
    pids = {"gunicorn": pid, "PostgreSQL": forms.writers.pids["PostgreSQL"]}
    cost = cost_of(lambda: times.extend(asyncio.run(_send_all(port, forms))), pids)
    return Floor(name, times, cost)


async def _send_all(port: int, forms: _Forms) -> list[float]:
    times, left = list[float](), iter(range(forms.rows))
    fields = {"csrfmiddlewaretoken": forms.session.token, "body": text_of("bare", 1)}

    async def writer() -> None:
        browser = Browser(port, "")
        for _ in left:
            browser.cookie = f"{forms.writers.next_person().cookie}; {forms.session.secret}"
            answer = await browser.post(f"/{INSERT}", fields, HTMX)
            if answer.status != 200:
                raise WrongResultError(f"the view of a floor answered {answer.status}")
            times.append(answer.seconds)
        await browser.close()

    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    return times


# --- what is printed -------------------------------------------------------------------------------------------------


def report(runs: Sequence[Run], found: Sequence[Floor]) -> None:
    head = [f"{WRITERS} writers", "rows/s", "p50", "p95", "CPU web a row", "CPU PostgreSQL a row", "bytes sent back"]
    rows = [
        _row(run.name, run.times, run.cost, f"{median(len(one.answer.body) for one in run.spoken):,.0f}")
        for run in runs
    ]
    table(head, [*rows, *(_row(f"floor: {floor.name}", floor.times, floor.cost, "") for floor in found)])
    print(
        "CPU web is that of gunicorn, for psycopg2 that of this process. The clients themselves took "
        f"{milliseconds(median(run.client_cpu / len(run.spoken) for run in runs))} of the same two cores a comment. "
        f"Every answer showed its writer's words (of the redirects, {FOLLOWED} a run were followed), and comments, "
        "numbers, voices, shapes and Activity rows are exact.\n"
    )


def _row(name: str, times: Sequence[float], cost: Cost, size: str) -> tuple[str, ...]:
    count = len(times)
    web, postgres = cost.cpu.values()
    return (
        name,
        f"{count / cost.wall:.0f}",
        milliseconds(median(times)),
        milliseconds(percentile(times, 0.95)),
        milliseconds(web / count),
        milliseconds(postgres / count),
        size,
    )
