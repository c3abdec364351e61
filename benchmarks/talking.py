"""The writers of the conversation's benchmark: real forms by many people at once, and a look at every answer.

Each writer is a browser with a CSRF secret and the token of a page; the people take turns at it, each with their own
session. Answers are kept while the clock runs and read when it has stopped. Knows nothing of tables.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from statistics import median
from uuid import uuid4

from benchmarks.browsing import Answer, Browser
from benchmarks.fill_talk import text_of
from benchmarks.harness import Cost, WrongResultError, cost_of, percentile

HTMX = {"HX-Request": "true", "Accept-Encoding": "gzip"}
PLAIN = {"Accept-Encoding": "gzip"}
FOLLOWED = 50  # redirects that are followed to the words on the page, of each run
_TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="(\w+)"')
_words = count(1)


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who writes."""

    pk: int
    cookie: str  # of the session


@dataclass(frozen=True, slots=True)
class Spoken:
    """One comment that was sent: who, where, the word that only it holds, and what came back."""

    person: Person
    post: int
    word: str
    answer: Answer


@dataclass(frozen=True, slots=True)
class Session:
    """What a page gives a browser to send forms with."""

    secret: str  # the cookie, name and value
    token: str


@dataclass
class Run:
    """One crowd of writers, and what it took."""

    name: str
    spoken: list[Spoken]
    cost: Cost
    client_cpu: float = field(default=0.0)

    @property
    def times(self) -> list[float]:
        return [one.answer.seconds for one in self.spoken]

    @property
    def rate(self) -> float:
        return len(self.spoken) / self.cost.wall

    @property
    def p50(self) -> float:
        return median(self.times)

    @property
    def p95(self) -> float:
        return percentile(self.times, 0.95)


@dataclass
class Writers:
    """So many browsers that share the people; everybody comes again only after all the others."""

    port: int
    people: Sequence[Person]
    at_once: int
    pids: Mapping[str, int]
    _turns: count[int] = field(default_factory=count)

    def next_person(self) -> Person:
        return self.people[next(self._turns) % len(self.people)]

    def write(self, name: str, posts: Sequence[int], comments: int, headers: Mapping[str, str]) -> Run:
        """So many comments on these posts in turn, as fast as the answers come."""
        sessions = asyncio.run(self._sessions(posts[0]))
        spoken: list[Spoken] = []
        cpu = time.process_time()
        cost = cost_of(lambda: spoken.extend(asyncio.run(self._all(sessions, posts, comments, headers))), self.pids)
        run = Run(name, spoken, cost, time.process_time() - cpu)
        check(run, self.port)
        return run

    async def _sessions(self, post: int) -> list[Session]:
        return [await session_of(Browser(self.port, self.next_person().cookie), post) for _ in range(self.at_once)]

    async def _all(
        self, sessions: Sequence[Session], posts: Sequence[int], comments: int, headers: Mapping[str, str]
    ) -> list[Spoken]:
        spoken, left = list[Spoken](), iter(range(comments))

        async def writer(session: Session) -> None:
            browser = Browser(self.port, "")
            for turn in left:
                spoken.append(await say(browser, session, self.next_person(), posts[turn % len(posts)], headers))
            await browser.close()

        await asyncio.gather(*(writer(session) for session in sessions))
        return spoken


async def session_of(browser: Browser, post: int) -> Session:
    """The CSRF secret and a token of it, from the page with the form."""
    page = await browser.get(f"/posts/{post}/comments/new/", PLAIN)
    found, cookie = _TOKEN.search(page.text), page.headers.get("set-cookie", "").partition(";")[0]
    await browser.close()
    if page.status != 200 or found is None or not cookie:
        raise WrongResultError(f"the page with the form answered {page.status}, or without a token")
    return Session(cookie, found[1])


async def say(browser: Browser, session: Session, person: Person, post: int, headers: Mapping[str, str]) -> Spoken:
    """One comment, as the form under a post sends it."""
    word = f"zqs{next(_words)}e"
    browser.cookie = f"{person.cookie}; {session.secret}"
    fields = {
        "csrfmiddlewaretoken": session.token,
        "key": str(uuid4()),
        "body": text_of(word, post),
        "watch": "on",
    }
    answer = await browser.post(f"/posts/{post}/comments/new/", fields, headers)
    return Spoken(person, post, word, answer)


def check(run: Run, port: int) -> None:
    """Every answer is the one asked for: a fragment that shows the words, or the way to them."""
    for one in run.spoken:
        answer = one.answer
        if answer.status == 303:
            continue
        if answer.status != 200 or f"{one.word}: the <strong>" not in answer.text:
            raise WrongResultError(f"{run.name}: a comment was answered {answer.status} without its words")
    ways = [one for one in run.spoken if one.answer.status == 303]
    asyncio.run(_follow(ways[:: max(1, len(ways) // FOLLOWED)], port))


async def _follow(spoken: Sequence[Spoken], port: int) -> None:
    for one in spoken:
        browser = Browser(port, one.person.cookie)
        address, text = one.answer.headers["location"], ""
        for _ in range(3):  # the comment's own address leads to its place
            page = await browser.get(address.partition("#")[0], PLAIN)
            if page.status == 200:
                text = page.text
                break
            address = page.headers.get("location", "")
        await browser.close()
        if f"{one.word}: the <strong>" not in text:
            raise WrongResultError(f"the page at {one.answer.headers['location']} does not show its comment")


async def one_by_one(
    browser: Browser, posts: Sequence[int], next_person: Callable[[], Person], rounds: int
) -> list[list[float]]:
    """Seconds of single comments on each of these posts, which take turns."""
    session = await session_of(Browser(browser.port, next_person().cookie), posts[0])
    times: list[list[float]] = [[] for _ in posts]
    for _ in range(rounds):
        for place, post in enumerate(posts):
            spoken = await say(browser, session, next_person(), post, HTMX)
            if spoken.answer.status != 200:
                raise WrongResultError(f"a comment was answered {spoken.answer.status}")
            times[place].append(spoken.answer.seconds)
    await browser.close()
    return times
