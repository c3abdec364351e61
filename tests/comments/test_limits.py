"""How often somebody may say something, and where not: every refusal says why and when."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from comments.limits import DEEPEST, Refused
from comments.models import Acceptance, Comment, Guidelines, Thread
from tests.comments.saying import say, settle

pytestmark = pytest.mark.django_db

MakePost = Callable[..., Post]


@pytest.fixture
def post(make_post: MakePost) -> Post:
    return make_post()


def test_five_a_minute(aino: Person, post: Post) -> None:
    settle(aino, post)
    now = timezone.now()
    for second in range(5):
        say(aino, post, now=now + timedelta(seconds=second))
    with pytest.raises(Refused, match=r"5 times in a minute. What you wrote is kept; send it again in 30 seconds"):
        say(aino, post, now=now + timedelta(seconds=30))
    assert say(aino, post, now=now + timedelta(seconds=60))


def test_sixty_an_hour(aino: Person, post: Post) -> None:
    settle(aino, post)
    now = timezone.now()
    for number in range(60):
        say(aino, post, now=now + timedelta(seconds=15 * number))
    with pytest.raises(Refused, match=r"60 times in an hour. What you wrote is kept; send it again in 40 minutes"):
        say(aino, post, now=now + timedelta(minutes=20))
    assert say(aino, post, now=now + timedelta(minutes=60))


def test_the_new_say_less_until_a_day_has_passed(aino: Person, post: Post) -> None:
    now = timezone.now()
    say(aino, post, now=now)
    say(aino, post, now=now)
    with pytest.raises(Refused, match="2 times in a minute"):
        say(aino, post, now=now)
    later = now + timedelta(days=1, seconds=1)
    for _number in range(5):
        say(aino, post, now=later)
    with pytest.raises(Refused, match="5 times"):
        say(aino, post, now=later)


def test_an_old_account_that_has_said_nothing_yet_is_new(aino: Person, post: Post) -> None:
    aino.date_joined -= timedelta(days=400)
    now = timezone.now()
    say(aino, post, now=now)
    say(aino, post, now=now)
    with pytest.raises(Refused, match="2 times in a minute"):
        say(aino, post, now=now)


def test_deleting_makes_no_room(aino: Person, post: Post) -> None:
    now = timezone.now()
    for _number in range(2):
        say(aino, post, now=now)
    Comment.objects.update(state="deleted")
    with pytest.raises(Refused, match="2 times"):
        say(aino, post, now=now)


def test_a_slow_thread_counts_each_by_themselves(aino: Person, bo: Person, post: Post, make_post: MakePost) -> None:
    Thread.objects.create(post=post, slow_seconds=120)
    now = timezone.now()
    say(aino, post, now=now)
    with pytest.raises(Refused, match=r"one comment in 120 seconds .* in 1 second"):
        say(aino, post, now=now + timedelta(seconds=119))
    assert say(bo, post, now=now + timedelta(seconds=1))
    assert say(aino, make_post(), now=now + timedelta(seconds=1))
    assert say(aino, post, now=now + timedelta(seconds=120))


def test_a_locked_thread_takes_nothing(aino: Person, post: Post) -> None:
    thread = Thread.objects.create(post=post, locked_at=timezone.now(), locked_because="Enough")
    with pytest.raises(Refused, match="closed by a moderator: Enough"):
        say(aino, post)
    thread.delete()
    assert say(aino, post)


def test_guidelines_are_accepted_once(aino: Person, post: Post) -> None:
    Guidelines.objects.create(body="Be kind.", html="<p>Be kind.</p>", must_accept=False)
    assert say(aino, post)
    asked = Guidelines.objects.create(body="Be kinder.", html="<p>Be kinder.</p>", must_accept=True)
    with pytest.raises(Refused, match="accept the guidelines"):
        say(aino, post)
    Acceptance.objects.create(person=aino, guidelines=asked)
    assert say(aino, post)


def test_a_post_that_has_just_been_closed_to_the_writer(
    aino: Person, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group
) -> None:
    blog = make_blog(for_groups=(crew,))
    post = make_post(blog)
    with pytest.raises(Refused, match="no longer there"):
        say(aino, post)
    aino.groups.add(crew)
    assert say(aino, post)


def test_a_parent_of_another_post_is_none(aino: Person, post: Post, make_post: MakePost) -> None:
    elsewhere = say(aino, make_post())
    with pytest.raises(Refused, match="not here"):
        say(aino, post, parent=elsewhere)


def test_a_branch_has_an_end(aino: Person, post: Post) -> None:
    parent = say(aino, post)
    Comment.objects.update(path=list(range(1, DEEPEST + 1)))
    with pytest.raises(Refused, match="too deep"):
        say(aino, post, parent=parent)
