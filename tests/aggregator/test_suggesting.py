"""Suggested blogs: kept once, looked at only where a registered blog is, answered, and heard of by the proposer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator import credentials, suggesting
from aggregator.models import Blog, HostCredential, Suggestion, SuggestionState
from aggregator.polling.types import Trouble
from aggregator.registration import preview, register
from aggregator.suggesting import MOST_A_DAY, Acceptance, DecidedError, Outcome, TooManyError, suggest
from bloghub.notifications.models import Kind, Notification
from bloghub.people.models import Person
from tests.aggregator.looks import link, made, page, rss
from tests.web import Answer, Web, serve

pytestmark = pytest.mark.django_db
NOW = timezone.now


@pytest.fixture
def far(settings: Settings, web: Web) -> Iterator[Web]:
    """Another server, which the hub's policy allows, and on which nobody's blog is."""
    with serve({"*": rss("Far")}) as other:
        settings.FETCH_ALLOW = f"{web.address},{other.address}"
        yield other


def suggested(person: Person, address: str) -> Suggestion:
    outcome = suggest(person, address, "Because.", NOW())
    assert isinstance(outcome, Outcome) and outcome.suggestion
    return outcome.suggestion


def known(web: Web) -> None:
    """A blog of this server is registered."""
    register(made(f"{web.url}/old", "Old"))


def found(person: Person, title: str = "Engines") -> Suggestion:
    """One that was looked at."""
    suggestion = suggested(person, "https://blogs.example/feed")
    suggesting.note(suggestion, made(title=title), NOW())
    return suggestion


# --- proposing ---------------------------------------------------------------------------------------------------


def test_a_proposal_is_kept_and_nothing_is_fetched(aino: Person, web: Web) -> None:
    suggestion = suggested(aino, f"  {web.address}/feed ")
    assert (suggestion.address, suggestion.proposer, suggestion.note) == (f"{web.address}/feed", aino, "Because.")
    assert suggestion.is_open and not web.connections


@pytest.mark.parametrize("again", ["https://Blogs.Example/aino", "http://blogs.example/aino/", "blogs.example/aino#x"])
def test_the_same_address_twice_is_one_suggestion(aino: Person, bo: Person, again: str) -> None:
    first = suggested(aino, "https://blogs.example/aino/")
    outcome = suggest(bo, again, "", NOW())
    assert isinstance(outcome, Outcome)
    assert (outcome.suggestion, outcome.is_new, Suggestion.objects.count()) == (first, False, 1)


def test_what_was_answered_may_be_suggested_again(aino: Person, admin: Person) -> None:
    first = suggested(aino, "https://blogs.example/aino/")
    suggesting.decline(first, admin, "Not yet.", NOW())
    assert suggested(aino, "https://blogs.example/aino/") != first


@pytest.mark.parametrize("address", ["http://blogs.example/feed", "blogs.example/feed/", "https://blogs.example/home"])
def test_a_blog_that_is_here_is_led_to(aino: Person, make_blog: Callable[..., Blog], address: str) -> None:
    blog = make_blog(url="https://blogs.example/feed", homepage_url="https://blogs.example/home/")
    outcome = suggest(aino, address, "", NOW())
    assert outcome == Outcome(blog=blog)


def test_a_blog_one_may_not_see_is_not_given_away(aino: Person, make_blog: Callable[..., Blog], crew: Group) -> None:
    make_blog(url="https://blogs.example/feed", for_groups=(crew,))
    outcome = suggest(aino, "https://blogs.example/feed", "", NOW())
    assert isinstance(outcome, Outcome)
    assert (outcome.blog, outcome.is_new) == (None, True)


def test_a_person_may_suggest_so_many_a_day(aino: Person, bo: Person) -> None:
    now = NOW()
    for number in range(MOST_A_DAY):
        suggest(aino, f"https://blogs.example/{number}", "", now + timedelta(minutes=number))
    with pytest.raises(TooManyError) as error:
        suggest(aino, "https://blogs.example/one-more", "", now + timedelta(hours=1))
    assert error.value.until == now + timedelta(days=1)
    suggest(aino, "https://blogs.example/0", "", now)  # what waits already costs nothing
    suggest(bo, "https://blogs.example/one-more", "", now)
    suggest(aino, "https://blogs.example/next-day", "", now + timedelta(days=1, minutes=1))
    assert Suggestion.objects.count() == MOST_A_DAY + 2


@pytest.mark.parametrize("address", ["nonsense at all", "ftp://blogs.example/", "http://a:b@blogs.example/", " "])
def test_what_is_no_address_is_refused(aino: Person, address: str) -> None:
    assert isinstance(suggest(aino, address, "", NOW()), Trouble)
    assert not Suggestion.objects.exists()


# --- looking -----------------------------------------------------------------------------------------------------


def test_a_blog_on_a_known_server_is_looked_at_once(aino: Person, web: Web) -> None:
    known(web)
    web.routes |= {"/aino/": page(link("/aino/feed")), "/aino/feed": rss("Aino")}
    suggestion = suggested(aino, f"{web.address}/aino/")
    assert suggesting.look_at_known(NOW()) == 1
    suggestion.refresh_from_db()
    assert suggestion.preview is not None and suggestion.preview["title"] == "Aino"
    assert suggesting.look_at_known(NOW()) == 0


def test_nothing_is_fetched_from_a_server_nobody_approved(aino: Person, web: Web, far: Web) -> None:
    known(web)
    suggested(aino, f"{far.url}/feed")
    suggested(aino, f"http://127.0.0.1:{far.port}/x")
    assert suggesting.look_at_known(NOW()) == 0
    assert far.connections == 0


@pytest.mark.parametrize("way", ["redirect", "page", "permanent"])
def test_a_known_server_leads_nowhere_else(aino: Person, web: Web, far: Web, way: str) -> None:
    known(web)
    to = f"{far.url}/feed"
    web.routes["/x"] = {"redirect": Answer.redirect(to), "permanent": Answer.redirect(to, 308), "page": page(link(to))}[
        way
    ]
    suggestion = suggested(aino, f"{web.url}/x")
    assert suggesting.look_at_known(NOW()) == 1
    suggestion.refresh_from_db()
    assert far.connections == 0
    assert "an admin has to look" in suggestion.trouble
    assert not isinstance(preview(f"{web.url}/x"), Trouble)  # the hub's own policy lets an admin
    assert far.connections > 0


def test_the_hubs_own_policy_still_holds(aino: Person, web: Web, settings: Settings) -> None:
    known(web)
    settings.FETCH_ALLOW = ""
    suggestion = suggested(aino, f"{web.url}/x")
    suggesting.look_at_known(NOW())
    suggestion.refresh_from_db()
    assert suggestion.trouble and web.connections == 0


def test_what_a_killed_worker_was_at_is_looked_at_when_its_lease_is_over(aino: Person, web: Web) -> None:
    known(web)
    web.routes["/a"] = rss("A")
    suggested(aino, f"{web.url}/a")
    now = NOW()
    suggesting._take(now)  # and nothing more is heard of it
    assert suggesting.look_at_known(now) == 0
    assert suggesting.look_at_known(now + suggesting.LEASE + timedelta(seconds=1)) == 1


def test_what_was_answered_is_not_looked_at(aino: Person, admin: Person, web: Web) -> None:
    known(web)
    suggesting.decline(suggested(aino, f"{web.url}/a"), admin, "No.", NOW())
    assert suggesting.look_at_known(NOW()) == 0


# --- answering ---------------------------------------------------------------------------------------------------


def test_accepting_registers_and_tells_the_proposer(aino: Person, admin: Person, crew: Group) -> None:
    suggestion = found(aino)
    decided = Acceptance("Own title", "groups", [crew], [aino], "Welcome.")
    blog = suggesting.accept(suggestion, admin, decided, NOW())
    suggestion.refresh_from_db()
    assert (blog.title, list(blog.owners.all()), list(blog.audience_groups.all())) == ("Own title", [aino], [crew])
    assert (suggestion.state, suggestion.blog, suggestion.decided_by) == (SuggestionState.ACCEPTED, blog, admin)
    told = Notification.objects.get(recipient=aino)
    assert (told.kind, told.actor, told.url) == (Kind.SUGGESTION, admin, "/blogs/suggest/")
    assert "Welcome." in told.excerpt and told.mail_due_at is not None


def test_declining_tells_why(aino: Person, admin: Person) -> None:
    suggesting.decline(found(aino), admin, "It sleeps.", NOW())
    assert "It sleeps." in Notification.objects.get(recipient=aino).excerpt
    assert not Blog.objects.exists()


def test_an_answer_is_given_once(aino: Person, admin: Person) -> None:
    suggestion = found(aino)
    suggesting.accept(suggestion, admin, Acceptance(), NOW())
    for again in (
        lambda: suggesting.accept(suggestion, admin, Acceptance(), NOW()),
        lambda: suggesting.decline(suggestion, admin, "No.", NOW()),
    ):
        with pytest.raises(DecidedError):
            again()
    assert (Blog.objects.count(), Notification.objects.count()) == (1, 1)


def test_what_nobody_has_looked_at_cannot_be_accepted(aino: Person, admin: Person) -> None:
    with pytest.raises(DecidedError):
        suggesting.accept(suggested(aino, "https://blogs.example/"), admin, Acceptance(), NOW())
    assert not Blog.objects.exists()


def test_a_proposer_who_is_gone_is_told_nothing(aino: Person, admin: Person) -> None:
    suggestion = found(aino)
    aino.delete()
    suggesting.accept(suggestion, admin, Acceptance(), NOW())
    assert (Blog.objects.count(), Notification.objects.count()) == (1, 0)


def test_a_look_nobody_approved_does_not_sign_in(aino: Person, web: Web) -> None:
    """Else a person would choose what the hub's own password opens."""
    known(web)
    HostCredential.objects.create(host=web.address, username="bo", secret=credentials.seal("s3cret"))
    web.routes["/secret"] = rss("Secret")
    suggested(aino, f"{web.url}/secret")
    suggesting.look_at_known(NOW())
    assert "authorization" not in web.last("/secret").headers
    preview(f"{web.url}/secret")  # an admin's own look does
    assert "authorization" in web.last("/secret").headers
