"""The guidelines: in versions, with a first text of the hub's own, accepted once where the company asks for that."""

from __future__ import annotations

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from aggregator.models import Post
from bloghub.people.models import Person
from comments import guidance, store
from comments.limits import Refused
from comments.models import Acceptance, Comment, Guidelines


@pytest.fixture
def version(admin: Person) -> Guidelines:
    """A version that asks to be accepted."""
    return guidance.publish("Be **kind**.", admin, timezone.now(), must_accept=True)


def accept(client: Client, version: Guidelines, way: str = "") -> str:
    answer = client.post(f"/guidelines/{version.pk}/acceptance/", {"next": way})
    assert answer.status_code == 302
    return answer["Location"]


def test_there_is_a_first_text_and_a_link_on_every_page(client: Client, aino: Person) -> None:
    client.force_login(aino)
    page = client.get("/guidelines/").content.decode()
    assert "<strong>Speak for yourself.</strong>" in page
    assert "<ol>" in page
    assert "acceptance" not in page
    assert 'href="/guidelines/"' in client.get("/blogs/").content.decode()


def test_the_newest_version_is_in_force_and_earlier_ones_stay(
    client: Client, aino: Person, admin: Person, version: Guidelines
) -> None:
    newer = guidance.publish("Be brief.", admin, timezone.now(), must_accept=False)
    client.force_login(aino)
    page = client.get("/guidelines/").content.decode()
    assert "Be brief." in page
    assert f'href="/guidelines/{version.pk}/"' in page
    earlier = client.get(f"/guidelines/{version.pk}/").content.decode()
    assert "Be <strong>kind</strong>." in earlier
    assert "An earlier version" in earlier
    assert "acceptance" not in earlier
    assert client.get(f"/guidelines/{newer.pk + 1}/").status_code == 404


def test_nobody_comments_before_accepting_and_the_way_leads_back(
    client: Client, aino: Person, version: Guidelines, make_post: Callable[..., Post]
) -> None:
    post = make_post()
    draft = store.Draft(aino, post, "Words", None, uuid4())
    with pytest.raises(Refused) as refusal:
        store.publish(draft, timezone.now())
    assert refusal.value.code == "guidelines"
    client.force_login(aino)
    refused = client.post(f"/posts/{post.pk}/comments/new/", {"body": "Words", "key": str(draft.key)})
    assert refused.status_code == 422
    assert f"/guidelines/?next={post.get_absolute_url()}%23conversation" in refused.content.decode()
    way = f"{post.get_absolute_url()}#conversation"
    page = client.get("/guidelines/", {"next": way}).content.decode()
    assert f"/guidelines/{version.pk}/acceptance/" in page
    assert f'value="{way}"' in page
    for _twice in range(2):
        assert accept(client, version, way) == way
    assert Acceptance.objects.count() == 1
    assert b"acceptance" not in client.get("/guidelines/").content
    store.publish(draft, timezone.now())
    assert Comment.objects.count() == 1


@pytest.mark.parametrize("again", [False, True])
def test_accepting_once_is_enough_unless_a_version_asks_again(
    client: Client,
    aino: Person,
    bo: Person,
    version: Guidelines,
    make_post: Callable[..., Post],
    again: bool,
) -> None:
    guidance.accept(version, aino, timezone.now())
    guidance.publish("Be brief.", aino, timezone.now(), must_accept=True, accept_again=again)
    newest = guidance.publish("Be briefer.", aino, timezone.now(), must_accept=True)
    post = make_post()
    for person, before in ((aino, again), (bo, True)):
        client.force_login(person)
        for is_asked in (before, False):
            assert (b"acceptance" in client.get("/guidelines/").content) is is_asked
            answer = client.post(f"/posts/{post.pk}/comments/new/", {"body": "Words", "key": str(uuid4())})
            assert answer.status_code == (422 if is_asked else 303)
            guidance.accept(newest, person, timezone.now())


def test_who_has_an_old_page_open_is_shown_the_version_in_force(
    client: Client, aino: Person, admin: Person, version: Guidelines
) -> None:
    guidance.publish("Be brief.", admin, timezone.now(), must_accept=True)
    client.force_login(aino)
    assert accept(client, version, "/blogs/") == "/guidelines/?next=%2Fblogs%2F"
    assert not Acceptance.objects.exists()


@pytest.mark.parametrize("way", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"])
def test_it_leads_nowhere_else(client: Client, aino: Person, version: Guidelines, way: str) -> None:
    client.force_login(aino)
    assert "evil" not in client.get("/guidelines/", {"next": way}).content.decode()
    assert accept(client, version, way) == "/guidelines/"


def test_accepting_rejects_get_strangers_and_forged_names(
    client: Client, aino: Person, bo: Person, version: Guidelines
) -> None:
    address = f"/guidelines/{version.pk}/acceptance/"
    assert client.post(address)["Location"].startswith("/sign-in")
    client.force_login(aino)
    assert client.get(address).status_code == 405
    client.post(address, {"person": bo.pk, "guidelines": 0})
    assert Acceptance.objects.get().person == aino
    assert client.post("/guidelines/999999/acceptance/").status_code == 404


def test_strangers_may_read_them_where_the_company_allows_reading(
    client: Client, version: Guidelines, settings: Settings
) -> None:
    assert client.get("/guidelines/").status_code == 302
    settings.ANONYMOUS_READING = True
    page = client.get("/guidelines/")
    assert b"<strong>kind</strong>" in page.content
    assert b"acceptance" not in page.content
