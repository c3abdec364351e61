"""Every page in Chromium, on phone, tablet and desk, light and dark: nothing spills, nothing is refused."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from playwright.sync_api import Page, expect

from aggregator.models import Blog, Enclosure, Post
from bloghub.people import first_admin
from bloghub.people.models import Person
from tests.aggregator.pages import tag
from tests.browser.conftest import OpenPage

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MakePost = Callable[..., Post]
MakeBlog = Callable[..., Blog]
WIDTHS = (320, 390, 768, 1440)

EVERYTHING = """<p>Text with <code>code</code> and a<sup><a href="#n1">1</a></sup>.</p><h2>Heading</h2>
<pre><code>{wide}</code></pre><table><tr>{cells}</tr></table><blockquote><p>Said.</p></blockquote>
<ul><li>One<ul><li>Two</li></ul></li></ul><dl><dt>Term</dt><dd>Means</dd></dl>
<figure><img src="/static/icons/hub.svg" width="3000" height="400" alt="Wide">
<figcaption>{long}</figcaption></figure><details><summary>More</summary><p>{long}</p></details><p>{long}</p><hr>
<ol><li id="n1">Note</li></ol>""".format(
    wide="x = 1; " * 60, cells="".join(f"<td>cell number {n}</td>" for n in range(20)), long="w" * 3_000
)

# What sticks out of the window at the right, and who is too small for a finger (running text and bylines are exempt)
SPILLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
PRESSED = ":is(nav, form, footer, .menu, .actions, .pages) :is(a, button, summary)"
SMALL = """(pressed) => [...document.querySelectorAll(pressed)]
    .map((element) => [element.textContent.trim(), element.getBoundingClientRect()])
    .filter(([, box]) => box.width && (box.height < 43.5 || box.width < 40))
    .map(([text, box]) => `${text}: ${box.width}×${box.height}`)"""


@pytest.fixture
def hub(make_blog: MakeBlog, make_post: MakePost, bo: Person) -> Post:
    """A hub with the awkward posts that come; the one with everything is returned."""
    blog = make_blog("Blog with an " + "exceptionally" * 12 + " long name", description="d" * 900)
    blog.owners.add(bo)
    Person.objects.filter(pk=bo.pk).update(display_name="Wolfeschlegelsteinhausenbergerdorff " * 3, team="t" * 120)
    post = make_post(blog, author=bo, title="Everything a post may carry", content_html=EVERYTHING, word_count=900)
    tag(post, "x" * 90, "short", "C++")
    Enclosure.objects.create(post=post, url="https://b.example/" + "f" * 900, media_type="audio/mpeg", length=1)
    for number in range(4):
        make_post(blog, title=f"Run {number}", ago=timedelta(hours=2 + number))
    make_post(title="U" * 1000, excerpt="n" * 400, author_name="N" * 200)
    make_post(title="", excerpt="A note without a title. " * 8)
    make_post(title="", excerpt="", content_html="")
    make_post(title="كيف نجيب العميل في اليوم نفسه", excerpt="كنا ننتظر", language="ar")
    make_post(title="停泊中のポンプを静かにする三つの方法", excerpt="夜の港で" * 40, language="ja")
    return post


def addresses(post: Post) -> list[str]:
    hostile = Post.objects.get(title="U" * 1000)
    return [
        "/",
        "/blogs/",
        "/people/",
        "/tags/",
        "/tags/short/",
        "/people/bo/",
        post.blog.get_absolute_url(),
        post.get_absolute_url(),
        hostile.get_absolute_url(),
        "/nowhere/",
    ]


@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
def test_no_page_spills_or_is_refused_anything(open_page: OpenPage, aino: Person, hub: Post, dark: bool) -> None:
    page = open_page("/latest/", person=aino, dark=dark)
    for address in addresses(hub):
        page.goto(address)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(SPILLS) <= 0, (address, width)
            assert page.evaluate(SMALL, PRESSED) == [], (address, width)
        assert page.locator("h1").count() == 1, address
        assert page.locator("main").count() == 1, address
        assert page.title().strip(" ·"), address
    assert [text for text in page.complaints if "404" not in text and "b.example" not in text] == []  # type: ignore[attr-defined]


# Links whose ring a box around them cuts off: the ring's outer edge against every box that hides what sticks out
CUT = """() => [...document.querySelectorAll("a[href], button, summary")].filter((link) => {
    link.focus();
    const ringed = getComputedStyle(link).outlineStyle === "none" ? link.parentElement : link;
    const style = getComputedStyle(ringed), box = ringed.getBoundingClientRect();
    const out = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
    if (!link.getClientRects().length || document.activeElement !== link) return false;
    if (style.outlineStyle === "none") return true;
    for (let at = ringed.parentElement; at; at = at.parentElement) {
        if (!/hidden|auto/.test(getComputedStyle(at).overflow)) continue;
        const frame = at.getBoundingClientRect();
        if (box.left - out < frame.left - 1 || box.top - out < frame.top - 1) return true;
    }
    return false;
}).map((link) => link.textContent.trim().slice(0, 40))"""


def test_the_ring_around_what_has_the_focus_is_whole(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino)
    for address in ["/", "/blogs/", hub.get_absolute_url()]:
        page.goto(address)
        page.keyboard.press("Tab")
        assert page.evaluate(CUT) == [], address


def test_sign_in_and_welcome_fit_a_phone(open_page: OpenPage) -> None:
    page = open_page("/sign-in/", width=320)
    for address in ("/sign-in/", first_admin.setup_url().partition("8000")[2]):
        page.goto(address)
        assert page.evaluate(SPILLS) <= 0
        assert page.evaluate(SMALL, PRESSED) == []
        expect(page.locator("form").first).to_be_visible()
    assert page.complaints == []  # type: ignore[attr-defined]


def test_a_page_seen_before_keeps_its_looks(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/blogs/", person=aino)
    paper = background(page)
    page.goto("/people/")
    page.goto("/blogs/")
    assert background(page) == paper
    assert page.complaints == []  # type: ignore[attr-defined]


def background(page: Page) -> str:
    return str(page.evaluate("getComputedStyle(document.body).backgroundColor"))


def test_the_keyboard_reaches_the_page_at_once(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino)
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    expect(page.locator(".skip")).to_be_in_viewport()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"


def test_light_or_dark_is_chosen_and_kept(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino)
    light = background(page)
    page.get_by_role("button", name="Dark").click()
    dark = background(page)
    assert dark != light
    page.goto("/blogs/")
    assert background(page) == dark
    expect(page.get_by_role("button", name="Dark")).to_have_attribute("aria-pressed", "true")
    page.get_by_role("button", name="System").click()
    assert background(page) == light


def test_the_menu_opens_closes_and_signs_out(open_page: OpenPage, aino: Person) -> None:
    page = open_page("/latest/", person=aino)
    page.locator(".menu > summary").click()
    expect(page.get_by_role("link", name="Your page")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Your page")).to_be_hidden()
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def test_without_scripts_everything_can_be_read_and_opened(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page("/latest/", person=aino, java_script_enabled=False)
    page.get_by_text("4 more from").click()
    page.get_by_role("link", name="Run 2").click()
    expect(page.get_by_role("heading", name="Run 2")).to_be_visible()
    expect(page.locator(".themes")).to_be_hidden()
    page.locator(".menu > summary").click()
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()


def test_large_text_spills_nothing(open_page: OpenPage, aino: Person, hub: Post) -> None:
    page = open_page(hub.get_absolute_url(), person=aino, width=390)
    page.evaluate("document.documentElement.style.fontSize = '200%'")
    assert page.evaluate(SPILLS) <= 0
