"""The fourth part of the conversation's benchmark: the digest for 10,000 people, and what a killed worker leaves.

Workers are processes of their own (digest_worker.py). Letters go into the folder of a hub without a mail server, where
each can be counted. The weeks are in the past, one for each run.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.utils import timezone

from aggregator import digests
from aggregator.models import Digest, DigestState, Post
from benchmarks.fill_talk import Talk, notify
from benchmarks.harness import Hub, Peak, WrongResultError, heading, mebibytes, milliseconds, table, wait_for
from benchmarks.telling import recipients
from bloghub.people.models import Person

GOAL = 60.0  # s
WEEK = timedelta(days=7)
LATER = timedelta(minutes=11)  # after which what a dead worker had taken is due again
WORKERS = 2  # of the run in which one is killed
POSTS = 50  # of each week, found worth reading and talked about
WEEKS = 3


@dataclass(frozen=True, slots=True)
class Sent:
    """One run by one worker: how many letters, seconds, and the memory of its process in bytes."""

    letters: int
    seconds: float
    pss: int


class Weeks:
    """Digests that come due week by week, for as many people as wanted."""

    def __init__(self, hub: Hub, people: Sequence[Person], posts: Sequence[Post]) -> None:
        self.hub, self.people, self.posts = hub, people, posts
        self.folder = Path(settings.MAIL_DIR)
        today = timezone.now().astimezone(UTC).replace(hour=9, minute=0, second=0, microsecond=0)
        self.now = today - timedelta(days=today.weekday()) - WEEKS * WEEK
        self.run = 0

    def plan(self, people: int) -> None:
        """Another week, in which there was something for so many people: their digests are due, nothing is sent."""
        self.now += WEEK
        chosen, posts = self.people[:people], self.posts[self.run * POSTS : (self.run + 1) * POSTS]
        self.run += 1
        ids = [post.pk for post in posts]
        Post.objects.filter(pk__in=ids).update(published_at=self.now - timedelta(days=2), vote_count=3)
        Person.objects.filter(pk__in=[person.pk for person in chosen]).update(last_login=self.now - WEEK)
        notify(chosen, 2, posts, now=self.now - timedelta(days=1), in_digest=True)
        shutil.rmtree(self.folder, ignore_errors=True)
        planned = digests.plan(self.now), digests.plan(self.now)
        if planned != (people, 0):
            raise WrongResultError(f"{planned} digests were planned, not {people} and then none")

    def worker(self, now: datetime) -> subprocess.Popen[bytes]:
        words = [sys.executable, "-m", "benchmarks.digest_worker", now.isoformat()]
        return self.hub.start("digests", *words, environment={"BLOGHUB_ROLE": "worker"})

    def send(self, people: int) -> Sent:
        """All by one worker that is left alone."""
        self.plan(people)
        start = time.perf_counter()
        process = self.worker(self.now)
        with Peak(process.pid) as peak:
            self.ended(process)
        seconds = time.perf_counter() - start
        letters = recipients(self.folder)
        if len(letters) != people or max(letters.values()) > 1:
            raise WrongResultError(f"{letters.total()} digests to {len(letters)} people, not one each to {people}")
        return Sent(letters.total(), seconds, peak.total)

    def ended(self, process: subprocess.Popen[bytes]) -> None:
        wait_for(lambda: process.poll() is not None, "the digests are sent", patience=600)
        if process.returncode:
            raise WrongResultError(f"a worker of digests failed: {self.hub.log('digests').read_text()[-2000:]}")

    def interrupted(self, people: int) -> tuple[int, int]:
        """Two workers, one killed in the middle; later another goes on. How many letters, and how many were lost."""
        self.plan(people)
        workers = [self.worker(self.now) for _ in range(WORKERS)]
        wait_for(lambda: self.count() > people // 4, "a quarter of the digests is sent", every=0.02, patience=600)
        os.kill(workers[0].pid, signal.SIGKILL)
        workers[0].wait()
        self.ended(workers[1])
        before = self.count()
        self.ended(self.worker(self.now + LATER))
        letters = recipients(self.folder)
        self.check(people, letters)
        print(
            f"One of {WORKERS} workers was killed (SIGKILL) after a quarter of {people:,} digests; the other went on "
            f"to {before:,}, and a third sent the rest {LATER.seconds // 60} minutes later: {letters.total():,} "
            f"letters, none to anybody twice, {people - letters.total()} lost (at most one a killed worker)."
        )
        return letters.total(), people - letters.total()

    def count(self) -> int:
        return sum(1 for _ in self.folder.glob("*.eml")) if self.folder.exists() else 0

    def check(self, people: int, letters: Counter[str]) -> None:
        doubled = [address for address, count in letters.items() if count > 1]
        unsettled = Digest.objects.filter(until__gt=self.now - WEEK).exclude(state=DigestState.SENT).count()
        problems = [
            doubled and f"{len(doubled)} people got a digest twice",
            people - len(letters) > 1 and f"{people - len(letters)} digests were lost",
            unsettled and f"{unsettled} digests were left",
        ]
        if any(problems):
            raise WrongResultError("; ".join(str(problem) for problem in problems if problem))


def measure(hub: Hub, talk: Talk, posts: Sequence[Post], people: int) -> None:
    """Prints the table of digests; WrongResultError when somebody gets two, or more than one letter is lost."""
    heading(
        f"The digest for {people:,} people",
        f"One worker process, letters into a folder, {POSTS} posts of the week and two conversations for each person. "
        "PSS is the worker's highest, sampled.",
    )
    weeks = Weeks(hub, talk.people, posts)
    sent = [weeks.send(people // 10), weeks.send(people)]
    table(
        ["people", "seconds", "a second", "a letter", "memory at its peak"],
        [
            (
                f"{one.letters:,}",
                f"{one.seconds:.1f} s",
                f"{one.letters / one.seconds:.0f}",
                milliseconds(one.seconds / one.letters),
                mebibytes(one.pss),
            )
            for one in sent
        ],
    )
    print(f"Goal for {people:,}: {GOAL:.0f} s. Memory of the second ÷ the first: {sent[1].pss / sent[0].pss:.2f}.\n")
    weeks.interrupted(people)
