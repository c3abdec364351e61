"""Many blogs at once, and blogs that colleagues suggest, in a real browser: with script and without."""

from __future__ import annotations

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from aggregator import suggesting
from aggregator.importing import working
from aggregator.importing.reading import Row
from aggregator.importing.starting import start
from aggregator.models import Blog, BlogImport, Suggestion
from bloghub.people.models import Person
from tests.aggregator.looks import link, page as blog_page, rss
from tests.browser.conftest import OpenPage
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
ADD = "/admin/aggregator/blogimport/add/"


def work() -> None:
    """What a worker does when beat sends it."""
    working.work(BlogImport.objects.get().pk, timezone.now())


def assert_content(page: Page) -> None:
    assert page.complaints == []  # type: ignore[attr-defined]  # kept by tests.browser.conftest.watch
    assert [url for url in page.left if "/static/icons/" not in url] == []  # type: ignore[attr-defined]


@pytest.fixture
def list_of_three(web: Web) -> str:
    web.routes |= {"/": blog_page(link("/a")), "/a": rss("Engines"), "/b": rss("Boats", items=2)}
    return f"{web.url}/\n{web.url}/b\n{web.url}/none\n"


@pytest.mark.parametrize("has_script", [True, False])
def test_a_list_is_imported(open_page: OpenPage, admin: Person, list_of_three: str, has_script: bool) -> None:
    page = open_page(ADD, person=admin, java_script_enabled=has_script)
    page.get_by_label("Paste a list").fill(list_of_three)
    page.get_by_role("button", name="Look at them").click()
    expect(page.get_by_text("0 of 3 looked at")).to_be_visible()
    work()
    if not has_script:
        page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("3 of 3 looked at")).to_be_visible()  # with script it comes by itself
    expect(page.get_by_text("There is nothing at this address (404).")).to_be_visible()
    page.get_by_role("button", name="Register all 2 ready rows").click()
    expect(page.get_by_text("2 blogs are being registered.")).to_be_visible()
    work()
    page.goto(page.url)
    expect(page.get_by_role("link", name="Boats")).to_be_visible()
    assert set(Blog.objects.values_list("title", flat=True)) == {"Engines", "Boats"}
    page.get_by_role("link", name="Discard").click()
    page.get_by_role("button", name="Yes").click()
    expect(page.get_by_text("was deleted successfully")).to_be_visible()
    assert_content(page)


def test_the_keyboard_stays_where_it_is_while_the_page_refreshes_itself(
    open_page: OpenPage, admin: Person, list_of_three: str
) -> None:
    found = start([Row(1, "https://blogs.example/")], "ours", by=admin)
    page = open_page(f"/admin/aggregator/blogimport/{found.pk}/change/", person=admin)
    page.get_by_role("button", name="Stop").focus()
    with page.expect_response(lambda answer: "hx-request" in answer.request.headers):
        pass
    page.wait_for_function("document.activeElement.id === 'import-stop'")
    page.keyboard.press("Enter")
    expect(page.get_by_role("button", name="Resume")).to_be_visible()
    assert_content(page)


@pytest.mark.parametrize("width", [390, 1440])
def test_no_row_is_wider_than_the_window(open_page: OpenPage, admin: Person, width: int) -> None:
    rows = [Row(1, "https://blogs.example/" + "x" * 900, "T" * 190, "nobody" * 20), Row(2, "", "ا" * 190)]
    found = start(rows, "n" * 190, by=admin, is_running=False)
    page = open_page(f"/admin/aggregator/blogimport/{found.pk}/change/", person=admin, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_content(page)


@pytest.mark.parametrize("has_script", [True, False])
def test_a_blog_is_suggested_accepted_and_heard_of(
    open_page: OpenPage, aino: Person, admin: Person, web: Web, has_script: bool
) -> None:
    web.routes["/feed"] = rss("Engines")
    page = open_page("/blogs/", person=aino, java_script_enabled=has_script)
    page.get_by_role("link", name="Suggest it").click()
    page.get_by_label("Address of the blog").fill(f"{web.url}/feed")
    page.get_by_label("Why should colleagues read it?").fill("It is good.")
    page.get_by_role("button", name="Suggest it").click()
    expect(page.get_by_text("Thank you.")).to_be_visible()
    expect(page.get_by_text("waits for an admin")).to_be_visible()
    assert not web.connections

    desk = open_page("/admin/aggregator/suggestion/", person=admin, java_script_enabled=has_script)
    desk.get_by_role("link", name=f"{web.url}/feed").click()
    desk.get_by_role("button", name="Look at it").click()
    desk.get_by_label("The proposer owns the blog").check()
    desk.get_by_role("button", name="Register this blog").click()
    expect(desk.get_by_text("“Engines” is registered")).to_be_visible()
    assert list(Blog.objects.get().owners.all()) == [aino]

    page.goto("/notifications/")
    page.get_by_role("button", name=f"{web.url}/feed").click()
    expect(page.get_by_role("link", name="Engines")).to_be_visible()
    assert_content(page)
    assert_content(desk)


@pytest.mark.parametrize("width", [390, 1440])
def test_a_long_suggestion_keeps_to_the_window(open_page: OpenPage, aino: Person, admin: Person, width: int) -> None:
    suggesting.suggest(aino, "https://blogs.example/" + "x" * 900, "y" * 900, timezone.now())
    suggesting.decline(Suggestion.objects.get(), admin, "z" * 900, timezone.now())
    page = open_page("/blogs/suggest/", person=aino, width=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert_content(page)
