"""Whole conversations by two people in two browsers, with scripts and without."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from aggregator.models import Post, Reading
from bloghub.people.models import Person
from comments.models import Comment, CommentVote
from tests.browser.conftest import OpenPage
from tests.comments.threads import say

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MakePost = Callable[..., Post]
LATER = 12_000  # ms; a live notice comes within 5 s, and this machine may be busy


def write(page: Page, words: str) -> None:
    """Says something in the form that is at hand."""
    page.get_by_role("textbox").last.fill(words)
    page.get_by_role("button", name="Say it as").last.click()


@pytest.mark.parametrize("scripts", [True, False], ids=["with scripts", "without"])
def test_two_people_talk(open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person, scripts: bool) -> None:
    address = make_post(author=bo).get_absolute_url()
    hers = open_page(address, person=aino, java_script_enabled=scripts)
    write(hers, "What was in the soup?")
    expect(hers.locator(".comment .said").filter(has_text="What was in the soup?")).to_be_visible()

    his = open_page(address, person=bo, java_script_enabled=scripts)
    question = his.locator(".comment > article", has_text="What was in the soup?")
    question.get_by_role("button", name="Worth reading").click()
    expect(his.locator(".comment").get_by_role("button", pressed=True)).to_have_text("Worth reading1")
    his.locator(".comment > article", has_text="What was in the soup?").get_by_role("link", name="Answer").click()
    expect(his.get_by_text("Answer Aino Lehtinen").first).to_be_visible()
    form = his.locator("form", has_text="Answer Aino Lehtinen")
    form.get_by_role("textbox").fill("Fog, mostly.")
    form.get_by_role("button", name="Say it as").click()
    answer = his.locator(".replies .comment > article", has_text="Fog, mostly.")
    expect(answer).to_be_visible()
    expect(answer.get_by_text("wrote this post")).to_be_visible()

    hers.goto(address)
    expect(hers.locator(".replies .comment", has_text="Fog, mostly.")).to_be_visible()
    hers.get_by_role("article", name="Bo Ekdahl").get_by_role("link").filter(has=hers.locator("time")).click()
    expect(hers).to_have_url(re.compile(r"\?comment=2#c2$"))
    assert list(Comment.objects.order_by("number").values_list("parent__number", "vote_count")) == [(None, 1), (1, 0)]
    assert not [words for page in (hers, his) for words in page.complaints]  # type: ignore[attr-defined]


def test_new_comments_are_announced_and_take_their_places(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    first = say(post, bo, "Old words.")
    page = open_page(post.get_absolute_url(), person=aino)
    box = page.get_by_role("textbox").last
    box.fill("half a thought")
    say(post, bo, "An answer to old words.", first)
    say(post, bo, "Something else.")
    notice = page.get_by_role("link", name="2 new comments")
    expect(notice).to_be_visible(timeout=LATER)
    expect(page.locator(".comment")).to_have_count(1)
    notice.click()
    expect(page.locator("#c1 > details > .replies > #c2.is-new")).to_be_visible()
    expect(page.locator(".thread > #c3.is-new")).to_be_visible()
    expect(page.locator("#c1 > details > summary")).to_have_text("1 answer")
    expect(notice).to_have_count(0)
    expect(box).to_have_value("half a thought")
    assert not page.complaints  # type: ignore[attr-defined]


def test_news_that_belong_to_another_piece_are_led_to(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    comments = [say(post, bo) for _comment in range(70)]
    page = open_page(post.get_absolute_url(), person=aino)
    page.get_by_role("textbox").last.fill("half a thought")
    say(post, bo, "Above.", comments[0])
    say(post, bo, "Elsewhere.", comments[69])
    page.get_by_role("link", name="2 new comments").click(timeout=LATER)
    expect(page.locator("#c1 #c71")).to_be_visible()
    page.get_by_role("link", name="1 new comment").click()
    expect(page.locator("#c70 #c72 .said")).to_be_visible()
    expect(page.get_by_role("textbox").last).to_have_value("half a thought")


def test_key_n_leads_from_one_new_comment_to_the_next_even_in_a_folded_branch(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    first = say(post, bo)
    Reading.objects.create(person=aino, post=post, comments_seen=1)
    say(post, bo, parent=first)
    say(post, bo)
    page = open_page(post.get_absolute_url(), person=aino)
    expect(page.get_by_role("link", name="2 new to you")).to_be_visible()
    page.locator("#c1 summary").click()
    expect(page.locator("#c2")).not_to_be_visible()
    for number in (2, 3, 2):
        page.keyboard.press("n")
        expect(page.locator(f"#c{number} > article")).to_be_focused()
        expect(page.locator(f"#c{number}")).to_be_visible()
    page.get_by_role("textbox").last.press("n")
    expect(page.get_by_role("textbox").last).to_have_value("n")


def test_what_was_looked_at_is_no_longer_new(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    say(post, bo)
    Reading.objects.create(person=aino, post=post, comments_seen=0)
    page = open_page(post.get_absolute_url(), person=aino)
    expect(page.get_by_role("link", name="1 new to you")).to_be_visible()
    page.wait_for_load_state("networkidle")
    page.reload()
    expect(page.get_by_text("new to you")).to_have_count(0)


def test_without_scripts_a_button_says_what_was_read(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    say(post, bo)
    Reading.objects.create(person=aino, post=post, comments_seen=0)
    page = open_page(post.get_absolute_url(), person=aino, java_script_enabled=False)
    page.reload()
    expect(page.get_by_role("link", name="1 new to you")).to_be_visible()
    page.get_by_role("button", name="I have read these").click()
    expect(page.get_by_text("new to you")).to_have_count(0)


def test_the_rest_of_a_long_thread_comes_below(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    for _comment in range(70):
        say(post, bo)
    page = open_page(post.get_absolute_url(), person=aino)
    page.get_by_role("link", name="Show the other 10 comments").click()
    expect(page.locator(".comment")).to_have_count(70)
    expect(page.get_by_role("link", name="Show the other")).to_have_count(0)
    assert not page.complaints  # type: ignore[attr-defined]


def test_a_permalink_shows_its_comment_highlighted(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    comments = [say(post, bo) for _comment in range(130)]
    page = open_page(f"/comments/{comments[120].pk}/", person=aino)
    expect(page.locator("#c121")).to_be_in_viewport()
    page.wait_for_function("document.activeElement.parentElement?.id === 'c121'")
    assert page.evaluate("document.querySelector(':target').id") == "c121"


def test_a_string_from_elsewhere_is_never_parsed(open_page: OpenPage, make_post: MakePost, aino: Person) -> None:
    page = open_page(make_post().get_absolute_url(), person=aino)
    refused = """(text) => ["innerHTML", "parse", "parser"].map((way) => {
        try {
            if (way === "innerHTML") document.createElement("div").innerHTML = text;
            else if (way === "parser") new DOMParser().parseFromString(text, "text/html");
            else document.createElement("script").src = text;
            return way;
        } catch { return "refused"; }
    })"""
    assert page.evaluate(refused, "<b>words</b>") == ["refused"] * 3


def test_a_vote_without_a_reload_keeps_the_focus(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post()
    say(post, bo)
    page = open_page(post.get_absolute_url(), person=aino)
    button = page.locator("#c1").get_by_role("button", name="Worth reading")
    for pressed in ("true", "false", "true"):
        button.focus()
        page.keyboard.press("Enter")
        expect(button).to_have_attribute("aria-pressed", pressed)
        expect(button).to_be_focused()
    assert CommentVote.objects.count() == 1
    assert not page.complaints  # type: ignore[attr-defined]


def test_a_visit_counts_what_was_said_when_the_page_was_made(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person
) -> None:
    post = make_post(content_html="<p>Long.</p>" * 200)
    for _comment in range(70):
        say(post, bo)
    page = open_page(post.get_absolute_url(), person=aino)
    page.wait_for_load_state("networkidle")
    assert not Reading.objects.exists()  # the conversation is far below
    with page.expect_response("**/reading/"):
        page.locator("#c1").scroll_into_view_if_needed()
    assert Reading.objects.get().comments_seen == 70
