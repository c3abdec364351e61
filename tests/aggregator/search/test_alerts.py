"""New posts and comments, told to those whose saved searches find them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from aggregator import digest_letters, digests
from aggregator.models import Blog, MatchTally, Post, SavedSearch
from aggregator.removal import remove_posts
from aggregator.search import saving
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from aggregator.tasks import renew_saved_searches
from bloghub.notifications.models import Delivery, Kind, Notification, Preference
from bloghub.people.models import Person
from bloghub.schedule import BEAT_SCHEDULE
from comments import flagging, notifying
from comments.store import Draft, publish
from tests.aggregator.pages import tag

Publish = Callable[..., Post]


@pytest.fixture
def come(make_post: Callable[..., Post]) -> Publish:
    """A post comes in, and search knows it."""

    def publish(title: str, *tags: str, **columns: object) -> Post:
        post = make_post(title=title, **columns)
        tag(post, *tags)
        index_posts([post.pk])
        return post

    return publish


def keep(person: Person, query: str, name: str = "", *, is_told: bool = True) -> SavedSearch:
    return saving.save(person, Wanted(name or query, query, is_told), timezone.now())


def told(person: Person) -> list[tuple[str, str]]:
    """What this person is told: the name of a search, and what it found."""
    rows = Notification.objects.filter(recipient=person, kind=Kind.MATCH).order_by("pk")
    return [(row.title, row.excerpt.partition(" – ")[0]) for row in rows]


def tell() -> int:
    return tell_of_matches(timezone.now())


def test_a_new_match_is_told_once(come: Publish, aino: Person) -> None:
    search = keep(aino, "seal", "Our seals")
    come("Seals that last")
    come("Something else")
    assert tell() == 2
    assert tell() == 0
    assert told(aino) == [("Our seals", "Seals that last")]
    row = Notification.objects.get()
    assert (row.url, row.group) == (f"/searches/{search.pk}/matches/{row.event}/", search.group)


def test_what_was_there_before_is_no_news(come: Publish, aino: Person) -> None:
    come("Old seals")
    keep(aino, "seal")
    tell()
    assert told(aino) == []


def test_the_history_of_a_new_blog_is_no_news(come: Publish, aino: Person) -> None:
    keep(aino, "seal")
    come("Seals of last week", ago=timedelta(days=7))
    tell()
    assert told(aino) == []


def test_an_edit_is_no_news(come: Publish, aino: Person) -> None:
    keep(aino, "seal")
    post = come("Seals")
    tell()
    Notification.objects.all().delete()
    index_posts([post.pk])
    tell()
    assert told(aino) == []


def test_nobody_is_told_of_what_they_wrote(come: Publish, aino: Person, bo: Person) -> None:
    for person in (aino, bo):
        keep(person, "seal")
    come("Seals", author=bo)
    tell()
    assert (told(aino), told(bo)) == ([("seal", "Seals")], [])


def test_two_searches_that_find_the_same_tell_of_it_once(come: Publish, aino: Person) -> None:
    keep(aino, "seal")
    keep(aino, "last")
    come("Seals that last")
    tell()
    assert len(told(aino)) == 1


def test_what_one_search_finds_stands_together(come: Publish, aino: Person) -> None:
    keep(aino, "seal")
    for number in range(3):
        come(f"Seals {number}")
    tell()
    assert Notification.objects.unread(aino).count() == 1
    assert Notification.objects.count() == 3


@pytest.mark.parametrize(
    ("query", "finds"),
    [
        ("seals", True),
        ("last seal", True),
        ('"seals that"', True),
        ('"that seals"', False),
        ("pump OR seal", True),
        ("seal -last", False),
        ("-valve", True),
        ("sea*", True),
        ("(pump engine) OR seal", True),
        ("in:title seal", True),
        ("in:title words", False),
        ("#pumps", True),
        ("seal #valves", False),
        ("-#valves seal", True),
        ("blog:harbour", True),
        ("blog:elsewhere", False),
        ("author:bo", True),
        ("team:sea", False),
        ('team:"sea trials"', True),
        ("site:turku seal", True),
        ("lang:en", True),
        ("lang:fi seal", False),
        ("in:posts seal", True),
        ("in:comments seal", False),
        ("has:code seal", False),
        ("has:comments seal", False),
        ("after:2d seal", True),
        ("before:2020 seal", False),
    ],
)
def test_it_finds_what_the_search_finds(
    query: str, finds: bool, come: Publish, make_blog: Callable[..., Blog], aino: Person, bo: Person
) -> None:
    blog = make_blog("Harbour")
    keep(aino, query)
    come("Seals that last", "pumps", blog=blog, author=bo)
    tell()
    assert bool(told(aino)) is finds


def test_a_tag_that_nobody_has_used_yet_is_waited_for(come: Publish, aino: Person) -> None:
    keep(aino, "#novelty")
    come("Nothing new")
    tell()
    come("Something new", "novelty")
    tell()
    assert told(aino) == [("#novelty", "Something new")]


def test_a_name_that_is_anothers_by_now_is_followed_from_the_next_night_on(
    come: Publish, aino: Person, make_blog: Callable[..., Blog]
) -> None:
    first, second = make_blog("Harbour"), make_blog("Elsewhere")
    keep(aino, "blog:harbour")
    Blog.objects.filter(pk=first.pk).update(title="Old", slug="old")
    Blog.objects.filter(pk=second.pk).update(title="Harbour", slug="harbour")
    assert BEAT_SCHEDULE["renew-saved-searches"]["task"] == renew_saved_searches.name
    renew_saved_searches()
    come("New in the harbour", blog=second)
    come("Not there", blog=first)
    tell()
    assert told(aino) == [("blog:harbour", "New in the harbour")]


def test_a_comment_is_told_once_whatever_the_reasons(come: Publish, aino: Person, bo: Person) -> None:
    post = come("Pumps", author=aino)
    keep(aino, "seal")
    comment = publish(Draft(bo, post, "The seal is worn."), timezone.now())
    tell()
    assert told(aino) == [("seal", "Pumps")]
    notifying.tell_of_new_comments(timezone.now())
    assert Notification.objects.get(recipient=aino).kind == Kind.FIRST or Notification.objects.count() == 1
    flagging.withdraw(comment, timezone.now())
    assert not Notification.objects.filter(recipient=aino).exists()


def test_a_restricted_blog_is_told_of_inside_only(
    come: Publish, make_blog: Callable[..., Blog], crew: Group, aino: Person, bo: Person
) -> None:
    crew.user_set.add(bo)
    for person in (aino, bo):
        keep(person, "seal")
    come("Seals", blog=make_blog("Bridge", for_groups=(crew,)))
    tell()
    assert (told(aino), told(bo)) == ([], [("seal", "Seals")])


def test_who_does_not_want_to_be_told_is_not(come: Publish, aino: Person, bo: Person) -> None:
    keep(aino, "seal", is_told=False)
    keep(bo, "seal")
    Preference.objects.create(person=bo, kind=Kind.MATCH, delivery=Delivery.NOTHING)
    come("Seals")
    tell()
    assert not Notification.objects.exists()


def test_a_worker_that_dies_loses_and_doubles_nothing(
    come: Publish, aino: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep(aino, "seal")
    come("Seals")
    with monkeypatch.context() as patch:
        patch.setattr(MatchTally, "save", lambda *_args, **_more: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            tell()
    assert told(aino) == []
    tell()
    assert told(aino) == [("seal", "Seals")]


def test_a_removed_post_is_taken_back(come: Publish, aino: Person) -> None:
    keep(aino, "seal")
    post = come("Seals")
    tell()
    remove_posts([post.pk])
    assert told(aino) == []


def test_matching_costs_the_same_however_many_searches_there_are(
    come: Publish, aino: Person, bo: Person, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    tell()
    for number in range(40):
        keep(aino, f"word{number}")
    come("Nothing of theirs")
    come("Nor this")
    with django_assert_num_queries(10):
        tell()


def test_the_digest_has_what_they_found(come: Publish, make_blog: Callable[..., Blog], crew: Group, bo: Person) -> None:
    crew.user_set.add(bo)
    search = keep(bo, "seal", "Our seals")
    come("Seals that last")
    come("Secret seals", blog=make_blog("Bridge", for_groups=(crew,)))
    tell()
    [(digest, found)] = digests.contents([digests.of(bo, timezone.now())])
    letter = digest_letters.letter(digest, found)
    assert letter.subject == "New in your saved searches"
    assert "Our seals: 1 new\n- Seals that last – Words of post" in letter.text
    assert f"/searches/{search.pk}/" in letter.text
    assert "Something that only some groups may read: 1 new" in letter.text
    assert "Secret" not in letter.text + letter.html
