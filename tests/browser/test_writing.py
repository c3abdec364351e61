"""Saying something in a browser: names while typing, quoting, drafts, refusals in place; and without a script."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.conf import settings
from playwright.sync_api import Route, expect

from aggregator.models import Blog, Post
from aggregator.models.blog import Audience
from bloghub.people.models import Person
from comments.models import Comment, Thread
from tests.browser.conftest import OpenPage, sign_in
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


def test_a_second_refusal_and_a_reload_lose_no_text(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    Thread.objects.create(post=post, locked_at="2026-01-01T00:00Z", locked_because="Enough")
    for _time in range(2):
        with page.expect_response("**/comments/new/"):
            page.get_by_role("button", name="Say it as").click()
        expect(page.get_by_role("alert")).to_contain_text("Enough")
    Thread.objects.all().delete()
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_what_did_not_get_through_stays_where_a_permalink_led(
    open_page: OpenPage, aino: Person, bo: Person, post: Post
) -> None:
    say(bo, post)
    page = open_page(f"{post.get_absolute_url()}?comment=1", person=aino)
    page.locator(TEXT).fill("Long thoughts")
    page.context.set_offline(True)
    page.get_by_role("button", name="Say it as").click()
    expect(page.get_by_role("alert")).to_contain_text("did not get through")
    page.context.set_offline(False)
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_an_answer_that_got_lost_makes_no_second_comment(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")

    def lose(route: Route) -> None:
        route.fetch()  # it reaches the hub, and its answer nobody
        route.abort()

    page.route("**/comments/new/", lose)
    page.get_by_role("button", name="Say it as").click()
    expect(page.get_by_role("alert")).to_contain_text("did not get through")
    page.unroute("**/comments/new/")
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")
    with page.expect_response("**/comments/new/"):
        page.get_by_role("button", name="Say it as").click()
    expect(page.locator(TEXT)).to_have_value("")
    assert Comment.objects.count() == 1


def test_on_a_page_of_its_own_the_draft_goes_when_it_is_said(
    open_page: OpenPage, aino: Person, bo: Person, post: Post
) -> None:
    parent = say(bo, post)
    address = f"/posts/{post.pk}/comments/new/?parent={parent.pk}"
    page = open_page(address, person=aino)
    page.locator(TEXT).fill("I *do*, :smile: see https://x.example/")
    page.get_by_role("button", name="Say it as").click()
    expect(page.locator("#c2 .said")).to_contain_text("I do")
    page.wait_for_load_state()  # the page that shows it forgets the draft, as soon as its scripts run
    page.goto(address)
    expect(page.locator(TEXT)).to_have_value("")


def test_a_post_that_went_away_says_so_in_place(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    Blog.objects.update(audience=Audience.GROUPS)
    page.get_by_role("button", name="Say it as").click()
    expect(page.get_by_role("alert")).to_contain_text("no longer there")
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_what_is_on_its_way_cannot_be_typed_on(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    waiting: list[Route] = []
    page.route("**/comments/new/", lambda route: waiting.append(route))  # noqa: PLW0108 - the library marks what it is given
    page.get_by_role("button", name="Say it as").click()
    expect(page.locator(TEXT)).not_to_be_editable()
    waiting[0].abort()
    expect(page.get_by_role("alert")).to_contain_text("did not get through")
    expect(page.locator(TEXT)).to_be_editable()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")


def test_signed_in_again_elsewhere_the_page_asks_to_be_reloaded(open_page: OpenPage, aino: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).fill("Long thoughts")
    page.context.clear_cookies(name=settings.CSRF_COOKIE_NAME)
    sign_in(page.context, aino, page.url)
    page.get_by_role("button", name="Say it as").click()
    expect(page.get_by_role("alert")).to_contain_text("Reload the page")
    page.reload()
    expect(page.locator(TEXT)).to_have_value("Long thoughts")
    page.get_by_role("button", name="Say it as").click()
    expect(page.locator("#c1 .said")).to_have_text("Long thoughts")


def test_the_button_for_quoting_is_the_next_stop_of_the_keyboard(
    open_page: OpenPage, aino: Person, bo: Person, post: Post
) -> None:
    say(bo, post, "It hums.\n\nAt night, see https://x.example/ for it.")
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator("#c1 .said p").first.click(click_count=3)
    expect(page.get_by_role("button", name="Quote this")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Quote this")).to_be_focused()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="https://x.example/")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(TEXT)).to_have_value("> It hums.\n\n")
    expect(page.get_by_role("button", name="Quote this")).to_have_count(0)


def test_enter_that_ends_a_composition_takes_no_name(open_page: OpenPage, aino: Person, bo: Person, post: Post) -> None:
    page = open_page(post.get_absolute_url(), person=aino)
    page.locator(TEXT).press_sequentially("Ask @ekd")
    expect(page.get_by_role("option", name="Bo Ekdahl")).to_be_visible()
    press = (
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', isComposing: true, bubbles: true}))"
    )
    page.locator(TEXT).evaluate(press)
    expect(page.locator(TEXT)).to_have_value("Ask @ekd")
