"""Fifty people at once: every comment is counted, and none twice."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from aggregator.arcs import GONE
from aggregator.models import Activity, Post
from bloghub.people.models import Person
from comments import store
from comments.limits import Refused
from comments.models import Comment
from comments.store import Draft, publish
from tests.comments.saying import numbers, say

MakePost = Callable[..., Post]
LATER = timedelta(minutes=20)


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    return make_post(author=bo)


def parallel(jobs: list[Callable[[], object]]) -> list[BaseException]:
    """Runs them at the same moment, each with a connection of its own; what they raised."""
    barrier, raised = threading.Barrier(len(jobs)), list[BaseException]()

    def run(job: Callable[[], object]) -> None:
        barrier.wait()
        try:
            job()
        except BaseException as error:  # told to the test
            raised.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


@pytest.mark.django_db(transaction=True)
def test_fifty_write_at_once_and_everything_is_counted(bo: Person, post: Post) -> None:
    people = [Person.objects.create_user(f"p{n}", f"p{n}@example.com", display_name=f"P {n}") for n in range(25)]
    parent = say(bo, post, "Everybody?")
    drafts = [Draft(people[n % 25], post, f"Words {n}", parent if n % 2 else None) for n in range(50)]
    now = timezone.now()
    raised = parallel([lambda draft=draft: publish(draft, now) for draft in drafts])  # type: ignore[misc]
    assert raised == []
    found = list(Comment.objects.filter(post=post).order_by("number"))
    assert [comment.number for comment in found] == list(range(1, 52))
    assert {comment.body for comment in found[1:]} == {draft.body for draft in drafts}
    count, last, voices, shape = numbers(post)
    assert (count, last, voices) == (51, 51, 25)
    marks = [comment.path[-2] * 4 if comment.depth else int(comment.author_id == bo.pk) for comment in found]
    assert shape == marks[:8] + marks[-32:]
    assert Activity.objects.filter(post=post).count() == 51


@pytest.mark.django_db(transaction=True)
def test_one_form_sent_fifty_times_at_once_is_one_comment(aino: Person, post: Post) -> None:
    draft, now = Draft(aino, post, "Impatient"), timezone.now()
    assert parallel([lambda: publish(draft, now)] * 50) == []
    assert numbers(post) == (1, 1, 1, [0])
    assert Comment.objects.count() == Activity.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_pace_holds_for_one_who_writes_everywhere_at_once(aino: Person, make_post: MakePost) -> None:
    posts, now = [make_post() for _ in range(20)], timezone.now()
    raised = parallel([lambda post=post: publish(Draft(aino, post, "Spam"), now) for post in posts])  # type: ignore[misc]
    assert [type(error) for error in raised] == [Refused] * 18
    assert Comment.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_deleting_and_answering_at_once_leave_the_numbers_right(aino: Person, bo: Person, post: Post) -> None:
    comments, now = [say(aino, post, now=timezone.now() - timedelta(hours=n)) for n in range(8, 0, -1)], timezone.now()
    jobs: list[Callable[[], object]] = [lambda c=c: store.withdraw(c, now) for c in comments]  # type: ignore[misc]
    jobs += [lambda: publish(Draft(bo, post, "So?"), now)]
    assert parallel(jobs) == []
    assert numbers(post) == (1, 9, 0, [GONE] * 8 + [1])
