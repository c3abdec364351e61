"""The inbox: what one was told, grouped while unread, and a bell that says the same as the list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth.models import Group
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from aggregator.models import Blog
from bloghub.lib.paging import PAGE_SIZE
from bloghub.notifications.inbox import unread_count
from bloghub.notifications.models import Kind, Notification
from bloghub.people.models import Person
from tests.notifications.conftest import Told

INBOX = "/notifications/"
QUERIES = 3  # session with person, rows, bell


def page(client: Client, path: str = INBOX) -> str:
    return client.get(path).content.decode()


def bell(html: str) -> str:
    """What the bell says aloud."""
    found = re.search(r'class="bell".*?<span class="hidden">(.*?)</span>', html, re.DOTALL)
    assert found
    return found[1]


def rows(html: str) -> list[str]:
    return re.findall(r"<button dir=\"auto\"[^>]*><bdi>(.*?)</bdi>", html)


def test_it_says_who_did_what_where(reader: Client, told: Told) -> None:
    told(1)
    html = page(reader)
    assert "Bo Ekdahl commented on your post" in html
    assert rows(html) == ["Three weeks of fog"]
    assert "Words of comment 1." in html


def test_several_of_a_group_are_one_row_and_one_at_the_bell(reader: Client, told: Told, admin: Person) -> None:
    for number in (1, 2, 3):
        told(number)
    told(4, actor_id=admin.pk)
    told(5, Kind.REPLY, group="post:5", title="Another")
    html = page(reader)
    assert "Rauha Admin and 1 other commented on your post" in html
    assert "4 in all" in html
    assert rows(html) == ["Another", "Three weeks of fog"]
    assert bell(html) == "Notifications: 2 new"


def test_what_was_read_of_a_group_is_no_part_of_what_is_new(reader: Client, told: Told, admin: Person) -> None:
    told(1)
    read_before = told(2, actor_id=admin.pk)
    reader.post(f"/notifications/{read_before.pk}/opening/")
    told(3)
    html = page(reader)
    assert re.findall(r"(?<=<span>).*(?= commented on your post)", html) == ["Bo Ekdahl", "Rauha Admin and 1 other"]
    assert re.findall(r"\d+ in all", html) == ["2 in all"]


def test_the_bell_rings_on_every_page_and_is_still_when_nothing_is_new(reader: Client, told: Told) -> None:
    assert bell(page(reader, "/blogs/")) == "Notifications"
    told(1)
    assert bell(page(reader, "/blogs/")) == "Notifications: 1 new"


@pytest.mark.parametrize(("size", "shown"), [(99, "99"), (130, "99+")])
def test_the_bell_counts_to_99(reader: Client, told: Told, size: int, shown: str) -> None:
    for number in range(size):
        told(number, group=f"post:{number}")
    assert bell(page(reader)) == f"Notifications: {shown} new"


def test_opening_reads_the_whole_group_and_leads_there(reader: Client, told: Told, aino: Person) -> None:
    told(1)
    newest = told(2, Kind.MENTION)
    told(3, group="post:5")
    answer = reader.post(f"/notifications/{newest.pk}/opening/")
    assert (answer.status_code, answer["Location"]) == (302, "/comments/2/")
    assert unread_count(aino) == 1
    assert reader.post(f"/notifications/{newest.pk}/opening/")["Location"] == "/comments/2/"


def test_opening_leads_nowhere_but_to_us(reader: Client, told: Told) -> None:
    one = told(1)
    Notification.objects.filter(pk=one.pk).update(url="https://evil.example/")
    assert reader.post(f"/notifications/{one.pk}/opening/")["Location"] == INBOX


@pytest.mark.parametrize("path", ["/notifications/{}/opening/", "/notifications/reading/"])
def test_actions_reject_get_and_change_nothing(reader: Client, told: Told, aino: Person, path: str) -> None:
    assert reader.get(path.format(told(1).pk)).status_code == 405
    assert unread_count(aino) == 1


@pytest.mark.parametrize("path", [INBOX, "/notifications/{}/opening/", "/notifications/reading/"])
def test_it_needs_sign_in(client: Client, told: Told, path: str) -> None:
    answer = client.post(path.format(told(1).pk))
    assert (answer.status_code, answer["Location"].split("?")[0]) == (302, "/sign-in/")


def test_actions_need_a_token(told: Told, aino: Person) -> None:
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(aino)
    assert strict.post(f"/notifications/{told(1).pk}/opening/").status_code == 403
    assert strict.post("/notifications/reading/").status_code == 403
    assert unread_count(aino) == 1


def test_anothers_notification_is_not_there(client: Client, told: Told, bo: Person, aino: Person) -> None:
    client.force_login(bo)
    assert client.post(f"/notifications/{told(1).pk}/opening/").status_code == 404
    assert rows(page(client)) == []
    client.post("/notifications/reading/")
    assert unread_count(aino) == 1


def test_all_are_marked_as_read_but_what_came_since(reader: Client, told: Told, aino: Person) -> None:
    seen = told(1)
    told(2, group="post:5")
    until = (seen.happened_at + timedelta(seconds=1)).isoformat()
    assert reader.post("/notifications/reading/", {"until": until})["Location"] == INBOX
    assert unread_count(aino) == 1
    for nonsense in ("2026-13-45T99:00", "yesterday", "2026-11-20T12:00"):
        reader.post("/notifications/reading/", {"until": nonsense})
    assert unread_count(aino) == 0
    assert len(rows(page(reader))) == 2


def test_what_was_being_told_when_the_page_was_made_is_not_read_by_it(reader: Client, told: Told, aino: Person) -> None:
    """Its time is before the page's, but it was not there to be seen yet."""
    seen = told(1)
    until = re.search('name="until" value="([^"]+)"', page(reader))
    assert until
    told(2, group="post:5", happened_at=seen.happened_at + timedelta(seconds=1))
    reader.post("/notifications/reading/", {"until": until[1]})
    assert unread_count(aino) == 1


def test_what_one_may_not_see_any_more_is_in_neither_list_nor_count(
    reader: Client, told: Told, make_blog: Callable[..., Blog], crew: Group, aino: Person
) -> None:
    blog = make_blog(for_groups=(crew,))
    aino.groups.add(crew)
    one = told(1, scope=blog.pk)
    told(2, group="post:5", scope=None, title="Of no blog")
    assert len(rows(page(reader))) == 2
    aino.groups.clear()
    html = page(reader)
    assert (rows(html), bell(html)) == (["Of no blog"], "Notifications: 1 new")
    assert reader.post(f"/notifications/{one.pk}/opening/").status_code == 404


def test_hostile_words_are_only_words(reader: Client, told: Told, bo: Person) -> None:
    vector = "<img src=x onerror=alert(1)>"
    Person.objects.filter(pk=bo.pk).update(display_name=vector)
    told(1, title=vector, excerpt=vector)
    html = page(reader)
    assert "<img" not in html
    assert html.count("&lt;img src=x onerror=alert(1)&gt;") == 3


def test_who_has_gone_is_somebody(reader: Client, told: Told, bo: Person) -> None:
    told(1)
    bo.delete()
    assert "Somebody who has left commented on your post" in page(reader)


def test_a_long_list_has_pages(reader: Client, told: Told) -> None:
    for number in range(PAGE_SIZE + 3):
        told(number, group=f"post:{number}", title=f"Title {number}")
    first = page(reader)
    older = re.search(r'href="(\?before=[^"]+)"', first)
    assert older
    assert len(rows(first)) == PAGE_SIZE
    assert rows(page(reader, INBOX + older[1])) == ["Title 2", "Title 1", "Title 0"]
    assert "Nothing is older than this" in page(reader, INBOX + "?before=1-1")


def test_an_empty_inbox_says_what_will_stand_there(reader: Client) -> None:
    html = page(reader)
    assert "Nobody has answered you yet" in html
    assert "Mark all as read" not in html


@pytest.mark.parametrize("size", [1, 60])
def test_its_cost_does_not_depend_on_its_length(
    reader: Client, told: Told, django_assert_num_queries: DjangoAssertNumQueries, size: int
) -> None:
    for number in range(size):
        told(number, group=f"post:{number // 2}")
    page(reader)
    with django_assert_num_queries(QUERIES):
        page(reader)


def test_a_large_group_is_counted_no_further_than_it_helps(reader: Client, told: Told) -> None:
    for number in range(30):
        told(number)
    assert "25 or more in all" in page(reader)
