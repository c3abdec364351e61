"""How fast are the pages, and do they stay so? At 20,000 and at 1,000,000 posts, signed in, gunicorn with two workers.

Each kind of page at one connection, all kinds in turns, then each at eight. Beside them two floors from the
same machine at the same time: an empty view behind all of our middleware, and one without any.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from django.conf import settings
from django.middleware.csrf import CSRF_SECRET_LENGTH
from django.test import Client
from django.utils.crypto import get_random_string

from aggregator.models import Blog, Post, Tag
from benchmarks.browsing import Browser, Question, UnexpectedAnswerError, at_once, in_turns
from benchmarks.fill import RESTRICTED, Company
from benchmarks.floor_urls import EMPTY
from benchmarks.harness import (
    Cost,
    Hub,
    WrongResultError,
    cost_of,
    free_port,
    heading,
    listens,
    mebibytes,
    milliseconds,
    percentile,
    proportional_bytes,
    table,
    wait_for,
)
from bloghub.lib.paging import PAGE_SIZE, write_cursor

SIZES = 20_000, 1_000_000
QUICK_SIZES = 5_000, 20_000
DEEP = 1000  # the page far down, or the last full one where there are fewer
VARIETY = 200  # different posts, blogs and people to ask for
NEW = 10  # posts of today, which everybody opens
ROUNDS, QUICK_ROUNDS = 150, 20
VISITORS, VISIT = 8, 3.0  # at once; s
# As the hub itself is served (bloghub/supervisor.py)
SERVER = ("--workers=2", "--threads=4", "--worker-class=gthread", "--preload", "--no-control-socket")
EMPTY_VIEW, BARE_VIEW = "empty view, our middleware", "empty view, no middleware"
RIVER, DEEP_RIVER = "river", "river, far down"


@dataclass(frozen=True, slots=True)
class Figures:
    """All that was measured at one size."""

    posts: int
    times: Mapping[str, Sequence[float]]  # one connection
    crowd: Mapping[str, tuple[Sequence[float], Cost]]  # VISITORS connections

    def p50(self, name: str) -> float:
        return median(self.times[name])


class Web:
    """gunicorn as in production, and one without middleware, with a signed-in reader."""

    def __init__(self, hub: Hub, company: Company) -> None:
        self.hub, self.company = hub, company
        self.port, self.bare_port = settings.PORT, free_port()
        client = Client()
        client.force_login(company.reader)
        name = settings.SESSION_COOKIE_NAME
        # With a secret for its forms, as a browser has after its first page: a 304 is for those who keep theirs
        secret = f"{settings.CSRF_COOKIE_NAME}={get_random_string(CSRF_SECRET_LENGTH)}"
        self.cookie = f"{name}={client.cookies[name].value}; {secret}"
        hub.manage("collectstatic", "--noinput", "--verbosity=0")
        self.pid = self._gunicorn("web", self.port, "benchmarks.floor_settings")
        self.bare_pid = self._gunicorn("bare", self.bare_port, "benchmarks.bare_settings")

    def _gunicorn(self, name: str, port: int, settings_module: str) -> int:
        words = ["bloghub.wsgi", *SERVER, f"--bind=127.0.0.1:{port}"]
        environment = {"DJANGO_SETTINGS_MODULE": settings_module, "BLOGHUB_ROLE": "web"}
        process = self.hub.start(name, sys.executable, "-m", "gunicorn", *words, environment=environment)
        wait_for(lambda: listens(port), f"gunicorn answers; {self.hub.log(name)}")
        return process.pid

    def question(self, name: str, *paths: str, **more: object) -> Question:
        return Question(name, lambda turn: paths[turn % len(paths)], self.port, self.cookie, **more)  # type: ignore[arg-type]  # headers and status, as Question declares them

    def questions(self) -> list[Question]:
        """Every kind of page, with what must stand on it checked once."""
        reader = self.company.reader
        seen = Post.objects.visible_to(reader).order_by("-published_at", "-pk")
        deep = min(DEEP, self.company.count * 9 // 10 // PAGE_SIZE)
        edge = seen.only("published_at")[(deep - 1) * PAGE_SIZE - 1]
        edges = seen.only("published_at")[PAGE_SIZE : PAGE_SIZE * VARIETY : PAGE_SIZE]
        others = [f"/latest/?before={write_cursor(post.keyset())}" for post in edges]
        posts = [seen[place].get_absolute_url() for place in range(0, VARIETY * 3, 3)]
        blogs = [blog.get_absolute_url() for blog in Blog.objects.filter(pk__gt=RESTRICTED)[:VARIETY]]
        tags = [tag.get_absolute_url() for tag in Tag.objects.order_by("pk")[:VARIETY]]
        people = [person.get_absolute_url() for person in self.company.people[RESTRICTED : RESTRICTED + VARIETY]]
        first = asyncio.run(Browser(self.port, self.cookie).get("/", {}))
        if seen[0].get_absolute_url() not in first.text:
            raise WrongResultError("the newest post does not stand on the first page")
        return [
            Question(BARE_VIEW, lambda _turn: f"/{EMPTY}", self.bare_port),
            self.question(EMPTY_VIEW, f"/{EMPTY}"),
            self.question(RIVER, "/"),
            self.question(DEEP_RIVER, f"/latest/?before={write_cursor(edge.keyset())}"),
            self.question("river, not compressed", "/", headers={}),
            self.question("river, 304", "/", headers={"If-None-Match": first.headers["etag"]}, status=304),
            self.question("river, another page each time", *others),
            self.question("post", *posts[:NEW]),
            self.question("post, another each time", *posts[NEW:]),
            self.question("blog", *blogs),
            self.question("tag", *tags),
            self.question("person", *people),
        ]


def run(hub: Hub, *, quick: bool) -> None:
    """Prints the tables; WrongResultError when a page is not what it must be."""
    sizes, rounds = (QUICK_SIZES, QUICK_ROUNDS) if quick else (SIZES, ROUNDS)
    heading(
        f"Pages at {sizes[0]:,} and {sizes[1]:,} posts",
        f"gunicorn as served, two workers, a signed-in reader, {rounds} answers a kind at one connection (in turns), "
        f"{VISIT:.0f} s at {VISITORS} connections. Bodies are gzipped as for a browser, unless it says otherwise.",
    )
    company = Company()
    filled = [_filled(company, sizes[0])]
    web = Web(hub, company)
    small = measure(web, rounds)
    filled.append(_filled(company, sizes[1]))
    large = measure(web, rounds)
    print(f"Grown to {sizes[0]:,} posts in {filled[0]:.0f} s and to {sizes[1]:,} in {filled[1]:.0f} s.\n")
    report(small, large)
    print(f"Memory of gunicorn with its workers: {mebibytes(proportional_bytes(web.pid))} (PSS).\n")


def _filled(company: Company, posts: int) -> float:
    """Grows to so many posts; the seconds it took."""
    start = time.perf_counter()
    company.grow(posts)
    return time.perf_counter() - start


def measure(web: Web, rounds: int) -> Figures:
    """One connection, then a crowd."""
    if (stored := Post.objects.count()) != web.company.count:
        raise WrongResultError(f"{stored} posts are stored, not {web.company.count}")
    questions = web.questions()
    try:
        asyncio.run(in_turns(questions, 10))  # the workers load what they need, PostgreSQL reads its pages
        times = asyncio.run(in_turns(questions, rounds))
        crowd = {question.name: _crowd(web, question) for question in questions}
    except UnexpectedAnswerError as error:
        raise WrongResultError(str(error)) from None
    return Figures(web.company.count, times, crowd)


def _crowd(web: Web, question: Question) -> tuple[Sequence[float], Cost]:
    times: list[float] = []
    pids = {
        "gunicorn": web.bare_pid if question.port == web.bare_port else web.pid,
        "PostgreSQL": web.hub.server_pids["PostgreSQL"],
    }
    cost = cost_of(lambda: times.extend(asyncio.run(at_once(question, VISITORS, VISIT))), pids)
    return times, cost


def report(small: Figures, large: Figures) -> None:
    head = ["one connection", *(f"{size.posts:,}: p50 / p95" for size in (small, large)), "ratio", "÷ floor's ratio"]
    floor = large.p50(EMPTY_VIEW) / small.p50(EMPTY_VIEW)
    rows = []
    for name in small.times:
        ratio = large.p50(name) / small.p50(name)
        figures = [
            f"{milliseconds(s.p50(name))} / {milliseconds(percentile(s.times[name], 0.95))}" for s in (small, large)
        ]
        rows.append((name, *figures, f"{ratio:.2f}", f"{ratio / floor:.2f}"))
    table(head, rows)
    for size in (small, large):
        ratio = size.p50(DEEP_RIVER) / size.p50(RIVER)
        print(f"At {size.posts:,} posts the river far down takes {ratio:.2f} × its first page (asked in turns).")
    print()
    rows = [_crowd_row(name, size) for size in (small, large) for name in size.crowd]
    table([f"{VISITORS} connections", "posts", "answers/s", "p50", "p95", "CPU gunicorn", "CPU PostgreSQL"], rows)


def _crowd_row(name: str, size: Figures) -> tuple[str, ...]:
    times, cost = size.crowd[name]
    return (
        name,
        f"{size.posts:,}",
        f"{len(times) / cost.wall:.0f}",
        milliseconds(median(times)),
        milliseconds(percentile(times, 0.95)),
        milliseconds(cost.cpu["gunicorn"] / len(times)),
        milliseconds(cost.cpu["PostgreSQL"] / len(times)),
    )
