"""Matching beside those who write: what is committed late is not lost, and what two workers do is done once."""

from __future__ import annotations

from collections.abc import Callable
from threading import Event, Thread

import pytest
from django.db import connection, transaction
from django.utils import timezone

from aggregator.models import MatchTally, Post
from aggregator.search import saving
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from bloghub.notifications.models import Notification
from bloghub.people.models import Person

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 20  # s


class Elsewhere:
    """Does something in a transaction of another connection, which stays open until it is let go."""

    def __init__(self, work: Callable[[], object]) -> None:
        self._work, self._done, self._go = work, Event(), Event()
        self._thread = Thread(target=self._run)
        self._thread.start()
        assert self._done.wait(PATIENCE)

    def _run(self) -> None:
        try:
            with transaction.atomic():
                self._work()
                self._done.set()
                self._go.wait(PATIENCE)
        finally:
            self._done.set()
            connection.close()

    def let_go(self) -> None:
        self._go.set()
        self._thread.join()


def told() -> list[str]:
    return sorted(Notification.objects.values_list("excerpt", flat=True))


def test_what_is_committed_late_is_not_lost(make_post: Callable[..., Post], aino: Person) -> None:
    early, late = (make_post(title=f"Seals {name}", excerpt="") for name in ("early", "late"))
    saving.save(aino, Wanted("Seals", "seal", True), timezone.now())
    writer = Elsewhere(lambda: index_posts([late.pk]))  # its row has the lower id
    index_posts([early.pk])
    for _look in range(3):
        tell_of_matches(timezone.now())
    assert told() == []
    writer.let_go()
    for _look in range(2):
        tell_of_matches(timezone.now())
    assert told() == ["Seals early", "Seals late"]


def test_somebody_who_always_writes_keeps_nobody_waiting(make_post: Callable[..., Post], aino: Person) -> None:
    saving.save(aino, Wanted("Seals", "seal", True), timezone.now())
    index_posts([make_post(title="Seals", excerpt="").pk])
    writer = Elsewhere(lambda: Person.objects.filter(pk=aino.pk).update(team="Pumps"))
    tell_of_matches(timezone.now())
    following = Elsewhere(lambda: Post.objects.update(vote_count=1))
    writer.let_go()
    tell_of_matches(timezone.now())
    following.let_go()
    assert told() == ["Seals"]


def test_two_workers_tell_once(make_post: Callable[..., Post], aino: Person) -> None:
    saving.save(aino, Wanted("Seals", "seal", True), timezone.now())
    MatchTally.objects.create(pk=1)
    index_posts([make_post(title="Seals", excerpt="").pk])
    other = Elsewhere(lambda: tell_of_matches(timezone.now()))
    assert tell_of_matches(timezone.now()) == 0
    other.let_go()
    assert tell_of_matches(timezone.now()) == 0
    assert told() == ["Seals"]
