"""Every published attack string, in every field of a feed, on the pages that show it (checks X1 to X3).

The content security policy is switched off for these pages, so that it is the cleaning that is shown to hold.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

import pytest
from playwright.sync_api import Dialog, Page

from aggregator.models import Blog, Feed, Post
from aggregator.polling.poll import poll_now
from bloghub.people.models import Person
from tests.browser.conftest import OpenPage
from tests.corpus import CORPUS, needs_corpus
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True), needs_corpus]

# Whatever an attack would call sets the global; so does a dialog
TRIPWIRE = """
for (const name of ["alert", "confirm", "prompt", "print"])
    Object.defineProperty(window, name, {value: () => { window.__pwn = name }, writable: false});
document.write = document.writeln = () => { window.__pwn = "document.write" };
"""

# What must not stand in a page because of feed content; returns what it found, as text
INSPECT = """() => {
    const wrong = [];
    if (window.__pwn !== undefined) wrong.push("ran: " + window.__pwn);
    const foreign = "script:not([src^='/static/']),style,iframe,frame,object,embed,applet,base,math," +
        "template,dialog,meta[http-equiv],link[rel=import],portal,marquee,bgsound,isindex,keygen,layer,xml,xss";
    for (const element of document.querySelectorAll(foreign)) wrong.push(element.outerHTML.slice(0, 200));
    for (const drawn of document.querySelectorAll(":is(.prose, h1, h2, h3, h4, .tags) svg"))
        wrong.push("drawn by a stranger: " + drawn.outerHTML.slice(0, 200));
    for (const body of document.querySelectorAll(".prose"))
        for (const element of body.querySelectorAll("form,input,button,select,textarea,[style],[id=body],[popover]"))
            wrong.push("in content: " + element.outerHTML.slice(0, 200));
    for (const element of document.querySelectorAll("*")) {
        for (const {name, value} of element.attributes) {
            if (/^(on|hx-|x-|v-)/i.test(name)) wrong.push(name + "=" + value);
            if (["href", "src", "action", "formaction", "poster", "data", "background"].includes(name)) {
                const url = element[name === "background" ? "src" : name] || "";
                if (typeof url === "string" && url && !/^(https?|mailto):/.test(url)) wrong.push(name + "=" + value);
            }
        }
        const leaves = element.matches("a[href]") && new URL(element.href).host !== location.host;
        if (leaves && element.protocol !== "mailto:")
            for (const word of ["noopener", "noreferrer", "nofollow"])
                if (!element.relList.contains(word)) wrong.push("no " + word + ": " + element.outerHTML.slice(0, 200));
    }
    return wrong;
}"""


def vectors() -> list[dict[str, Any]]:
    found = []
    for path in sorted((CORPUS / "xss").glob("*.json")):
        found += json.loads(path.read_text()).get("vectors", [])
    return found


def feed_of(payloads: list[str]) -> bytes:
    """An RSS feed with each payload in every field of an entry, markup once as itself and once escaped."""
    items = []
    for number, payload in enumerate(payloads):
        text, data = escape(clean_xml(payload)), clean_xml(payload).replace("]]>", "]]&gt;")
        attribute = quoteattr(clean_xml(payload))
        items.append(
            f"<item><guid isPermaLink='false'>vector-{number}</guid><title>{text}</title><link>{text}</link>"
            f"<dc:creator>{text}</dc:creator><category>{text}</category>"
            f"<description>{text}</description><content:encoded><![CDATA[<p>before</p>{data}<p>after</p>]]></content:encoded>"
            f"<enclosure url={attribute} type='audio/mpeg' length='1'/><source url={attribute}>{text}</source></item>"
        )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:content='http://purl.org/rss/1.0/modules/content/'><channel><title>&lt;script&gt;alert(1)&lt;/script&gt;"
        f"</title><link>javascript:alert(1)</link><description>d</description>{''.join(items)}</channel></rss>"
    ).encode("utf-8", "replace")


def clean_xml(text: str) -> str:
    """Without what XML cannot carry at all."""
    return "".join(
        char for char in text if char in "\t\n\r" or (ord(char) >= 0x20 and not 0xD800 <= ord(char) < 0xE000)
    )


@pytest.fixture
def poisoned(web: Web, make_blog: Callable[..., Blog]) -> list[Post]:
    """All vectors, polled for real."""
    payloads = [str(vector["payload"]) for vector in vectors()]
    web.routes["/feed"] = feed_of(payloads)
    make_blog("Poisoned", url=web.url + "/feed")
    [outcome] = list(poll_now(Feed.objects.all()))
    assert outcome.trouble is None
    assert outcome.created == len(payloads) >= 300
    return list(Post.objects.order_by("pk"))


def inspect(page: Page, path: str) -> list[str]:
    page.goto(path, wait_until="domcontentloaded")
    found: list[str] = page.evaluate(INSPECT)
    return [f"{path}: {line}" for line in found]


def note_dialog(dialog: Dialog, dialogs: list[str]) -> None:
    dialogs.append(dialog.message)
    dialog.dismiss()


def test_no_vector_runs_on_any_post_page(poisoned: list[Post], open_page: OpenPage, aino: Person) -> None:
    page = open_page("/latest/", person=aino, bypass_csp=True)
    page.context.add_init_script(TRIPWIRE)
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: note_dialog(dialog, dialogs))
    wrong = [line for post in poisoned for line in inspect(page, post.get_absolute_url())]
    assert wrong == []
    assert dialogs == []


def test_no_vector_runs_in_the_rivers_and_titles_show_as_text(
    poisoned: list[Post], open_page: OpenPage, aino: Person
) -> None:
    page = open_page("/latest/", person=aino, bypass_csp=True)
    page.context.add_init_script(TRIPWIRE)
    blog = Blog.objects.get()
    wrong = [
        line for path in ("/", blog.get_absolute_url(), "/blogs/", "/tags/", "/people/") for line in inspect(page, path)
    ]
    tags = [tag for post in poisoned[::10] for tag in post.tags.all()]
    wrong += [line for tag in tags for line in inspect(page, tag.get_absolute_url())]
    assert wrong == []
    assert any("<" in title for title in Post.objects.values_list("title", flat=True))


def test_the_page_around_a_hostile_post_keeps_its_shape(
    poisoned: list[Post], make_post: Callable[..., Post], open_page: OpenPage, aino: Person
) -> None:
    boxes = """() => [...document.querySelectorAll("body > header, main, article > header")].map(
        element => { const box = element.getBoundingClientRect(); return [box.x, box.width, box.y] })"""
    clean = make_post(title="Clean", blog=Blog.objects.get())
    page = open_page(clean.get_absolute_url(), person=aino, bypass_csp=True)
    expected = page.evaluate(boxes)
    assert len(expected) >= 2
    for post in poisoned[::7]:
        page.goto(post.get_absolute_url(), wait_until="domcontentloaded")
        got = page.evaluate(boxes)
        assert all(
            abs(a - b) <= 2 for row, other in zip(expected, got, strict=True) for a, b in zip(row, other, strict=True)
        )
