"""Who is told of a comment, why, and how often."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from aggregator.models import Blog, Post
from bloghub.notifications.forgetting import READ_KEPT, forget
from bloghub.notifications.models import Kind, Notification
from bloghub.people.models import Person
from comments import flagging, moderation, store
from comments.models import Claim, Comment, CommentState, Watch, WatchReason
from comments.notifying import tell_of_new_comments

Say = Callable[..., Comment]


def told() -> dict[str, str]:
    """User name → kind of everything told so far."""
    return dict(Notification.objects.values_list("recipient__username", "kind"))


@pytest.fixture
def post(make_post: Callable[..., Post], bo: Person) -> Post:
    """A post on Bo's blog, which colleagues have commented on before."""
    post = make_post(author=bo)
    post.blog.owners.add(bo)
    return post


@pytest.fixture
def eeva(db: None) -> Person:
    """A third colleague."""
    return Person.objects.create_user("eeva", "eeva@example.com", display_name="Eeva Salo")


def test_the_first_comment_on_a_blog_is_told_to_its_owner_as_that(post: Post, aino: Person, say: Say) -> None:
    say(aino, post)
    assert tell_of_new_comments(timezone.now()) == 1
    assert told() == {"bo": Kind.FIRST}


def test_the_second_one_is_a_comment_on_your_post(post: Post, aino: Person, say: Say) -> None:
    say(aino, post, told_at=timezone.now())
    say(aino, post)
    tell_of_new_comments(timezone.now())
    assert told() == {"bo": Kind.COMMENT}


def test_each_is_told_once_with_the_strongest_reason(
    post: Post, aino: Person, bo: Person, eeva: Person, say: Say
) -> None:
    mine = say(eeva, post, told_at=timezone.now())
    Watch.objects.create(person=eeva, post=post, reason=WatchReason.COMMENTED)
    Watch.objects.create(person=bo, post=post)
    say(aino, post, parent=mine, mentioned=[bo.pk, eeva.pk])
    for _twice in range(2):
        tell_of_new_comments(timezone.now())
    assert told() == {"bo": Kind.MENTION, "eeva": Kind.MENTION}
    assert Notification.objects.count() == 2


def test_an_answer_is_told_to_whom_it_answers_and_to_those_who_watch(
    post: Post, aino: Person, bo: Person, eeva: Person, say: Say
) -> None:
    mine = say(eeva, post, told_at=timezone.now())
    Watch.objects.create(person=aino, post=post)
    say(bo, post, parent=mine)
    tell_of_new_comments(timezone.now())
    assert told() == {"eeva": Kind.REPLY, "aino": Kind.WATCHED}


def test_nobody_is_told_of_their_own_words(post: Post, bo: Person, say: Say) -> None:
    say(bo, post, mentioned=[bo.pk])
    tell_of_new_comments(timezone.now())
    assert told() == {}


def test_who_muted_the_conversation_hears_nothing_of_it(post: Post, aino: Person, bo: Person, say: Say) -> None:
    Watch.objects.create(person=bo, post=post, muted=True)
    say(aino, post, mentioned=[bo.pk])
    tell_of_new_comments(timezone.now())
    assert told() == {}


def test_whom_a_mention_names_is_not_told_of_a_blog_they_may_not_see(
    make_blog: Callable[..., Blog], make_post: Callable[..., Post], crew: Group, aino: Person, bo: Person, say: Say
) -> None:
    bo.groups.add(crew)
    post = make_post(make_blog(for_groups=(crew,)))
    Watch.objects.create(person=aino, post=post)
    say(None, post, mentioned=[aino.pk, bo.pk])
    tell_of_new_comments(timezone.now())
    assert told() == {"bo": Kind.MENTION}


def test_what_is_held_is_told_once_it_is_let_through(post: Post, aino: Person, say: Say) -> None:
    comment = say(aino, post, state=CommentState.HELD)
    tell_of_new_comments(timezone.now())
    assert told() == {}
    Comment.objects.filter(pk=comment.pk).update(state=CommentState.VISIBLE)
    tell_of_new_comments(timezone.now())
    assert told() == {"bo": Kind.FIRST}


def test_only_one_comment_is_the_first(post: Post, aino: Person, eeva: Person, say: Say) -> None:
    held = say(eeva, post, state=CommentState.HELD)
    say(aino, post)
    tell_of_new_comments(timezone.now())
    Comment.objects.filter(pk=held.pk).update(state=CommentState.VISIBLE)
    tell_of_new_comments(timezone.now())
    assert list(Notification.objects.order_by("pk").values_list("kind", flat=True)) == [Kind.FIRST, Kind.COMMENT]


def test_what_was_held_for_days_is_news_when_it_is_told(post: Post, aino: Person, say: Say) -> None:
    now = timezone.now()
    say(aino, post, published_at=now - timedelta(days=3))
    tell_of_new_comments(now)
    assert Notification.objects.get().happened_at == now


def test_an_edit_tells_whom_it_mentions_and_nobody_who_came_later(
    post: Post, aino: Person, bo: Person, eeva: Person, say: Say
) -> None:
    Watch.objects.create(person=eeva, post=post)
    comment = say(aino, post)
    tell_of_new_comments(timezone.now())
    Watch.objects.create(person=Person.objects.create_user("newcomer", "new@example.com"), post=post)
    store.revise(comment, "What does @eeva say?", timezone.now())
    tell_of_new_comments(timezone.now())
    assert told() == {"bo": Kind.FIRST, "eeva": Kind.MENTION}
    assert Notification.objects.get(recipient=eeva).mail_due_at is not None


def test_an_edit_of_what_was_told_long_ago_tells_only_those_it_names(
    post: Post, aino: Person, eeva: Person, say: Say
) -> None:
    comment = say(aino, post)
    tell_of_new_comments(timezone.now())
    later = timezone.now() + READ_KEPT + timedelta(days=1)
    Notification.objects.update(read_at=timezone.now())
    forget(later)
    store.revise(comment, "What does @eeva say?", later)
    tell_of_new_comments(later)
    assert told() == {"eeva": Kind.MENTION}


def test_what_was_deleted_before_anybody_was_told_is_told_to_nobody(post: Post, aino: Person, say: Say) -> None:
    comment = say(aino, post, state=CommentState.DELETED)
    tell_of_new_comments(timezone.now())
    comment.refresh_from_db()
    assert told() == {}
    assert comment.told_at is not None


def test_five_hundred_watchers_cost_no_query_each(
    post: Post, aino: Person, say: Say, django_assert_max_num_queries: Callable[..., object]
) -> None:
    people = [Person(username=f"p{n}", display_name=f"P {n}", email=f"p{n}@example.com") for n in range(500)]
    Person.objects.bulk_create(people)
    Watch.objects.bulk_create([Watch(person=person, post=post) for person in people])
    say(aino, post)
    with django_assert_max_num_queries(15):  # type: ignore[attr-defined]
        tell_of_new_comments(timezone.now())
    assert Notification.objects.count() == 501


def test_a_blog_without_owner_invites_its_writer_once(make_post: Callable[..., Post], aino: Person, say: Say) -> None:
    post = make_post()
    Blog.objects.filter(pk=post.blog_id).update(contact_email="writer@example.com")
    for _twice in range(2):
        say(aino, post)
        tell_of_new_comments(timezone.now())
    assert list(Claim.objects.values_list("blog", "email")) == [(post.blog_id, "writer@example.com")]


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_tell_everybody_once(post: Post, aino: Person, eeva: Person, say: Say) -> None:
    Watch.objects.create(person=eeva, post=post)
    for _comment in range(60):
        say(aino, post)
    barrier = Barrier(4)

    def work() -> None:
        barrier.wait()
        tell_of_new_comments(timezone.now())
        connection.close()

    workers = [Thread(target=work) for _worker in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    tell_of_new_comments(timezone.now())
    assert Notification.objects.filter(recipient=eeva).count() == 60
    assert not Comment.objects.filter(told_at=None).exists()


def test_words_that_were_changed_are_told_as_they_are_now(post: Post, aino: Person, say: Say) -> None:
    comment = say(aino, post, excerpt="The password is hunter2")
    tell_of_new_comments(timezone.now())
    flagging.revise(comment, "Never mind.", timezone.now())
    assert Notification.objects.get().excerpt == "Never mind."


@pytest.mark.parametrize("state", [CommentState.VISIBLE, CommentState.HELD])
def test_what_is_restored_is_told_to_those_who_have_not_heard_of_it(
    post: Post, aino: Person, admin: Person, say: Say, state: CommentState
) -> None:
    comment = say(aino, post, state=state)
    tell_of_new_comments(timezone.now())
    moderation.hide(comment, admin, "Not so.", timezone.now())
    tell_of_new_comments(timezone.now())
    assert not Notification.objects.filter(recipient=post.author).exists()
    moderation.restore(comment, admin, "But it is.", timezone.now())
    tell_of_new_comments(timezone.now())
    assert Notification.objects.get(recipient=post.author).event == f"comment:{comment.pk}"


@pytest.mark.parametrize("heard", ["mailed_at", "read_at"])
def test_what_is_brought_back_is_told_to_nobody_twice(
    post: Post, aino: Person, bo: Person, say: Say, heard: str
) -> None:
    comment, now = say(aino, post), timezone.now()
    tell_of_new_comments(now)
    Notification.objects.update(mail_due_at=None, **{heard: now})
    for _twice in range(2):
        flagging.withdraw(comment, now)
        assert not Notification.objects.exclude(excerpt="", title="").exists()
        flagging.bring_back(comment, now)
        assert tell_of_new_comments(now) == 1
    assert not Notification.objects.filter(mail_due_at__isnull=False).exists()
    assert not Notification.objects.unread(bo).exists()
