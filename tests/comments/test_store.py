"""Comments and the numbers of their post change together, whoever writes at the same time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.utils import timezone

from aggregator.arcs import GONE
from aggregator.models import Activity, Blog, Post
from bloghub.people.models import Person
from comments import store
from comments.limits import Refused
from comments.models import Comment, CommentState, Revision, Suspension, Thread, Watch
from comments.store import Draft, publish
from tests.comments.saying import say

MakePost = Callable[..., Post]
LATER = timedelta(minutes=20)


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    return make_post(author=bo)


def numbers(post: Post) -> tuple[int, int, int, list[int]]:
    post.refresh_from_db()
    return post.comment_count, post.last_comment_number, post.voice_count, post.thread_shape


@pytest.mark.django_db
def test_a_comment_brings_its_numbers_with_it(aino: Person, bo: Person, post: Post) -> None:
    first = say(aino, post, "What about *wind*?")
    second = say(bo, post, "It is in the appendix.", parent=first)
    assert numbers(post) == (2, 2, 1, [0, 5])
    assert post.last_comment_at == second.published_at
    assert post.rank > 0
    assert (second.path, second.depth) == ([1, 2], 1)
    passing = Activity.objects.get(comment_id=second.pk)
    assert (passing.blog_id, passing.author, passing.answers, passing.excerpt) == (
        post.blog_id,
        bo,
        aino,
        "It is in the appendix.",
    )


@pytest.mark.django_db
def test_the_last_activity_is_the_latest_whoever_is_stored_last(aino: Person, bo: Person, post: Post) -> None:
    now = timezone.now()
    say(aino, post, now=now)
    say(bo, post, now=now - timedelta(milliseconds=30))  # it had to wait for the other
    post.refresh_from_db()
    assert post.last_comment_at == now


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["revise", "withdraw", "bring_back"])
def test_a_vote_that_comes_during_a_change_is_counted(
    aino: Person, bo: Person, post: Post, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    now, comment, locked = timezone.now(), say(aino, post), store._locked
    if change == "bring_back":
        store.withdraw(comment, now)

    def voted_meanwhile(comment: Comment) -> Comment:
        found = locked(comment)
        Comment.objects.update(vote_count=1)  # votes do not wait for the post
        return found

    monkeypatch.setattr(store, "_locked", voted_meanwhile)
    getattr(store, change)(comment, *["Other words."] * (change == "revise"), now)
    assert Comment.objects.get().vote_count == 1


@pytest.mark.django_db
def test_publishing_takes_few_statements(
    aino: Person, post: Post, django_assert_num_queries: Callable[..., object]
) -> None:
    with django_assert_num_queries(5):  # type: ignore[attr-defined]  # two of them are the savepoint of the test
        say(aino, post, "Plain words, 10:30 o'clock. See https://x.example/ too.")


@pytest.mark.django_db
def test_the_writer_watches_unless_they_would_rather_not(aino: Person, bo: Person, post: Post) -> None:
    Watch.objects.create(person=bo, post=post, muted=True)
    say(bo, post)
    say(aino, post, watch=False)
    assert list(Watch.objects.values_list("person", "muted")) == [(bo.pk, True)]
    say(aino, post)
    assert Watch.objects.get(person=aino).reason == "commented"


@pytest.mark.django_db
def test_sent_twice_it_is_one_comment(aino: Person, bo: Person, post: Post) -> None:
    key = uuid4()
    first = say(aino, post, "Once", key=key)
    assert say(aino, post, "Once", key=key) == first
    assert say(bo, post, "Once", key=key) != first  # a key is its writer's own
    assert numbers(post)[0] == 2


@pytest.mark.django_db
def test_other_words_from_a_form_brought_back_are_another_comment(aino: Person, post: Post) -> None:
    key = uuid4()
    assert say(aino, post, "One", key=key) != say(aino, post, "Two", key=key)


@pytest.mark.django_db
def test_many_links_wait_for_a_moderator_and_count_nowhere(aino: Person, post: Post) -> None:
    held = say(aino, post, " ".join(f"https://x.example/{number}" for number in range(6)))
    assert held.state == CommentState.HELD
    assert numbers(post) == (0, 1, 0, [GONE])
    assert not Activity.objects.exists()
    store.show(held, timezone.now())
    assert numbers(post) == (1, 2, 1, [GONE, 0])
    assert Activity.objects.get().comment_id == held.pk


@pytest.mark.django_db
@pytest.mark.parametrize("turned_away", [False, True])
def test_what_is_let_through_comes_after_what_was_said_meanwhile(
    aino: Person, bo: Person, post: Post, turned_away: bool
) -> None:
    now = timezone.now()
    first = say(bo, post, now=now - LATER)
    links = " ".join(f"https://x.example/{number}" for number in range(6))
    held = say(aino, post, links, parent=first, now=now - LATER)
    say(bo, post, "Meanwhile.", now=now - LATER / 2)
    if turned_away:
        store.hide(held, "", now - LATER / 2)
    shown = store.show(held, now)
    shown.refresh_from_db()
    assert (shown.number, shown.path, shown.depth, shown.published_at) == (4, [1, 4], 1, now)
    assert numbers(post) == (3, 4, 1, [1, GONE, 1, 4])
    assert (post.last_comment_at, Activity.objects.get(comment_id=held.pk).happened_at) == (now, now)
    store.hide(shown, "", now)
    assert store.show(shown, now + LATER).number == 4  # what had its place keeps it
    assert say(bo, post, "Then.", parent=shown, now=now + LATER).path == [1, 4, 5]


@pytest.mark.django_db
def test_five_links_and_many_mentions_do_not_wait(aino: Person, bo: Person, post: Post) -> None:
    body = " ".join(f"https://x.example/{number}" for number in range(5)) + " @bo" * 9
    assert say(aino, post, body).state == CommentState.VISIBLE


@pytest.mark.django_db
def test_the_suspended_are_heard_by_moderators_only(aino: Person, bo: Person, post: Post) -> None:
    now = timezone.now()
    stands = say(aino, post)
    Suspension.objects.create(person=aino, since=now - LATER, until=now + LATER, by=bo)
    assert say(aino, post, "More").state == CommentState.HELD
    with pytest.raises(Refused, match="moderator first"):
        store.revise(stands, "Other words", now)


@pytest.mark.django_db
def test_mentions_are_kept_as_people(aino: Person, bo: Person, post: Post) -> None:
    Person.objects.create_user("gone", "gone@example.com", display_name="Gone", is_active=False)
    comment = say(aino, post, "@bo, @Bo. and `@aino` or @gone or @nobody")
    assert comment.mentioned == [bo.pk]
    assert comment.html.count(">Bo Ekdahl</a>") == 2


@pytest.mark.django_db
def test_titles_of_other_restricted_blogs_stay_unsaid(
    aino: Person, make_blog: Callable[..., Blog], make_post: MakePost, crew: Group
) -> None:
    aino.groups.add(crew)
    closed, other = make_blog(for_groups=(crew,)), make_blog(for_groups=(crew,))
    here, beside, elsewhere, free = (make_post(blog, title=title) for blog, title in (
        (closed, "Here"), (closed, "Beside"), (other, "Elsewhere"), (None, "Free")))  # fmt: skip
    body = f"/posts/{beside.pk}/ /posts/{elsewhere.pk}/ /posts/{free.pk}/"
    html = say(aino, here, body).html
    assert [title in html for title in ("Beside", "Elsewhere", "Free")] == [True, False, True]


@pytest.mark.django_db
def test_changing_leaves_no_trace_for_a_while(aino: Person, post: Post) -> None:
    comment = say(aino, post, "Teh word")
    store.revise(comment, "The word", comment.published_at + timedelta(minutes=14))
    comment.refresh_from_db()
    assert (comment.html, comment.edited_at, Revision.objects.count()) == ("<p>The word</p>", None, 0)
    assert Activity.objects.get().excerpt == "The word"


@pytest.mark.django_db
def test_changing_later_is_marked_and_kept(aino: Person, post: Post) -> None:
    comment = say(aino, post, "Before")
    now = comment.published_at + LATER
    store.revise(comment, "Before", now)
    assert not Revision.objects.exists()  # nothing was changed
    comment = store.revise(comment, "After", now)
    assert (comment.edited_at, Revision.objects.get().body) == (now, "Before")


@pytest.mark.django_db
def test_whoever_is_named_later_is_told_later(aino: Person, bo: Person, post: Post) -> None:
    comment = say(aino, post, "Ask")
    Comment.objects.update(told_at=timezone.now())
    assert store.revise(comment, "Ask you", timezone.now()).told_at
    assert store.revise(comment, "Ask @bo", timezone.now()).told_at is None


@pytest.mark.django_db
@pytest.mark.parametrize("state", ["hidden", "deleted"])
def test_what_is_gone_is_not_changed(aino: Person, post: Post, state: str) -> None:
    comment = say(aino, post)
    Comment.objects.update(state=state)
    with pytest.raises(Refused, match="removed"):
        store.revise(comment, "Again", timezone.now())


@pytest.mark.django_db
def test_changing_is_no_way_round_the_review_or_the_lock(aino: Person, post: Post) -> None:
    comment = say(aino, post)
    with pytest.raises(Refused, match="5 links"):
        store.revise(comment, "https://x.example " * 6, timezone.now())
    Thread.objects.create(post=post, locked_at=timezone.now())
    with pytest.raises(Refused, match="closed"):
        store.revise(comment, "Again", timezone.now())


@pytest.mark.django_db
def test_deleting_takes_the_words_and_keeps_them_for_moderators(aino: Person, bo: Person, post: Post) -> None:
    comment = say(aino, post, "Regretted")
    reply = say(bo, post, "Why?", parent=comment)
    comment = store.withdraw(comment, timezone.now())
    assert (comment.body, comment.html, comment.excerpt) == ("", "", "")
    assert Revision.objects.get().body == "Regretted"
    assert numbers(post) == (1, 2, 0, [GONE, 5])
    assert Activity.objects.get().comment_id == reply.pk
    store.withdraw(comment, timezone.now())
    assert Revision.objects.count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("before", ["visible", "held", "hidden"])
def test_bringing_back_restores_what_was(aino: Person, post: Post, before: str) -> None:
    comment = say(aino, post, "Kept")
    if before == "hidden":
        store.hide(comment, "Rude", timezone.now())
    Comment.objects.update(state=before)
    now = timezone.now()
    store.withdraw(comment, now)
    comment = store.bring_back(comment, now + timedelta(seconds=9))
    assert (comment.state, comment.body, comment.html) == (before, "Kept", "<p>Kept</p>")
    assert numbers(post)[0] == (before == "visible")
    assert not Revision.objects.exists()
    assert comment.removed_because == ("Rude" if before == "hidden" else "")


@pytest.mark.django_db
def test_bringing_back_has_its_time(aino: Person, post: Post) -> None:
    comment, now = say(aino, post), timezone.now()
    store.withdraw(comment, now)
    with pytest.raises(Refused, match="too late"):
        store.bring_back(comment, now + timedelta(minutes=1))


@pytest.mark.django_db
def test_hiding_and_showing_again(aino: Person, bo: Person, post: Post) -> None:
    first, second = say(aino, post, "One"), say(bo, post, "Two")
    hidden = store.hide(second, "Unkind", timezone.now())
    assert (hidden.state, hidden.removed_because) == (CommentState.HIDDEN, "Unkind")
    assert numbers(post) == (1, 2, 1, [0, GONE])
    assert post.last_comment_at == first.published_at
    store.show(second, timezone.now())
    assert numbers(post) == (2, 2, 1, [0, 1])
    assert Activity.objects.count() == 2


@pytest.mark.django_db
def test_what_its_writer_deleted_moderators_do_not_show(aino: Person, post: Post) -> None:
    comment = store.withdraw(say(aino, post), timezone.now())
    assert store.show(comment, timezone.now()).state == CommentState.DELETED
    assert store.hide(comment, "x", timezone.now()).state == CommentState.DELETED


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
