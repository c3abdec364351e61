"""A comment that is said: the numbers of its post come with it, and what it holds decides who meets it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from aggregator.arcs import GONE
from aggregator.models import Activity, Blog, Post
from bloghub.people.models import Person
from comments import store
from comments.limits import Refused
from comments.models import Comment, CommentState, Suspension, Watch
from tests.comments.saying import numbers, say

MakePost = Callable[..., Post]
LATER = timedelta(minutes=20)


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    return make_post(author=bo)


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
