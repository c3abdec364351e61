"""Votes for posts: one a person, undoable, counted right whoever clicks at once, and told when they are many."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator import votes
from aggregator.models import Blog, Post, PostVote
from aggregator.ranking import rank_of
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.pages import text_of

MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]


@pytest.fixture
def post(make_post: MakePost, bo: Person) -> Post:
    """Bo's post, on Bo's blog."""
    post = make_post(title="Fog and soup", author=bo)
    post.blog.owners.add(bo)
    return post


def crowd(count: int) -> list[Person]:
    return Person.objects.bulk_create(
        Person(username=f"voter{number}", display_name=f"Voter {number}", password="!") for number in range(count)
    )


def numbers(post: Post) -> tuple[int, int]:
    """(as the post says, as the votes are)"""
    return Post.objects.get(pk=post.pk).vote_count, PostVote.objects.filter(post=post).count()


@pytest.mark.django_db
class TestPressing:
    def press(self, client: Client, post: Post, action: str = "vote/", **headers: str) -> int:
        return client.post(f"/posts/{post.pk}/{action}", headers=headers).status_code

    def test_a_vote_counts_once_and_can_be_taken_back(self, client: Client, aino: Person, post: Post) -> None:
        client.force_login(aino)
        for action, count in (("vote/", 1), ("vote/", 1), ("vote/delete/", 0), ("vote/delete/", 0), ("vote/", 1)):
            assert self.press(client, post, action) == 302
            assert numbers(post) == (count, count)

    def test_it_leads_back_to_the_post(self, client: Client, aino: Person, post: Post) -> None:
        client.force_login(aino)
        assert client.post(f"/posts/{post.pk}/vote/").headers["Location"] == f"{post.get_absolute_url()}#vote"

    def test_a_script_gets_the_button_anew(self, client: Client, aino: Person, post: Post) -> None:
        client.force_login(aino)
        html = client.post(f"/posts/{post.pk}/vote/", headers={"HX-Request": "true"}).content.decode()
        assert 'aria-pressed="true"' in html
        assert f'action="/posts/{post.pk}/vote/delete/"' in html
        assert ">1<" in html
        assert "<html" not in html

    def test_one_s_own_post_has_the_number_and_no_button(
        self, client: Client, bo: Person, aino: Person, post: Post
    ) -> None:
        client.force_login(bo)
        votes.vote(aino, post, timezone.now())
        html = text_of(client, post.get_absolute_url())
        assert "1 colleague found it worth reading" in html
        assert f"/posts/{post.pk}/vote/" not in html
        assert self.press(client, post) == 403
        assert numbers(post) == (1, 1)

    @pytest.mark.parametrize("is_author", [True, False], ids=["author", "owner"])
    def test_neither_author_nor_owner_may_vote(
        self, make_post: MakePost, bo: Person, aino: Person, is_author: bool
    ) -> None:
        post = make_post(author=bo if is_author else aino)
        if not is_author:
            post.blog.owners.add(bo)
        assert votes.standing(bo, post) == votes.Standing()  # nor is the button offered
        with pytest.raises(votes.OwnPost):
            votes.vote(bo, post, timezone.now())

    def test_a_post_one_may_not_see_does_not_exist(
        self, client: Client, aino: Person, crew: Group, make_blog: MakeBlog, make_post: MakePost
    ) -> None:
        hidden = make_post(make_blog(for_groups=(crew,)))
        client.force_login(aino)
        assert self.press(client, hidden) == self.press(client, hidden, "vote/delete/") == 404
        assert self.press(client, Post(pk=987_654_321)) == 404
        assert not PostVote.objects.exists()

    def test_it_rejects_get_and_strangers(self, client: Client, aino: Person, post: Post) -> None:
        assert self.press(client, post) == 302
        assert client.post(f"/posts/{post.pk}/vote/").headers["Location"].startswith("/sign-in/")
        client.force_login(aino)
        assert client.get(f"/posts/{post.pk}/vote/").status_code == 405
        assert client.get(f"/posts/{post.pk}/vote/delete/").status_code == 405
        assert not PostVote.objects.exists()

    @pytest.mark.parametrize("title", ["Vote", "Comments", "watch", "Reading"])
    def test_a_post_that_is_called_like_an_action_can_be_read(
        self, client: Client, aino: Person, make_post: MakePost, title: str
    ) -> None:
        client.force_login(aino)
        post = make_post(title=title)
        assert title in text_of(client, post.get_absolute_url())
        assert post.get_absolute_url() in text_of(client, "/latest/")

    def test_what_is_one_s_own_costs_one_query(
        self,
        client: Client,
        aino: Person,
        post: Post,
        django_assert_num_queries: DjangoAssertNumQueries,
    ) -> None:
        with django_assert_num_queries(1):
            before = votes.standing(aino, post)
        votes.vote(aino, post, timezone.now())
        assert (before, votes.standing(aino, post)) == (votes.Standing(may=True), votes.Standing(may=True, given=True))


@pytest.mark.django_db
def test_the_rank_follows_the_votes(aino: Person, post: Post) -> None:
    votes.vote(aino, post, timezone.now())
    assert Post.objects.get(pk=post.pk).rank == rank_of(1, 0, 0, post.published_at)
    votes.unvote(aino, post)
    assert Post.objects.get(pk=post.pk).rank == 0


@pytest.mark.parametrize(
    ("count", "told"),
    [(n, True) for n in (5, 10, 25, 50, 100, 250, 500, 1_000, 2_500)] + [(n, False) for n in (0, 1, 6, 75, 101, 550)],
)
def test_milestones_grow_apart(count: int, told: bool) -> None:
    assert votes.is_milestone(count) is told


@pytest.mark.django_db
def test_the_writer_is_told_of_a_milestone_once(bo: Person, post: Post) -> None:
    voters = crowd(6)
    for voter in voters:
        votes.vote(voter, post, timezone.now())
    for voter in voters[:3]:
        votes.unvote(voter, post)
        votes.vote(voter, post, timezone.now())
    told = list(Notification.objects.values_list("recipient", "event", "group"))
    assert told == [(bo.pk, f"post:{post.pk}:votes:5", f"post:{post.pk}")]


@pytest.mark.django_db
def test_who_lost_sight_of_the_blog_is_not_told(
    aino: Person, crew: Group, make_blog: MakeBlog, make_post: MakePost
) -> None:
    post = make_post(make_blog(for_groups=(crew,)), author=aino)
    for voter in crowd(5):
        votes.vote(voter, post, timezone.now())
    assert not Notification.objects.exists()


@pytest.fixture
def connections() -> Iterator[Callable[[Callable[[], object]], object]]:
    """Runs something on a connection of its own, as another process would."""

    def run(action: Callable[[], object]) -> object:
        try:
            return action()
        finally:
            connection.close()

    yield run


@pytest.mark.django_db(transaction=True)
def test_fifty_who_click_at_once_are_counted_and_told_right(
    post: Post, bo: Person, connections: Callable[[Callable[[], object]], object]
) -> None:
    voters = crowd(50)

    def click(voter: Person) -> None:
        for _twice in range(2):
            connections(lambda: votes.vote(voter, post, timezone.now()))
        if voter.username.endswith("7"):
            connections(lambda: votes.unvote(voter, post))

    with ThreadPoolExecutor(50) as pool:
        list(pool.map(click, voters))
    assert numbers(post) == (45, 45)
    assert Post.objects.get(pk=post.pk).rank == pytest.approx(rank_of(45, 0, 0, post.published_at))
    events = set(Notification.objects.filter(recipient=bo).values_list("event", flat=True))
    assert {f"post:{post.pk}:votes:{count}" for count in (5, 10, 25)} <= events


@pytest.mark.django_db(transaction=True)
def test_one_who_clicks_ten_times_at_once_votes_once(
    post: Post, aino: Person, connections: Callable[[Callable[[], object]], object]
) -> None:
    with ThreadPoolExecutor(10) as pool:
        new = list(
            pool.map(lambda _: connections(lambda: votes.vote(aino, post, timezone.now())), range(10)),
        )
    assert new.count(True) == 1
    assert numbers(post) == (1, 1)
