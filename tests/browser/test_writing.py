"""Saying something in a browser: names while typing, quoting, drafts, refusals in place; and without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import expect

from aggregator.models import Post
from bloghub.people.models import Person
from comments.models import Comment, Thread
from tests.browser.conftest import OpenPage
from tests.comments.saying import say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

TEXT = ".say-form textarea"


@pytest.fixture
def post(make_post: Callable[..., Post], bo: Person) -> Post:
    return make_post(author=bo)


def test_names_are_suggested_and_the_comment_takes_its_place(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    field = page.locator(TEXT)
    field.press_sequentially("Ask @ekd")
    expect(page.get_by_role("option", name="Bo Ekdahl")).to_be_visible()
    assert field.get_attribute("aria-activedescendant") == "say-name-0"
    field.press("Enter")
    expect(field).to_have_value("Ask @bo ")
    page.get_by_role("button", name="Say it as Aino Lehtinen").click()
    expect(page.locator("#c1 .said")).to_have_text("Ask Bo Ekdahl")
    expect(page.locator(TEXT)).to_have_value("")
    page.reload()
    expect(page.locator(TEXT)).to_have_value("")  # the draft went with it
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_draft_survives_and_a_refusal_keeps_it(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")
    Thread.objects.create(post=post, locked_at="2026-01-01T00:00Z", locked_because="Enough")
    page.get_by_role("button", name="Say it as").click()
    expect(page.get_by_role("alert")).to_contain_text("Enough")
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_a_session_that_ended_loses_no_text(open_page: OpenPage, aino: Person, post: Post) -> None:
    aino.set_password("pump-and-tide-9")
    aino.save()
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    page.context.clear_cookies(name=settings.SESSION_COOKIE_NAME)
    page.get_by_role("button", name="Say it as").click()
    page.get_by_label("User name").fill("aino")
    page.get_by_label("Password").fill("pump-and-tide-9")
    page.get_by_role("button", name="Sign in").click()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_quoting_what_is_selected(open_page: OpenPage, aino: Person, bo: Person, post: Post) -> None:
    say(bo, post, "It hums at night.")
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator("#c1 .said").evaluate("element => getSelection().selectAllChildren(element)")
    page.get_by_role("button", name="Quote this").click()
    expect(page.locator(TEXT)).to_have_value("> It hums at night.\n\n")


def test_an_answer_opens_in_place(open_page: OpenPage, aino: Person, bo: Person, post: Post) -> None:
    say(bo, post, "Who knows?")
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator("#c1").get_by_role("link", name="Answer").click()
    page.locator(f"#a1 {TEXT}").fill("I do.")
    page.locator("#a1").get_by_role("button", name="Say it as").click()
    expect(page.locator("#c1 #c2 .said")).to_have_text("I do.")
    expect(page.locator(f"#a1 {TEXT}")).to_have_count(0)
    assert Comment.objects.get(number=2).path == [1, 2]
    assert page.complaints == []  # type: ignore[attr-defined]


def test_without_a_script(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino, java_script_enabled=False)
    page.locator(TEXT).fill("Plain *and* simple")
    page.get_by_role("button", name="Look at it first").click()
    expect(page.locator(".look em")).to_have_text("and")
    page.get_by_role("button", name="Say it as").click()
    expect(page.locator("#c1 .said em")).to_have_text("and")
