"""Search in Chromium: typing, suggestions by keyboard, what this device remembers, and all of it without scripts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from aggregator.models import Blog, Post
from aggregator.search.posts import index_posts
from bloghub.people.models import Person
from tests.aggregator.pages import tag
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import PRESSED, SMALL, SPILLS, WIDTHS
from tests.comments.saying import say, settle

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
TARGETS = f"{PRESSED}, :is(.facets, .chips, .ask-help) :is(a, summary)"


@pytest.fixture
def hub(make_blog: Callable[..., Blog], make_post: Callable[..., Post], bo: Person, aino: Person) -> Post:
    """Posts about pumps, one of them awkward, a comment, and a blog and a colleague of that name."""
    blog = make_blog("Pump House Diary")
    blog.owners.add(bo)
    Person.objects.create_user("pia", display_name="Pia Pumppu", team="Boilers")
    first = make_post(blog, title="The right pump", author=bo, language="en")
    strange = make_post(title="Pump " + "w" * 900, content_html="<p>pump</p>", author_name="N" * 200, language="fi")
    arabic = make_post(title="مضخة pump", language="ar", ago=timedelta(days=500))
    for post in (first, strange, arabic):
        tag(post, "noise", "x" * 90)
    settle(aino, first)
    say(aino, first, "Which pump was it?")
    index_posts([first.pk, strange.pk, arabic.pk])
    return first


def test_slash_goes_to_search_and_words_are_found(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino)
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search everything")).to_be_focused()
    page.keyboard.type("pump/")  # a slash in a field is a letter
    page.keyboard.press("Backspace")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="4 posts and comments")).to_be_visible()
    expect(page.locator("#q")).to_have_value("pump")
    expect(page.locator(".found .title mark").first).to_have_text("Pump")
    assert page.complaints == []  # type: ignore[attr-defined]


def test_suggestions_are_reached_by_keyboard(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/search/", person=aino)
    field, options = page.get_by_role("combobox"), page.get_by_role("option")
    expect(field).to_be_focused()
    page.keyboard.type("pum")
    expect(options).to_have_count(2)
    expect(field).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    expect(options.first).to_have_attribute("aria-selected", "true")
    assert field.get_attribute("aria-activedescendant") == options.first.get_attribute("id")
    page.keyboard.press("Escape")
    expect(options).to_have_count(0)
    expect(field).to_have_attribute("aria-expanded", "false")
    expect(field).to_have_value("pum")
    page.keyboard.press("ArrowDown")
    expect(options).to_have_count(2)
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Pump House Diary")).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]


def test_own_searches_are_remembered_here_until_they_are_forgotten(
    open_page: OpenPage, aino: Person, hub: Post
) -> None:
    page = open_page("/search/?q=pump", person=aino)
    page.goto("/search/?q=nothingofthekind")
    page.goto("/search/")
    page.locator("#q").click()
    options = page.get_by_role("option")
    expect(options).to_have_text(["pump Searched before ", "Forget these searches "])
    options.first.click()
    expect(page.get_by_role("heading", name="4 posts and comments")).to_be_visible()
    page.goto("/search/")
    page.locator("#q").click()
    options.last.click()
    expect(options).to_have_count(0)
    assert page.evaluate("localStorage.getItem('searches')") is None
    page.goto("/search/?q=pump")
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("localStorage.getItem('searches')") is None


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])
def test_a_search_is_narrowed_and_widened_again(open_page: OpenPage, aino: Person, hub: Post, scripts: bool) -> None:
    page = open_page("/search/", person=aino, java_script_enabled=scripts)
    page.locator("#q").fill("pump")
    page.get_by_role("button", name="Search", exact=True).click()
    page.locator(".facet-lang").get_by_role("link", name="suomi").click()
    expect(page.get_by_role("heading", name="1 post or comment")).to_be_visible()
    page.get_by_role("link", name="Take off: in suomi").click()
    page.locator(".kinds").get_by_role("link", name="Comments").click()
    expect(page.locator(".says mark")).to_have_text("pump")
    page.get_by_role("link", name="Newest first").click()
    expect(page.get_by_role("link", name="Newest first")).to_have_attribute("aria-current", "true")
    page.locator(".says blockquote a").click()
    expect(page.get_by_text("Which pump was it?")).to_be_visible()


def test_on_a_phone_search_is_a_button_and_facets_are_folded(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino, width=390)
    page.locator(".seek").get_by_role("button", name="Search").click()
    page.locator("#q").fill("pump")
    page.keyboard.press("Enter")
    expect(page.locator(".facet-lang")).to_be_hidden()
    page.get_by_text("Narrow down").click()
    expect(page.locator(".facet-lang")).to_be_visible()
    page.set_viewport_size({"width": 1440, "height": 900})
    expect(page.get_by_text("Narrow down")).to_be_hidden()
    expect(page.locator(".facet-lang")).to_be_visible()


ADDRESSES = (
    "/search/",
    "/search/?q=pump",
    "/search/?q=pump+lang:fi+tag:noise",
    f"/search/?q={'w' * 600}",
    "/search/?q=tag:zyzzyva+foo:bar",
    "/search/names/?q=pump",
)


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_of_search_spills_or_is_refused_anything(
    open_page: OpenPage, aino: Person, hub: Post, dark: bool
) -> None:
    page: Page = open_page("/latest/", person=aino, dark=dark)
    for address in ADDRESSES:
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(SPILLS) <= 0, (address, width)
            assert page.evaluate(SMALL, TARGETS) == [], (address, width)
        assert page.locator("h1").count() == 1, address
    assert page.complaints == []  # type: ignore[attr-defined]
