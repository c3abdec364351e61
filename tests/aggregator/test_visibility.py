"""Who may see a restricted blog and its posts: its groups and its owners, nobody else."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import AnonymousUser, Group

from aggregator.models import Blog, Post
from bloghub.people.models import Person

Sight = tuple[set[str], set[str]]
OPEN: Sight = ({"Open"}, {"Heard"})
ALL: Sight = ({"Open", "Secret"}, {"Heard", "Whispered"})


@pytest.fixture
def secret(make_blog: Callable[..., Blog], make_post: Callable[..., Post], crew: Group) -> Blog:
    """A blog for two groups, and an open one beside it, each with a post."""
    make_post(make_blog("Open"), title="Heard")
    blog = make_blog("Secret", for_groups=(crew, Group.objects.create(name="Board")))
    make_post(blog, title="Whispered")
    return blog


def sight(person: Person | AnonymousUser) -> Sight:
    """The titles of the blogs and posts that are shown."""
    blogs = Blog.objects.visible_to(person).values_list("title", flat=True)
    return set(blogs), set(Post.objects.visible_to(person).values_list("title", flat=True))


def test_strangers_and_colleagues_outside_see_what_is_open(
    secret: Blog, aino: Person, bo: Person, admin: Person, crew: Group
) -> None:
    bo.groups.add(crew)
    aino.groups.add(Group.objects.create(name="Gardeners"))
    assert [sight(person) for person in (AnonymousUser(), aino, admin)] == [OPEN] * 3
    assert not secret.is_visible_to(aino)


@pytest.mark.parametrize("group", ["Crew", "Board"])
def test_each_of_its_groups_sees_it_until_it_is_left(secret: Blog, aino: Person, group: str) -> None:
    aino.groups.add(Group.objects.get(name=group))
    assert sight(aino) == ALL
    assert secret.is_visible_to(aino)
    aino.groups.clear()
    assert sight(aino) == OPEN


def test_its_owners_see_it_and_no_other_blogs_owners(secret: Blog, aino: Person, bo: Person) -> None:
    secret.owners.add(aino)
    Blog.objects.get(title="Open").owners.add(bo)
    assert (sight(aino), sight(bo)) == (ALL, OPEN)


def test_a_restricted_blog_without_groups_is_its_owners_alone(secret: Blog, aino: Person, crew: Group) -> None:
    aino.groups.add(crew)
    secret.audience_groups.clear()
    assert sight(aino) == OPEN
