"""``/blogs/suggest/``: a person proposes a blog and sees what becomes of it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries, Settings

from aggregator import suggesting
from aggregator.models import Blog, Suggestion
from aggregator.polling.types import Trouble, TroubleKind
from aggregator.suggesting import MOST_A_DAY, Acceptance
from bloghub.notifications.models import Notification
from bloghub.people.models import Person
from tests.aggregator.looks import made

pytestmark = pytest.mark.django_db
PATH = "/blogs/suggest/"
ADDRESS = "https://blogs.example/engine/"


@pytest.fixture
def reader(client: Client, aino: Person) -> Client:
    client.force_login(aino)
    return client


def propose(client: Client, address: str = ADDRESS, note: str = "Good.") -> str:
    return client.post(PATH, {"address": address, "note": note}, follow=True).content.decode()


def test_the_page_asks_for_an_address_and_takes_it_from_a_link(reader: Client) -> None:
    html = reader.get(PATH + "?address=blogs.example/x%22%3E\0").content.decode()
    assert 'name="address"' in html and 'value="blogs.example/x&quot;&gt;"' in html


def test_a_proposal_is_thanked_for_and_shown(reader: Client, aino: Person) -> None:
    html = propose(reader)
    assert "Thank you." in html and ADDRESS in html and "waits for an admin" in html
    assert Suggestion.objects.get().proposer == aino


def test_twice_is_answered_in_a_friendly_way(reader: Client, bo: Person) -> None:
    propose(reader)
    assert "You have suggested this blog already" in propose(reader)
    other = Client()
    other.force_login(bo)
    html = propose(other)
    assert "A colleague has suggested this blog already" in html
    assert Suggestion.objects.count() == 1


def test_a_registered_address_leads_to_its_blog(reader: Client, make_blog: Callable[..., Blog]) -> None:
    blog = make_blog("Engines", url=ADDRESS)
    answer = reader.post(PATH, {"address": ADDRESS})
    assert answer["Location"] == blog.get_absolute_url()
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"address": ""},
        {"address": "ftp://x/"},
        {"address": "x" * 3000},
        {"address": ADDRESS, "note": "x" * 1001},
        {"address": "http://x/\0"},
    ],
)
def test_a_wrong_form_says_what_is_wrong(reader: Client, form: dict[str, str]) -> None:
    answer = reader.post(PATH, form)
    assert (answer.status_code, "errorlist" in answer.content.decode()) == (422, True)
    assert not Suggestion.objects.exists()


def test_the_limit_says_when_the_next_can_go(reader: Client) -> None:
    for number in range(MOST_A_DAY):
        propose(reader, f"{ADDRESS}{number}")
    answer = reader.post(PATH, {"address": ADDRESS})
    assert answer.status_code == 422
    assert "You have suggested 5 blogs within a day. The next can go in" in answer.content.decode()
    assert Suggestion.objects.count() == MOST_A_DAY


def test_the_answer_is_shown_and_read_with_the_page(reader: Client, aino: Person, admin: Person) -> None:
    propose(reader)
    suggesting.decline(Suggestion.objects.get(), admin, "It <b>sleeps</b>.", timezone.now())
    assert Notification.objects.unread(aino).count() == 1
    html = reader.get(PATH).content.decode()
    assert "was not taken up" in html and "It &lt;b&gt;sleeps" in html
    assert Notification.objects.unread(aino).count() == 0


@pytest.mark.parametrize("is_seen", [True, False])
def test_a_blog_that_came_of_it_is_linked_for_its_readers_only(
    reader: Client, admin: Person, crew: Group, is_seen: bool
) -> None:
    propose(reader)
    suggestion = Suggestion.objects.get()
    suggesting.note(suggestion, made(title="Secret engines"), timezone.now())
    decided = Acceptance() if is_seen else Acceptance(title="Secret engines", audience="groups", groups=[crew])
    blog = suggesting.accept(suggestion, admin, decided, timezone.now())
    html = reader.get(PATH).content.decode()
    assert "is on the hub" in html
    assert (blog.get_absolute_url() in html, "Secret engines" in html) == (is_seen, is_seen)


def test_nobody_sees_anothers_suggestions(reader: Client, bo: Person) -> None:
    propose(reader)
    other = Client()
    other.force_login(bo)
    assert ADDRESS not in other.get(PATH).content.decode()


def test_it_costs_a_fixed_number_of_queries(
    reader: Client, aino: Person, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(4):
        suggesting.suggest(aino, f"{ADDRESS}{number}", "", timezone.now())
    with django_assert_max_num_queries(7):
        reader.get(PATH)


def test_strangers_are_asked_to_sign_in_even_where_they_may_read(client: Client, settings: Settings) -> None:
    settings.ANONYMOUS_READING = True
    assert client.get(PATH).status_code == 302
    assert client.post(PATH, {"address": ADDRESS}).status_code == 302
    assert not Suggestion.objects.exists()


@pytest.mark.parametrize("path", ["/blogs/", "/search/?q=zqnothing"])
def test_it_is_found_where_a_blog_is_missed(reader: Client, make_blog: Callable[..., Blog], path: str) -> None:
    make_blog()
    assert f'href="{PATH}"' in reader.get(path).content.decode()


def test_what_was_found_there_is_for_admins(reader: Client) -> None:
    """It may be a blog that the proposer may not see, and why nothing was found tells of servers."""
    propose(reader)
    suggestion = Suggestion.objects.get()
    suggesting.note(suggestion, made(title="Quendor"), timezone.now())
    assert "Quendor" not in reader.get(PATH).content.decode()
    reason = "quendor.example redirects in a circle."
    suggesting.note(suggestion, Trouble(TroubleKind.NOT_REACHABLE, "redirect_loop", reason), timezone.now())
    html = reader.get(PATH).content.decode()
    assert "quendor" not in html and "waits for an admin" in html
