"""Titles and names that would turn, pile up, stretch or pass for somebody else's (check X4), from the feed on."""

from __future__ import annotations

from collections.abc import Callable
from xml.sax.saxutils import escape

import pytest
from playwright.sync_api import Locator, expect

from aggregator.models import Blog, Feed, Post
from aggregator.polling.poll import poll_now
from aggregator.registration import Preview, preview, register
from bloghub.people.models import Person
from tests.browser.conftest import OpenPage
from tests.web import Answer, Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
MakePost = Callable[..., Post]

MARKS = "\u0300\u0316\u0336\u0489"
MISCHIEF = {
    "override": "\u202egnp.exe",
    "embeddings": "\u202a\u202b\u202dturned",
    "isolates": "\u2066\u2067\u2068never closed",
    "closers": "\u2069\u202c" * 20 + "closed too often",
    "marks": "Z" + MARKS * 50 + "algo" + MARKS * 50,
    "invisible": "\u200b" * 300 + "Admin\u200bistrator\u200b",
    "unbroken": "w" * 10_000,
    "wide": "\ufdfd" * 10_000,
    "Hebrew": "אבג 123 דהו",
}
LOOKALIKES = ("\u0410dmin", "Rauha \u0410dmin", "\u0391dmin", "Admin", "Rauha Admin")

# Lines of our own words in which a later character stands left of an earlier one: they would be read backwards
BACKWARDS = """() => [...document.querySelectorAll(
    "main :is(time, .minutes, .count, .label, .button, .place, .hidden, .facts span), footer a, nav a")]
    .flatMap((element) => [...element.childNodes])
    .filter((node) => node.nodeType === 3 && /[a-z0-9].*[a-z0-9]/i.test(node.data))
    .filter((node) => {
        const at = (index) => {
            const range = document.createRange();
            range.setStart(node, index);
            range.setEnd(node, index + 1);
            return range.getBoundingClientRect();
        };
        const first = at(node.data.search(/[a-z0-9]/i)), last = at(node.data.search(/[a-z0-9][^a-z0-9]*$/i));
        return first.width && first.top === last.top && first.left > last.left;
    }).map((node) => node.data)"""
SPILLS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
# Fields of strangers that take more than three lines of their own size, on pages that list many
TALL = """() => [...document.querySelectorAll(
        ".row :is(.title, .name bdi, .blog bdi, .tag bdi), .directory :is(h2, .facts bdi), .neighbours .title")]
    .map((field) => [field, field.getBoundingClientRect().height / parseFloat(getComputedStyle(field).lineHeight)])
    .filter(([, lines]) => !(lines <= 3.1))
    .map(([field, lines]) => `${field.textContent.slice(0, 20)}: ${lines} lines`)"""


def feed_of(text: str) -> Answer:
    words = escape(text)
    items = "".join(
        f"<item><guid isPermaLink='false'>{number}</guid><title>{words}</title>"
        f"<dc:creator>{words}</dc:creator><category>{words}</category>"
        f"<description>Words that follow, number {number}.</description></item>"
        for number in range(2)
    )
    body = (
        "<rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/'><channel>"
        f"<title>{words}</title><description>{words}</description>{items}</channel></rss>"
    )
    return Answer(body.encode(), headers={"Content-Type": "application/rss+xml; charset=utf-8"})


@pytest.fixture
def strange(web: Web) -> list[Post]:
    """A blog for each mischief, which is in its title, its posts' titles, their authors and tags."""
    for number, text in enumerate(MISCHIEF.values()):
        web.routes[f"/{number}"] = feed_of(text)
        seen = preview(f"{web.url}/{number}")
        assert isinstance(seen, Preview), seen
        register(seen)
    list(poll_now(Feed.objects.all()))
    assert Post.objects.count() == 2 * len(MISCHIEF)
    return list(Post.objects.select_related("blog").order_by("pk"))


def addresses(posts: list[Post]) -> list[str]:
    tags = [tag for post in posts[::2] for tag in post.tags.all()]
    return [
        *["/", "/blogs/", "/tags/", "/people/"],
        *(page.get_absolute_url() for post in posts[::2] for page in (post, post.blog)),
        *(tag.get_absolute_url() for tag in tags),
    ]


def test_no_title_or_name_turns_stretches_or_piles(strange: list[Post], open_page: OpenPage, aino: Person) -> None:
    page = open_page("/latest/", person=aino)
    for address in addresses(strange):
        page.goto(address)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate(BACKWARDS) == [], (address, width)
            assert page.evaluate(SPILLS) <= 0, (address, width)
            assert page.evaluate(TALL) == [], (address, width)


def test_a_turned_name_that_came_by_another_way_turns_nothing_else(
    open_page: OpenPage, make_post: MakePost, make_blog: Callable[..., Blog], aino: Person
) -> None:
    turned = "\u202eturned"
    Person.objects.filter(pk=aino.pk).update(display_name=turned, team="Engine Lab")
    aino.refresh_from_db()
    blog = make_blog(turned, author_name=turned)
    blog.owners.add(aino)
    post = make_post(blog, title=turned, author=aino, author_name=turned)
    page = open_page("/latest/", person=aino)
    for address in ("/", "/blogs/", "/people/", aino.get_absolute_url(), post.get_absolute_url()):
        page.goto(address)
        assert page.evaluate(BACKWARDS) == [], address


def test_words_of_nothing_but_invisible_characters_leave_a_link_to_press(
    web: Web, make_blog: Callable[..., Blog], open_page: OpenPage, aino: Person
) -> None:
    web.routes["/feed"] = feed_of("\u200b\u2060\u00ad\u3164\u202e")
    make_blog("Empty", url=web.url + "/feed")
    list(poll_now(Feed.objects.all()))
    page = open_page("/latest/", person=aino)
    expect(page.locator(".row .title a").first).to_contain_text("Words that follow")
    expect(page.locator(".row .name bdi").first).to_have_text("Empty")


def test_whom_only_a_feed_names_is_marked_for_eyes_and_ears(
    open_page: OpenPage, make_post: MakePost, aino: Person, bo: Person, admin: Person
) -> None:
    shown = [(make_post(author_name=name), True) for name in LOOKALIKES]
    shown.append((make_post(author=admin, author_name=admin.display_name), False))
    page = open_page("/", person=aino)
    for post, outside in shown:
        assert_voice(page.locator(".row", has=page.locator(f'a[href="{post.get_absolute_url()}"]')), outside)
    for post, outside in shown:
        page.goto(post.get_absolute_url())
        assert_voice(page.locator(".article-side .who"), outside)
        assert page.locator('.article-side a[href^="/people/"]').count() == (not outside)
        page.goto(post.blog.get_absolute_url())
        row = page.locator(".row")
        expect(row.get_by_text("named by the blog")).to_have_count(int(outside))
        mark = row.locator(".name bdi").evaluate("(name) => getComputedStyle(name, '::before').content")
        assert (mark != "none") is outside


def assert_voice(part: Locator, outside: bool) -> None:
    """A round face and a link to the person for colleagues; a square one and words for everybody else."""
    round_face = part.locator(".face").evaluate("(face) => getComputedStyle(face).borderRadius") == "50%"
    assert round_face is not outside
    expect(part.get_by_text("named by the blog")).to_have_count(int(outside))


def test_the_writer_of_a_blog_without_owners_is_marked_in_the_directory(
    open_page: OpenPage, make_blog: Callable[..., Blog], aino: Person, admin: Person
) -> None:
    theirs, ours = make_blog("Theirs", author_name=admin.display_name), make_blog("Ours")
    ours.owners.add(admin)
    page = open_page("/blogs/", person=aino)
    for blog, outside in ((theirs, 1), (ours, 0)):
        page.goto("/blogs/")
        entry = page.locator(".directory li", has=page.get_by_role("link", name=blog.title))
        expect(entry.get_by_text("named by the blog")).to_have_count(outside)
        expect(entry.locator(".face.elsewhere")).to_have_count(outside)
        page.goto(blog.get_absolute_url())
        expect(page.locator(".speakers").get_by_text("named by the blog")).to_have_count(outside)


def test_a_link_that_shows_another_address_shows_the_real_host_too(
    web: Web, make_blog: Callable[..., Blog], open_page: OpenPage, aino: Person
) -> None:
    html = escape('<p>Go to <a href="https://evil.example/steal">https://intranet/login</a>.</p>')
    body = f"<rss version='2.0'><channel><title>B</title><item><guid>1</guid><description>{html}</description></item>"
    web.routes["/feed"] = Answer(f"{body}</channel></rss>".encode())
    make_blog("B", url=web.url + "/feed")
    list(poll_now(Feed.objects.all()))
    page = open_page(Post.objects.get().get_absolute_url(), person=aino)
    expect(page.locator('.prose a[href="https://evil.example/steal"]')).to_have_text(
        "https://intranet/login [evil.example]"
    )
