"""Reading a post in Chromium: wide things, pictures that do not come, sound, and scripts from right to left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from aggregator.models import Enclosure, Post
from bloghub.people.models import Person
from tests.aggregator.pages import tag
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MakePost = Callable[..., Post]
WIDE = "<pre><code>{}</code></pre><table><caption>Flow by hour</caption><tr>{}</tr></table><table><tr>{}</tr></table>"
CELLS = "".join(f"<td>cell number {number}</td>" for number in range(20))
BROKEN = '<p>Before.</p><p><img src="https://b.example/gone.png" alt="The harbour at night"></p><p>After.</p>'


def test_what_is_wider_than_a_phone_can_be_reached_and_has_a_name(
    open_page: OpenPage, make_post: MakePost, aino: Person
) -> None:
    post = make_post(content_html=WIDE.format("x = 1; " * 60, CELLS, "<td>narrow</td>"))
    page = open_page(post.get_absolute_url(), person=aino, width=390)
    for name in ("Wide code", "Flow by hour"):
        region = page.get_by_role("region", name=name)
        region.focus()
        page.keyboard.press("ArrowRight")
        expect(region).not_to_have_js_property("scrollLeft", 0)
    expect(page.locator(".article-body").get_by_role("region")).to_have_count(2)
    expect(page.get_by_role("table")).to_have_count(2)


def test_a_picture_that_does_not_come_leaves_its_words(open_page: OpenPage, make_post: MakePost, aino: Person) -> None:
    page = open_page(make_post(content_html=BROKEN).get_absolute_url(), person=aino)
    expect(page.get_by_text("Picture not available: The harbour at night")).to_be_visible()
    expect(page.locator(".prose img")).to_have_count(0)


def test_a_picture_that_comes_is_left_alone(open_page: OpenPage, make_post: MakePost, aino: Person) -> None:
    post = make_post(content_html='<p><img src="/static/icons/hub.svg" alt="Mark"></p>')
    page = open_page(post.get_absolute_url(), person=aino)
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("img", name="Mark")).to_be_visible()


def test_sound_keeps_the_measure_and_tells_its_length_once(
    open_page: OpenPage, make_post: MakePost, aino: Person
) -> None:
    post = make_post()
    Enclosure.objects.create(post=post, url="https://b.example/hum.mp3", media_type="audio/mpeg", duration=8)
    page = open_page(post.get_absolute_url(), person=aino)
    expect(page.get_by_text("0:08 long")).to_be_visible()
    assert page.evaluate(
        "document.querySelector('audio').offsetWidth <= document.querySelector('.prose > *').offsetWidth + 1"
    )
    assert page.evaluate("document.querySelector('audio').dataset.length") == "unknown"


@pytest.mark.parametrize("width", [390, 768, 1440])
def test_the_way_to_the_blog_stands_once(open_page: OpenPage, make_post: MakePost, aino: Person, width: int) -> None:
    page = open_page(make_post().get_absolute_url(), person=aino, width=width)
    links = page.locator('main a[href^="https://blogs.example/"]')
    assert sum(link.is_visible() for link in links.all()) == 1


def test_what_surrounds_an_arabic_post_begins_at_its_side(
    open_page: OpenPage, make_post: MakePost, aino: Person
) -> None:
    title = "كيف نجيب العميل في اليوم نفسه"
    post = make_post(title=title, language="ar", content_html="<table><tr><td>واحد</td><td>اثنان</td></tr></table>")
    tag(post, "مضخات")
    make_post(post.blog, title=title + " ٢", language="ar")
    page = open_page(post.get_absolute_url(), person=aino)
    edge = "(name) => document.querySelector(name).getBoundingClientRect().right"
    assert page.evaluate(edge, ".article-head .facts > *") == pytest.approx(
        page.evaluate(edge, ".article-head h1"), abs=1
    )
    assert page.evaluate(edge, ".neighbours") == pytest.approx(page.evaluate(edge, ".prose"), abs=1)
    assert page.evaluate("getComputedStyle(document.querySelector('td')).paddingRight") == "0px"
