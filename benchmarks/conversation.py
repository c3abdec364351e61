"""How fast is the conversation? Reading it, writing it, telling of it, and the mail that sums it up.

gunicorn as served, with all middleware, sessions, forms, Markdown, counters and notifications. Reading is measured
before and after 100,000 comments are stored elsewhere; writing in writing.py, telling and the inbox in telling.py, the
digest in digesting.py.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from aggregator.models import Post
from benchmarks import digesting, telling, writing
from benchmarks.browsing import Answer, Browser, Question, UnexpectedAnswerError, at_once, in_turns
from benchmarks.fill import RESTRICTED, Company, blog_of
from benchmarks.fill_talk import Talk, notify
from benchmarks.floor_urls import EMPTY
from benchmarks.harness import (
    Cost,
    Hub,
    WrongResultError,
    cost_of,
    heading,
    milliseconds,
    percentile,
    table,
)
from benchmarks.pages import BARE_VIEW, EMPTY_VIEW, VISIT, VISITORS, Web
from benchmarks.talking import Person, Writers

GZIP = {"Accept-Encoding": "gzip"}
NOTIFIED = 1000  # people; each page counts the reader's own for the bell
FRESH = "anything new? (304)"


@dataclass(frozen=True, slots=True)
class Load:
    """How much of everything."""

    posts: int = 5_000
    people: int = 10_000
    writers: int = 5_000  # who take turns at writing
    spread: int = 1_000  # posts
    comments: int = 3_000  # of one run of writing
    elsewhere: int = 100_000  # comments under other posts
    thread: int = 2_000
    notifications: int = 100  # of each of NOTIFIED people
    own: int = 1_000  # notifications of the reader
    rounds: int = 150


QUICK = Load(
    posts=2_000,
    people=1_000,
    writers=500,
    spread=100,
    comments=300,
    elsewhere=10_000,
    notifications=10,
    own=100,
    rounds=20,
)


@dataclass(frozen=True, slots=True)
class Threads:
    """The posts of the reading part: the reader has not been there before."""

    silent: Post
    some: Post  # 50 comments
    long: Post


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured of reading, with so many comments stored."""

    stored: int
    answers: Mapping[str, Answer]  # one of each, for its size
    times: Mapping[str, Sequence[float]]  # one connection
    crowd: tuple[Sequence[float], Cost]  # FRESH, at VISITORS connections

    def p50(self, name: str) -> float:
        return median(self.times[name])


def run(hub: Hub, *, quick: bool) -> None:
    """Prints all tables; WrongResultError when the conversation is not what was said."""
    load = QUICK if quick else Load()
    company = Company()
    company.grow(load.posts)
    talk = Talk(company.world, load.people)
    web = Web(hub, company)
    posts = open_posts(load.posts)
    threads = Threads(*posts[:3])
    others, spread, told = posts[3:503], posts[503 : 504 + load.spread], posts[504 + load.spread :]
    read(hub, web, talk, threads, others, load)
    heading(
        f"Writing: {writing.WRITERS} writers, {load.comments:,} comments a run",
        f"POSTs of forms with 317 characters of Markdown by {load.writers:,} people who take turns; sessions, CSRF and "
        "keys as from a page. The clients run on the same machine.",
    )
    people = talk.people[: load.writers]
    cookies = talk.cookies(people)
    pids = {"gunicorn": web.pid, "PostgreSQL": hub.server_pids["PostgreSQL"]}
    voices = [Person(person.pk, cookie) for person, cookie in zip(people, cookies, strict=True)]
    writers = Writers(web.port, voices, writing.WRITERS, pids)
    writing.measure(hub, web, writers, spread, load.comments)
    telling.measure(hub, web, talk, writers, told, load.writers)
    digesting.measure(hub, talk, others, load.people)


def open_posts(newest: int) -> list[Post]:
    """Posts on blogs that everyone may see, the newest first: filled posts are numbered as they came out."""
    numbers = [number for number in range(newest, 0, -1) if blog_of(number) >= RESTRICTED]
    found = Post.objects.select_related("blog", "author").in_bulk(numbers)
    return [found[number] for number in numbers]


# --- reading ---------------------------------------------------------------------------------------------------------


def read(hub: Hub, web: Web, talk: Talk, threads: Threads, others: Sequence[Post], load: Load) -> None:
    """Prints the tables of reading. Everybody has said something more than a day ago when it is over."""
    heading(
        f"Reading: 50 and {load.thread:,} comments, and {load.elsewhere:,} stored elsewhere",
        f"gunicorn as served, two workers, a signed-in reader; {load.rounds} answers a kind at one connection (in "
        f"turns), {VISIT:.0f} s at {VISITORS} connections for “{FRESH}”. Bodies are gzipped as for a browser.",
    )
    notify(talk.people[:NOTIFIED], load.notifications, others, now=talk.now, in_digest=False)
    notify([web.company.reader], load.own, others, now=talk.now, in_digest=False)
    talk.converse({threads.some: 50, threads.long: load.thread})
    small = figures(hub, web, threads, load)
    each = max(load.elsewhere // len(others), 1)
    talk.converse(dict.fromkeys(others, each))
    large = figures(hub, web, threads, load)
    report(small, large)


def figures(hub: Hub, web: Web, threads: Threads, load: Load) -> Figures:
    """All kinds of reading, after a look that each shows what it must."""
    questions = [*_questions(web, threads, load), _fresh(web, threads.long)]
    try:
        answers = asyncio.run(_one_of_each(questions))
        check(answers, threads, load)
        asyncio.run(in_turns(questions, 10))
        times = asyncio.run(in_turns(questions, load.rounds))
        crowd: list[float] = []
        pids = {"gunicorn": web.pid, "PostgreSQL": hub.server_pids["PostgreSQL"]}
        cost = cost_of(lambda: crowd.extend(asyncio.run(at_once(questions[-1], VISITORS, VISIT))), pids)
    except UnexpectedAnswerError as error:
        raise WrongResultError(str(error)) from None
    return Figures(threads_stored(), answers, times, (crowd, cost))


def threads_stored() -> int:
    """All comments there are."""
    return sum(Post.objects.filter(comment_count__gt=0).values_list("comment_count", flat=True))


def _questions(web: Web, threads: Threads, load: Load) -> list[Question]:
    some, long = threads.some.get_absolute_url(), threads.long.get_absolute_url()
    middle, script = load.thread // 2, {**GZIP, "HX-Request": "true"}
    return [
        Question(BARE_VIEW, lambda _turn: f"/{EMPTY}", web.bare_port),
        web.question(EMPTY_VIEW, f"/{EMPTY}"),
        web.question("post page, no comments", threads.silent.get_absolute_url()),
        web.question("post page, 50 comments", some),
        web.question("thread: first piece", long),
        web.question("thread: next piece, by a script", f"/posts/{threads.long.pk}/comments/?piece=2", headers=script),
        web.question("thread: a comment in its place", f"{long}?comment={middle}"),
        web.question("thread: best rated first", f"{long}?order=best"),
        web.question("thread: all of it", f"{long}?piece=all"),
        web.question("thread: all of it, not compressed", f"{long}?piece=all", headers={}),
        web.question("inbox", "/notifications/"),
    ]


def _fresh(web: Web, post: Post) -> Question:
    """What every open page asks every few seconds, with the entity tag of the answer before."""
    path = f"/posts/{post.pk}/comments/fresh/?after={post.last_comment_number}"
    first = asyncio.run(Browser(web.port, web.cookie).get(path, GZIP))
    if first.status != 200 or "etag" not in first.headers:
        raise WrongResultError(f"{path} answered {first.status}, or without an entity tag")
    return web.question(FRESH, path, headers={**GZIP, "If-None-Match": first.headers["etag"]}, status=304)


async def _one_of_each(questions: Sequence[Question]) -> dict[str, Answer]:
    answers = {}
    for question in questions:
        browser = Browser(question.port, question.cookie)
        answers[question.name] = await question.ask(browser, 0)
        await browser.close()
    return answers


def check(answers: Mapping[str, Answer], threads: Threads, load: Load) -> None:
    """Each page shows the comments that it must, each once."""
    shown = {name: re.findall(r'<li class="comment[^"]*" id="c(\d+)"', answer.text) for name, answer in answers.items()}
    everything = sorted(map(str, range(1, load.thread + 1)))
    problems = [
        shown["post page, no comments"] and "a silent post shows comments",
        len(set(shown["post page, 50 comments"])) != 50 and "the post page does not show its 50 comments",
        sorted(shown["thread: all of it"]) != everything and "not all of the thread is on one page, each once",
        "1" not in shown["thread: first piece"] and "the first piece does not begin with the first comment",
        not shown["thread: next piece, by a script"] and "there is no second piece",
        set(shown["thread: first piece"]) & set(shown["thread: next piece, by a script"]) and "two pieces overlap",
        str(load.thread // 2) not in shown["thread: a comment in its place"] and "a comment is not in its place",
    ]
    if any(problems):
        raise WrongResultError("; ".join(str(problem) for problem in problems if problem))


def report(small: Figures, large: Figures) -> None:
    head = ["one connection", *(f"{size.stored:,} comments: p50 / p95" for size in (small, large))]
    floor = large.p50(EMPTY_VIEW) / small.p50(EMPTY_VIEW)
    rows = []
    for name in small.times:
        timed = [
            f"{milliseconds(s.p50(name))} / {milliseconds(percentile(s.times[name], 0.95))}" for s in (small, large)
        ]
        answer = large.answers[name]
        ratio = large.p50(name) / small.p50(name)
        sizes = f"{len(answer.body):,} / {len(answer.text.encode()) if answer.body else 0:,}"
        rows.append((name, *timed, f"{ratio:.3f}", f"{ratio / floor:.3f}", sizes))
    table([*head, "ratio of p50", "÷ floor's ratio", "bytes sent / plain"], rows)
    for size in (small, large):
        times, cost = size.crowd
        print(
            f"“{FRESH}” at {VISITORS} connections, {size.stored:,} comments stored: {len(times) / cost.wall:.0f} a "
            f"second, p50 {milliseconds(median(times))}, p95 {milliseconds(percentile(times, 0.95))}, CPU of gunicorn "
            f"{milliseconds(cost.cpu['gunicorn'] / len(times))}, of PostgreSQL "
            f"{milliseconds(cost.cpu['PostgreSQL'] / len(times))}."
        )
    print()
