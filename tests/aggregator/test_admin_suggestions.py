"""The queue of suggested blogs: an admin looks, accepts or declines, once."""

from __future__ import annotations

import pytest
from django.test import Client
from django.utils import timezone

from aggregator import suggesting
from aggregator.models import Blog, Suggestion, SuggestionState
from aggregator.registration import register
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.looks import made, rss
from tests.web import Web

pytestmark = pytest.mark.django_db
LIST = "/admin/aggregator/suggestion/"
ACCEPTED = {"title": "Engines", "audience": "everyone", "words": "Welcome."}
ACTS = ["look", "accept", "decline"]


@pytest.fixture
def suggestion(aino: Person, web: Web) -> Suggestion:
    web.routes["/feed"] = rss("Engine Lab")
    suggesting.suggest(aino, f"{web.url}/feed", "It is <b>mine</b>.", timezone.now())
    return Suggestion.objects.get()


def path(suggestion: Suggestion, act: str = "change") -> str:
    return f"{LIST}{suggestion.pk}/{act}/"


def test_the_queue_shows_what_waits_and_what_was_answered_on_demand(desk: Client, suggestion: Suggestion) -> None:
    assert suggestion.address in desk.get(LIST).content.decode()
    Suggestion.objects.update(state=SuggestionState.DECLINED)
    assert suggestion.address not in desk.get(LIST).content.decode()
    assert suggestion.address in desk.get(f"{LIST}?state=declined").content.decode()


def test_the_page_shows_the_proposal_and_visits_nothing(desk: Client, suggestion: Suggestion, web: Web) -> None:
    html = desk.get(path(suggestion)).content.decode()
    assert "Aino Lehtinen" in html and "It is &lt;b&gt;mine" in html
    assert "Nobody has looked at this address yet" in html
    assert "Register this blog" not in html and not web.connections


def test_looking_is_the_admins_approval(desk: Client, suggestion: Suggestion, web: Web) -> None:
    html = desk.post(path(suggestion, "look"), follow=True).content.decode()
    assert web.count("/feed") == 1
    for shown in ("Engine Lab", "RSS 2.0", "Post 5", "Register this blog"):
        assert shown in html


def test_what_cannot_be_read_says_why(desk: Client, suggestion: Suggestion, web: Web) -> None:
    web.routes.clear()
    html = desk.post(path(suggestion, "look"), follow=True).content.decode()
    assert "There is nothing at this address (404)." in html
    assert "Register this blog" not in html and "Look again" in html


def test_accepting_registers_with_the_proposer_as_owner_when_ticked(
    desk: Client, suggestion: Suggestion, aino: Person
) -> None:
    desk.post(path(suggestion, "look"))
    html = desk.post(path(suggestion, "accept"), ACCEPTED | {"is_own": "on"}, follow=True).content.decode()
    blog = Blog.objects.get()
    assert "“Engines” is registered" in html
    assert (blog.title, list(blog.owners.all())) == ("Engines", [aino])
    assert "Welcome." in Notification.objects.get(recipient=aino).excerpt


def test_without_the_tick_nobody_owns_it(desk: Client, suggestion: Suggestion) -> None:
    desk.post(path(suggestion, "look"))
    desk.post(path(suggestion, "accept"), ACCEPTED)
    assert not Blog.objects.get().owners.exists()


def test_a_wrong_decision_keeps_what_was_typed(desk: Client, suggestion: Suggestion) -> None:
    desk.post(path(suggestion, "look"))
    answer = desk.post(path(suggestion, "accept"), ACCEPTED | {"audience": "groups", "title": "Kept"})
    assert answer.status_code == 400
    assert "Name at least one group" in answer.content.decode() and 'value="Kept"' in answer.content.decode()
    assert not Blog.objects.exists()


def test_accepting_before_looking_registers_nothing(desk: Client, suggestion: Suggestion, web: Web) -> None:
    desk.post(path(suggestion, "accept"), ACCEPTED)
    assert (Blog.objects.count(), web.connections, Suggestion.objects.get().is_open) == (0, 0, True)


def test_declining_wants_words_that_the_proposer_reads(desk: Client, suggestion: Suggestion, aino: Person) -> None:
    assert desk.post(path(suggestion, "decline"), {"no-words": ""}).status_code == 400
    assert Suggestion.objects.get().is_open
    desk.post(path(suggestion, "decline"), {"no-words": "It sleeps."})
    assert Suggestion.objects.get().state == SuggestionState.DECLINED
    assert "It sleeps." in Notification.objects.get(recipient=aino).excerpt


@pytest.mark.parametrize("act", ACTS)
def test_after_the_answer_nothing_more_happens(desk: Client, suggestion: Suggestion, web: Web, act: str) -> None:
    desk.post(path(suggestion, "decline"), {"no-words": "No."})
    html = desk.post(path(suggestion, act), ACCEPTED | {"no-words": "Again."}, follow=True).content.decode()
    assert "has its answer already" in html
    assert (Blog.objects.count(), web.connections, Notification.objects.count()) == (0, 0, 1)
    assert "Look" not in html.partition('id="content-main"')[2]


def test_a_blog_that_is_registered_by_now_is_named(desk: Client, suggestion: Suggestion, web: Web) -> None:
    register(made(f"{web.url}/feed", "Here before"))
    html = desk.post(path(suggestion, "look"), follow=True).content.decode()
    assert "This blog is registered already:" in html and "Here before" in html


@pytest.mark.parametrize("act", ACTS)
def test_an_act_refuses_get_and_those_who_may_not_add_a_blog(
    client: Client, desk: Client, suggestion: Suggestion, bo: Person, web: Web, act: str
) -> None:
    assert desk.get(path(suggestion, act)).status_code == 405
    assert desk.post(f"{LIST}999999/{act}/").status_code == 404
    bo.is_staff = True
    bo.save()
    client.force_login(bo)
    assert client.post(path(suggestion, act), ACCEPTED).status_code == 403
    assert client.get(path(suggestion)).status_code == 403
    assert not web.connections
