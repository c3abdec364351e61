"""The third part of the conversation's benchmark: a comment that 5,000 people wait for, their mails, and the inbox.

The writer's own wait first, watched and unwatched in turns; then telling by itself in this process, to count its
statements; then as the hub runs it, with a Celery worker and beat; then the letters that follow.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import timedelta
from email import message_from_bytes
from pathlib import Path
from statistics import median
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from aggregator.models import Post
from benchmarks.browsing import Browser
from benchmarks.fill_talk import Talk
from benchmarks.harness import (
    Cost,
    Hub,
    WrongResultError,
    cost_of,
    heading,
    milliseconds,
    percentile,
    running,
    table,
    wait_for,
)
from benchmarks.pages import Web
from benchmarks.talking import HTMX, Spoken, Writers, one_by_one, say, session_of
from bloghub.celery import app
from bloghub.notifications.delivery import deliver_due
from bloghub.notifications.models import Delivery, Kind, Notification, Preference
from comments import notifying
from comments.models import Comment

ROUNDS = 40  # comments on each of the two posts
TOLD = 3  # comments that the worker tells of
GOAL = 5.0  # s
WORKER = (
    "worker",
    "--queues=celery,people",
    "--concurrency=2",
    "--loglevel=WARNING",
    "--without-gossip",
    "--without-mingle",
)


def measure(hub: Hub, web: Web, talk: Talk, writers: Writers, posts: Sequence[Post], watchers: int) -> None:
    """Prints the table of telling; WrongResultError when somebody is told twice, not at all, or of another thing."""
    heading(
        f"Telling {watchers:,} people",
        f"One post is watched by {watchers:,} people, half of whom want mails at once. {ROUNDS} POSTs there and under "
        f"an unwatched post in turns; then {TOLD} comments told by a Celery worker with beat, as the hub starts them, "
        "from the writer's answer to the last row.",
    )
    watched, unwatched = posts[:2]
    talk.watch(watched, talk.people[:watchers])
    mailed = {person.pk for person in talk.people[:watchers:2]}
    Preference.objects.bulk_create(
        (Preference(person_id=pk, kind=Kind.WATCHED, delivery=Delivery.MAIL) for pk in sorted(mailed)), batch_size=1000
    )
    _all_told()
    times = asyncio.run(one_by_one(Browser(web.port, ""), [unwatched.pk, watched.pk], writers.next_person, ROUNDS))
    _all_told()
    rows = [_in_process(web, writers, post) for post in (unwatched, watched)]
    costs = _by_worker(hub, web, writers, watched, watchers)
    letters = _letters(watched, mailed)
    report(times, rows, costs, letters)


def _all_told() -> None:
    """What was said so far is no matter of this part."""
    Comment.objects.filter(told_at=None).update(told_at=timezone.now())


def _said(web: Web, writers: Writers, post: Post) -> tuple[Spoken, Comment]:
    """One comment more; the answer and the row."""

    async def speak() -> Spoken:
        session = await session_of(Browser(web.port, writers.next_person().cookie), post.pk)
        browser = Browser(web.port, "")
        spoken = await say(browser, session, writers.next_person(), post.pk, HTMX)
        await browser.close()
        return spoken

    spoken = asyncio.run(speak())
    if spoken.answer.status != 200:
        raise WrongResultError(f"a comment was answered {spoken.answer.status}")
    return spoken, Comment.objects.filter(post=post).latest("number")


def _in_process(web: Web, writers: Writers, post: Post) -> tuple[str, ...]:
    """Statements and seconds of telling of one comment, without Celery."""
    _spoken, comment = _said(web, writers, post)
    statements = 0

    def counting(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, params, many, context)

    start = time.perf_counter()
    with connection.execute_wrapper(counting):
        notifying.tell_of_new_comments(timezone.now())
    seconds = time.perf_counter() - start
    told = Notification.objects.filter(event=f"comment:{comment.pk}").count()
    return f"{told:,}", str(statements), f"{seconds:.2f} s"


def _by_worker(hub: Hub, web: Web, writers: Writers, post: Post, watchers: int) -> list[Cost]:
    """From the writer's answer until everybody has a row, with beat's own rhythm."""
    with _celery(hub) as pids:
        return [_told_by_worker(web, writers, post, watchers, pids) for _ in range(TOLD)]


def _told_by_worker(web: Web, writers: Writers, post: Post, watchers: int, pids: Mapping[str, int]) -> Cost:
    spoken, comment = _said(web, writers, post)
    start = time.perf_counter()
    should = len(_concerned(post) - {spoken.person.pk})
    if should < watchers - 1:
        raise WrongResultError(f"{should} people watch, not {watchers}")
    rows = Notification.objects.filter(event=f"comment:{comment.pk}")
    cost = cost_of(lambda: wait_for(lambda: rows.count() >= should, "everybody is told"), pids)
    seconds = time.perf_counter() - start
    wait_for(lambda: not Comment.objects.filter(told_at=None).exists(), "telling is over")
    if (told := rows.count()) != should:
        raise WrongResultError(f"{told} people were told of a comment, not {should}")
    return Cost(seconds, cost.cpu)


def _concerned(post: Post) -> set[int]:
    """Who must be told of whatever is said there."""
    watching = set(post.watches.values_list("person", flat=True))
    author = set() if post.author_id is None else {post.author_id}
    return watching | set(post.blog.owners.values_list("pk", flat=True)) | author


@contextmanager
def _celery(hub: Hub) -> Iterator[dict[str, int]]:
    """A worker and beat, as the hub starts them; the roots of the trees of all who work."""
    celery, role = [sys.executable, "-m", "celery", "-A", "bloghub"], {"BLOGHUB_ROLE": "worker"}
    beat = ("beat", "--schedule", str(hub.directory / "beat"), "--loglevel=WARNING")
    with running([*celery, *WORKER], hub.log("worker"), environment=role) as worker:
        wait_for(lambda: app.control.ping(timeout=1), f"the worker answers; {hub.log('worker')}")
        with running([*celery, *beat], hub.log("beat"), environment=role):
            yield {"worker": worker.pid, **hub.server_pids}


def _letters(post: Post, mailed: set[int]) -> tuple[int, float]:
    """The mails for all that was told: none before their time, then one for each person. How many, and seconds."""
    ours = Notification.objects.filter(group=f"post:{post.pk}", kind=Kind.WATCHED)
    twice = ours.values("recipient", "event").annotate(rows=Count("pk")).filter(rows__gt=1).count()
    due = set(ours.exclude(mail_due_at=None).values_list("recipient", flat=True))
    folder = Path(settings.MAIL_DIR)
    problems = [
        twice and f"{twice} people were told twice of one comment",
        due - mailed and "people who wanted no mail would get one",
        mailed - due and f"{len(mailed - due)} people who wanted mail would get none",
        folder.exists() and any(folder.glob("*.eml")) and "mails went out before their ten minutes were over",
    ]
    if any(problems):
        raise WrongResultError("; ".join(str(problem) for problem in problems if problem))
    start = time.perf_counter()
    sent = deliver_due(timezone.now() + timedelta(minutes=11))
    seconds = time.perf_counter() - start
    found = recipients(folder)
    if sent != len(found) or max(found.values(), default=0) > 1 or len(found) != len(due):
        raise WrongResultError(f"{sent} letters to {len(found)} people, {len(due)} were due one each")
    return sent, seconds


def recipients(folder: Path) -> Counter[str]:
    """How many letters lie in the folder for each address."""
    return Counter(str(message_from_bytes(path.read_bytes())["To"]) for path in folder.glob("*.eml"))


def report(
    times: Sequence[Sequence[float]], rows: Sequence[Sequence[str]], costs: Sequence[Cost], letters: tuple[int, float]
) -> None:
    table(
        ["a comment on a post that is", "POST: p50 / p95", "told", "statements", "telling alone"],
        [
            (name, f"{milliseconds(median(own))} / {milliseconds(percentile(own, 0.95))}", *row)
            for name, own, row in zip(("unwatched", "watched"), times, rows, strict=True)
        ],
    )
    walls = [cost.wall for cost in costs]
    print(
        f"From the writer's answer until all rows are there, by worker and beat: {median(walls):.2f} s "
        f"({min(walls):.2f} … {max(walls):.2f}), goal {GOAL:.0f} s; CPU "
        + ", ".join(f"{name} {median(cost.cpu[name] for cost in costs):.2f} s" for name in costs[0].cpu)
        + f". Then one mail each for those who wanted mails: {letters[0]:,} letters in {letters[1]:.1f} s, "
        "for several comments together.\n"
    )
