"""Every published attack string, in every field of a feed, on the pages that show it (checks X1 to X3).

The content security policy is switched off for these pages, so that it is the cleaning that is shown to hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from urllib.parse import quote, urlsplit
from xml.sax.saxutils import escape, quoteattr

import pytest
from playwright.sync_api import Page, expect

from aggregator.models import Blog, Feed, Post
from aggregator.polling.poll import poll_now
from aggregator.registration import Preview, preview, register
from bloghub.people.models import Person
from tests.browser.conftest import OpenPage
from tests.browser.hostile import guarded, looked_at, vectors
from tests.corpus import needs_corpus
from tests.web import Web, serve

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# What must not stand in a page because of feed content; returns what it found, as text
INSPECT = """() => {
    const wrong = [];
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
            const strangers = element.closest(".prose, .title, .name, .blog, .tag, .about, h1");
            if (/^(on|x-|v-)/i.test(name) || (strangers && /^(data-)?hx-/i.test(name))) wrong.push(name + "=" + value);
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


def feed_of(payloads: list[str]) -> bytes:
    """An RSS feed with each payload in every field of an entry, markup once as itself and once escaped."""
    items = []
    for number, payload in enumerate(payloads):
        text, data = escape(clean_xml(payload)), clean_xml(payload).replace("]]>", "]]&gt;")
        attribute = quoteattr(clean_xml(payload))
        items.append(
            f"<item><guid isPermaLink='false'>{number} {text}</guid><title>{text}</title><link>{text}</link>"
            f"<dc:creator>{text}</dc:creator><author>{text}</author><category>{text}</category>"
            f"<media:thumbnail url={attribute}/><itunes:image href={attribute}/>"
            f"<description>{text}</description><content:encoded><![CDATA[<p>before</p>{data}<p>after</p>]]></content:encoded>"
            f"<enclosure url={attribute} type='audio/mpeg' length='1'/><source url={attribute}>{text}</source></item>"
        )
    return (
        "<?xml version='1.0' encoding='utf-8'?><rss version='2.0' xmlns:dc='http://purl.org/dc/elements/1.1/' "
        "xmlns:media='http://search.yahoo.com/mrss/' xmlns:itunes='http://www.itunes.com/dtds/podcast-1.0.dtd' "
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


@pytest.fixture
def guarded_page(open_page: OpenPage, aino: Person, framed: None) -> Page:
    return guarded(open_page, aino)


@needs_corpus
def test_no_vector_runs_on_any_post_page(poisoned: list[Post], guarded_page: Page) -> None:
    assert looked_at(guarded_page, [post.get_absolute_url() for post in poisoned], INSPECT) == []


@needs_corpus
def test_no_vector_runs_in_the_rivers_and_titles_show_as_text(poisoned: list[Post], guarded_page: Page) -> None:
    paths = ["/", Blog.objects.get().get_absolute_url(), "/blogs/", "/tags/", "/people/"]
    paths += [tag.get_absolute_url() for post in poisoned[::10] for tag in post.tags.all()]
    assert looked_at(guarded_page, paths, INSPECT) == []
    assert any("<" in title for title in Post.objects.values_list("title", flat=True))


# What a page would have to tell of, were it not cleaned
PLANTED = {
    "<script>alert(1)</script>": "ran: alert",
    "<img src=/nowhere onerror=print()>": "ran: print",
    "<input autofocus onfocus=confirm()>": "ran: confirm",
    "<style>@keyframes x{}</style><b style=animation-name:x onanimationstart=prompt()>": "ran: prompt",
    "<script>top.alert(1)</script>": "ran around it: alert",
    "<script>location = '/people/'</script>": "went to ",
    "<meta http-equiv=refresh content='9;url=/people/'>": "http-equiv=",
    "<a href=javascript:alert(1)>press</a>": "href=javascript:",
    "<p onclick=alert(1)>press</p>": "onclick=",
    "<a href=https://a.example/>go</a>": "no nofollow",
}


def test_what_is_not_cleaned_is_told(guarded_page: Page, make_post: Callable[..., Post]) -> None:
    """Or the other tests would show nothing: these stand in the database as no poll would have left them."""
    clean = make_post().get_absolute_url()
    planted = {make_post(content_html=html).get_absolute_url(): told for html, told in PLANTED.items()}
    found = looked_at(guarded_page, [clean, *planted], INSPECT)
    assert [told for path, told in planted.items() if not any(path in line and told in line for line in found)] == []
    assert not any(line.startswith(clean) for line in found)


@needs_corpus
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


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom"><id>{text}</id><title>{text}</title><subtitle>{text}</subtitle>
<link href={quoted}/><icon>{text}</icon><logo>{text}</logo>
<author><name>{text}</name><uri>{text}</uri><email>{text}</email></author>
<entry><id>{text}</id><title>{text}</title><updated>2026-11-01T00:00:00Z</updated><link href={quoted}/>
<author><name>{text}</name><uri>{text}</uri><email>{text}</email></author><category term={quoted} label={quoted}/>
<source><id>{text}</id><title>{text}</title></source><content type="html">{text}</content></entry></feed>"""
# Each calls the canary if it is let: by scripts, styles, frames, forms, prefetching, htmx or Alpine
CALLS = """"><img src=x onerror="window.__pwn=1;fetch('{canary}/onerror')"><script>window.__pwn=1</script>
<script src="{canary}/src"></script><style>@import url({canary}/style)</style><link rel=stylesheet href="{canary}/css">
<link rel="prefetch" href="{canary}/prefetch"><iframe src="{canary}/frame"></iframe><object data="{canary}/object">
</object><embed src="{canary}/embed"><div hx-get="{canary}/hx" hx-trigger="load" data-hx-get="/hx-data" x-init="f()"
data-url="{canary}/data" style="background:url({canary}/background)">.</div><form action="{canary}/form" id="body">
<input name="csrfmiddlewaretoken" autofocus onfocus="this.form.submit()"></form><base href="{canary}/">
<meta http-equiv="refresh" content="0;url={canary}/refresh"><svg onload="fetch('{canary}/svg')"></svg>
<dialog open popover>over it</dialog><a href="java&#9;script:window.__pwn=1" ping="{canary}/ping">press</a>"""


@pytest.fixture
def canary() -> Iterator[Web]:
    """A stranger's server that no page of ours may call."""
    with serve({}) as server:
        yield server


@pytest.fixture
def calling(web: Web, canary: Web) -> Post:
    """A blog and a post that call the canary from every field, registered and polled for real."""
    text = CALLS.format(canary=canary.url)
    web.routes["/feed"] = ATOM.format(text=escape(text), quoted=quoteattr(text)).encode()
    found = preview(web.url + "/feed")
    assert isinstance(found, Preview), found
    blog = register(found)
    list(poll_now(Feed.objects.all()))
    post = Post.objects.get()
    assert "onerror" in post.title + post.author_name + blog.title
    return post


def surfaces(post: Post) -> list[str]:
    tags = [tag.get_absolute_url() for tag in post.tags.all()]
    assert tags
    public = ["/", "/blogs/", "/people/", "/tags/", "/nowhere/<script>window.__pwn=1<", "/tags/<img onerror=1>/"]
    pages = [post.get_absolute_url(), post.blog.get_absolute_url(), "/people/bo/", *tags]
    desks = {"blog": post.blog_id, "feed": post.feed_id, "post": post.pk}
    admin = [f"/admin/aggregator/{noun}/{pk}/{page}/" for noun, pk in desks.items() for page in ("change", "delete")]
    return [*public, *pages, "/admin/", *(f"/admin/aggregator/{noun}/" for noun in [*desks, "tag"]), *admin]


def test_no_field_of_a_feed_calls_anybody_or_is_refused_anything_on_any_page(
    calling: Post, canary: Web, web: Web, open_page: OpenPage, admin: Person, bo: Person
) -> None:
    """With the policy on: what it has nothing to refuse was taken out before."""
    calling.blog.owners.add(bo)
    page = open_page("/latest/", person=admin)
    for path in surfaces(calling):
        page.goto(quote(path))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("window.__pwn") is None, path
        # A page that is not there, and pictures on the blog's own host, which does not exist
        told = page.complaints  # type: ignore[attr-defined]
        refused = [text for text in told if "404" not in text and "NAME_NOT_RESOLVED" not in text]
        assert refused == [], path
    calling.blog.delete()
    page.goto("/admin/aggregator/blog/add/")
    page.get_by_label("Address").fill(web.url + "/feed")
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_role("button", name="Register this blog")).to_be_visible()
    assert page.evaluate("window.__pwn") is None
    assert canary.requests == []


def test_without_the_policy_no_field_calls_anybody_either(
    calling: Post, canary: Web, open_page: OpenPage, admin: Person, bo: Person, framed: None
) -> None:
    calling.blog.owners.add(bo)
    page = guarded(open_page, admin)
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.url))
    paths = [quote(path) for path in surfaces(calling)]
    ours = [path for path in paths if not path.startswith("/admin/")]
    found = looked_at(page, ours, INSPECT) + looked_at(page, [path for path in paths if path not in ours])
    page.wait_for_load_state("networkidle")
    assert found == [f"{path}: answered 404" for path in ours if "%3C" in path]
    assert {page.url.partition("/settings")[0] + path for path in paths} <= set(sent)
    assert [url for url in sent if urlsplit(url).path.startswith("/hx") or urlsplit(url).netloc == canary.address] == []
    assert canary.requests == []
