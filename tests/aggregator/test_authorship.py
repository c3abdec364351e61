"""Posts belong to the blog's owners, whenever those were named: before the first poll or long after it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from tests.aggregator.incoming import incoming, store_posts

pytestmark = pytest.mark.django_db


@pytest.fixture
def blog(make_blog: Callable[..., Blog]) -> Blog:
    """A blog whose posts came before anybody was named its owner."""
    blog = make_blog("Sea trials")
    posts = {"named": "BO EKDAHL", "user": "bo", "nameless": "", "other": "Aino Lehtinen", "mailed": "The Captain"}
    mails = {"mailed": "bo@example.com"}
    incomers = [incoming(guid, author_name=name, author_email=mails.get(guid, "")) for guid, name in posts.items()]
    store_posts(blog.feeds.get(), *incomers)
    return blog


@pytest.fixture
def set_owners(client: Client, admin: Person, blog: Blog) -> Callable[..., None]:
    """What an admin does on the blog's page."""
    client.force_login(admin)

    def post(*owners: Person) -> None:
        form = {"title": "Sea trials", "slug": blog.slug, "audience": "everyone", "owners": [one.pk for one in owners]}
        assert client.post(f"/admin/aggregator/blog/{blog.pk}/change/", form).status_code == 302

    return post


def posts_of(person: Person) -> set[str]:
    return set(Post.objects.filter(author=person).values_list("guid", flat=True))


def test_who_becomes_the_owner_gets_the_posts_that_are_there(set_owners: Callable[..., None], bo: Person) -> None:
    set_owners(bo)
    assert posts_of(bo) == {"named", "user", "nameless"}


def test_a_second_owner_takes_the_nameless_posts_off_the_first(
    set_owners: Callable[..., None], bo: Person, aino: Person
) -> None:
    set_owners(bo)
    set_owners(bo, aino)
    assert (posts_of(bo), posts_of(aino)) == ({"named", "user"}, {"other"})


def test_who_is_no_owner_any_more_has_none_of_its_posts(
    set_owners: Callable[..., None], bo: Person, aino: Person
) -> None:
    set_owners(bo)
    set_owners(aino)
    assert (posts_of(bo), posts_of(aino)) == (set(), {"other", "nameless"})
    set_owners()
    assert not Post.objects.exclude(author=None).exists()


def test_what_only_a_mail_address_told_is_kept_while_the_owner_stays(
    set_owners: Callable[..., None], blog: Blog, bo: Person, aino: Person
) -> None:
    Post.objects.filter(guid="mailed").update(author=bo)
    set_owners(bo)
    set_owners(bo, aino)
    assert "mailed" in posts_of(bo)
    set_owners(aino)
    assert "mailed" not in posts_of(bo)


def test_other_blogs_are_left_alone(
    set_owners: Callable[..., None], make_post: Callable[..., Post], bo: Person, aino: Person
) -> None:
    elsewhere = make_post(author=aino, author_name="Bo Ekdahl")
    set_owners(bo)
    elsewhere.refresh_from_db()
    assert elsewhere.author == aino


def test_an_owner_without_a_name_is_not_taken_for_whom_a_post_does_not_name(
    set_owners: Callable[..., None], bo: Person, aino: Person
) -> None:
    Person.objects.filter(pk=bo.pk).update(display_name="")
    set_owners(bo, aino)
    assert "nameless" not in posts_of(bo)


def test_saving_a_blog_leaves_the_counters_to_the_polls(
    set_owners: Callable[..., None], blog: Blog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A poll that commits while the form is being saved."""
    full_clean = Blog.full_clean

    def meanwhile(self: Blog, *args: object, **more: object) -> None:
        Blog.objects.filter(pk=blog.pk).update(post_count=99)
        full_clean(self, *args, **more)  # type: ignore[arg-type]  # passed on as they come

    monkeypatch.setattr(Blog, "full_clean", meanwhile)
    set_owners()
    blog.refresh_from_db()
    assert blog.post_count == 99
