"""Saved searches in Chromium: from the results to the alert, and how one is told, with scripts and without."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from aggregator.models import Post
from aggregator.search import saving
from aggregator.search.alerting import tell_of_matches
from aggregator.search.posts import index_posts
from aggregator.search.saving import Wanted
from bloghub.notifications.models import Delivery, Kind, Preference
from bloghub.people.models import Person
from tests.aggregator.search.asked import count_words
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import PRESSED, SMALL, SPILLS, WIDTHS

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SCRIPTS = pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "plain"])


@pytest.fixture
def come(make_post: Callable[..., Post]) -> Callable[..., Post]:
    """A post comes in, search knows it, and who asked for it is told."""

    def publish(title: str, **columns: Any) -> Post:
        post = make_post(title=title, **columns)
        index_posts([post.pk])
        count_words()
        tell_of_matches(timezone.now())
        return post

    return publish


def keep(person: Person, name: str, query: str) -> None:
    saving.save(person, Wanted(name, query, True), timezone.now())


@SCRIPTS
def test_a_search_is_saved_and_tells_of_what_is_new(
    open_page: OpenPage, come: Callable[..., Post], aino: Person, scripts: bool
) -> None:
    come("Old seals")
    page: Page = open_page("/search/?q=seal", person=aino, java_script_enabled=scripts)
    page.get_by_text("Save this search").click()
    page.get_by_label("Name").fill("Our seals")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", name="Our seals")).to_be_visible()
    expect(page.get_by_text("You are told of what is new")).to_be_visible()
    come("Seals that last")
    come("Nothing of theirs")
    page.goto("/latest/")
    expect(page.locator(".bell .hidden")).to_have_text("Notifications: 1 new")
    page.goto("/notifications/")
    expect(page.get_by_text("Your saved search finds something new")).to_be_visible()
    expect(page.get_by_text("Seals that last")).to_be_visible()
    page.get_by_role("button", name="Our seals").click()
    expect(page.get_by_role("heading", name="Seals that last", level=1)).to_be_visible()
    expect(page.locator(".bell .hidden")).to_have_text("Notifications")
    come("Seals in autumn")
    come("Seals in winter")
    page.goto("/notifications/")
    page.get_by_role("button", name="Our seals").first.click()
    expect(page.get_by_role("heading", name="Our seals", level=1)).to_be_visible()
    expect(page.get_by_text("2 new since")).to_be_visible()
    expect(page.locator(".fresh .title")).to_have_text(["Seals in winter", "Seals in autumn"])
    expect(page.locator(".bell .hidden")).to_have_text("Notifications")
    assert page.complaints == []  # type: ignore[attr-defined]


@SCRIPTS
def test_a_saved_search_is_known_again_changed_and_deleted(
    open_page: OpenPage, come: Callable[..., Post], aino: Person, scripts: bool
) -> None:
    come("Old seals")
    keep(aino, "Our seals", "seal")
    page: Page = open_page("/search/?q=seal", person=aino, java_script_enabled=scripts)
    expect(page.get_by_text("Save this search")).to_have_count(0)
    page.get_by_role("link", name="Our seals").click()
    page.get_by_role("link", name="Change").click()
    page.get_by_label("Name").fill("Every seal")
    page.get_by_label("Tell me when it finds something new").uncheck()
    page.get_by_role("button", name="Keep the change").click()
    expect(page.get_by_role("heading", name="Every seal")).to_be_visible()
    expect(page.get_by_text("You are told nothing")).to_be_visible()
    page.get_by_role("link", name="Delete").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("You have saved no search yet")).to_be_visible()


@SCRIPTS
def test_how_matches_are_told_is_chosen(open_page: OpenPage, aino: Person, scripts: bool) -> None:
    page: Page = open_page("/settings/notifications/", person=aino, java_script_enabled=scripts)
    choice = page.get_by_label("A search you saved finds something new")
    expect(choice).to_have_value(Delivery.DIGEST)
    choice.select_option(Delivery.MAIL)
    page.get_by_label("It comes").select_option("daily")
    page.get_by_role("button", name="Keep these choices").click()
    expect(page.get_by_role("status")).to_have_text("Kept.")
    expect(page.get_by_label("A search you saved finds something new")).to_have_value(Delivery.MAIL)
    assert Preference.objects.get(person=aino, kind=Kind.MATCH).delivery == Delivery.MAIL


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_of_saved_searches_spills_or_is_refused_anything(
    open_page: OpenPage, come: Callable[..., Post], aino: Person, dark: bool
) -> None:
    page: Page = open_page("/searches/", person=aino, dark=dark)
    saved = saving.save(aino, Wanted("W" * 80, "x" * 150, True), timezone.now())
    other = saving.save(aino, Wanted("Seals", "seal tag:noise", True), timezone.now())
    come("Seals")
    addresses = ["", "new/", *(f"{one.pk}/{page}" for one in (saved, other) for page in ("", "edit/", "delete/"))]
    for address in [*(f"/searches/{each}" for each in addresses), "/search/?q=seal", "/notifications/"]:
        page.goto(address)
        for fold in page.locator(".save-search > summary").all():
            fold.click()
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(SPILLS) <= 0, (address, width)
            assert page.evaluate(SMALL, PRESSED) == [], (address, width)
        assert page.locator("h1").count() == 1, address
    assert page.complaints == []  # type: ignore[attr-defined]
