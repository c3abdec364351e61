"""The gate: nothing that runs, frames, posts or follows gets through, and what a reader wants does."""

import json
import re
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest
from hypothesis import given, strategies as st

from bloghub.lib.html import ATTRIBUTES, MAX_DEPTH, TAGS, clean_html, html_from_text, text_from_html
from tests.corpus import CORPUS, needs_corpus

BASE = "https://blog.example/2026/post"
FORCED = {
    "a": {"rel", "referrerpolicy"},
    "img": {"loading", "decoding", "referrerpolicy"},
    "audio": {"controls", "preload"},
    "video": {"controls", "preload"},
}
PREFIX = re.compile(r"p[0-9a-f]{1,8}-")
REL = 'rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"'
IMG = 'loading="lazy" decoding="async" referrerpolicy="no-referrer"'


def clean(html: str) -> str:
    return clean_html(html, base=BASE, id_prefix="p1-")


class Judge(HTMLParser):
    """Lists everything in a fragment that must not be there."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.depth = self.deepest = 0
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr", "img", "col", "source", "track", "wbr"}:
            self.depth += 1
            self.deepest = max(self.deepest, self.depth)
        if tag not in TAGS:
            self.faults.append(f"<{tag}>")
        allowed = ATTRIBUTES["*"] | ATTRIBUTES.get(tag, set()) | FORCED.get(tag, set())
        for name, value in attrs:
            if name not in allowed:
                self.faults.append(f"{tag} {name}")
            if name in {"href", "src", "cite", "poster"} and not self.is_safe(name, value or ""):
                self.faults.append(f"{tag} {name}={value}")
            if name == "id" and not PREFIX.match(value or ""):
                self.faults.append(f"id={value}")

    @staticmethod
    def is_safe(name: str, value: str) -> bool:
        if name == "href" and (PREFIX.match(value.removeprefix("#")) or value.startswith("mailto:")):
            return True
        parts = urlsplit(value)
        return parts.scheme in {"http", "https"} and bool(parts.netloc)

    def handle_endtag(self, tag: str) -> None:
        self.depth -= 1

    def handle_comment(self, data: str) -> None:
        self.faults.append("comment")

    def handle_decl(self, decl: str) -> None:
        self.faults.append("declaration")

    def handle_pi(self, data: str) -> None:
        self.faults.append("instruction")


KEPT = [
    "<p>One <em>two</em> <strong>three</strong><br>four</p>",
    "<table><caption>c</caption><thead><tr><th>a</th></tr></thead><tbody><tr><td>1</td></tr></tbody></table>",
    "<figure><figcaption>c</figcaption></figure>",
    "<dl><dt>t</dt><dd>d</dd></dl>",
    "<ruby>漢<rp>(</rp><rt>kan</rt><rp>)</rp></ruby>",
    "<details><summary>s</summary>d</details>",
    "<p>H<sub>2</sub>O e<sup>x</sup> <kbd>Ctrl</kbd> <q>x</q> <mark>y</mark></p>",
    '<ol start="3"><li>x</li></ol>',
    '<pre><code class="language-python">x = 1</code></pre>',
    '<time datetime="2026-11-22">today</time>',
    '<p dir="rtl" lang="ar">سلام</p>',
]


@pytest.mark.parametrize("html", KEPT)
def test_what_a_post_is_made_of_stays(html: str) -> None:
    assert clean(html) == html


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("a<script>alert(1)</script>b", "ab"),
        ("<style>p{}</style><p style='x' class='y' onclick='z'>t</p>", "<p>t</p>"),
        ("<form action=x><input name=body><button formaction=y>go</button>text</form>", "text"),
        ("<svg><script>x</script></svg><math><mi>x</mi></math>t", "t"),
        ("<object data=x>fallback</object><embed src=x><base href=//evil><meta http-equiv=refresh>t", "t"),
        ("<div hx-get=/x data-x=1 x-data=y popover tabindex=1>t</div>", "<div>t</div>"),
        ("<template><p>x</p></template><dialog open>t</dialog>", "t"),
        ("<!-- c --><![CDATA[x]]>t", "t"),
        ('<code class="hljs lang-rust x">t</code>', '<code class="language-rust">t</code>'),
        ("nul\x00 bell\x07 lone \ud800", "nul bell lone \ufffd"),
    ],
)
def test_what_could_do_harm_goes(html: str, expected: str) -> None:
    assert clean(html) == expected


@pytest.mark.parametrize(
    ("href", "expected"),
    [
        ("/accounts/logout", "https://blog.example/accounts/logout"),
        ("//evil.example/", "https://evil.example/"),
        ("../x", "https://blog.example/x"),
        ("mailto:a@b.example", "mailto:a@b.example"),
        ("#fn1", "#p1-fn1"),
    ],
)
def test_links_lead_to_the_blog_they_came_from(href: str, expected: str) -> None:
    assert clean(f'<a href="{href}">x</a>') == f'<a href="{expected}" {REL}>x</a>'


@pytest.mark.parametrize(
    "scheme", ["javascript:", "java\tscript:", "&#1;javascript:", "vbscript:", "data:text/html,", "file:///"]
)
def test_links_that_run_something_lead_nowhere(scheme: str) -> None:
    assert clean(f'<a href="{scheme}x">t</a><img src="{scheme}x">') == f"<a {REL}>t</a>"


def test_footnotes_find_each_other_and_clobber_nothing() -> None:
    html = clean('<a href="#fn" id="ref">1</a><p id="fn">note</p><p id="csrf token">x</p>')
    assert html == f'<a href="#p1-fn" id="p1-ref" {REL}>1</a><p id="p1-fn">note</p><p>x</p>'


def test_headings_leave_the_first_level_to_the_page() -> None:
    assert clean("<h1>a</h1><h2>b</h2><h6>c</h6>") == "<h2>a</h2><h3>b</h3><h6>c</h6>"
    assert clean("<h2>a</h2><h3>b</h3>") == "<h2>a</h2><h3>b</h3>"


def test_images_are_lazy_and_tell_nobody() -> None:
    html = '<img src=/a.png srcset="a 2x" alt="1 > 0" width=640 height=100% onerror=x>'
    assert clean(html) == f'<img src="https://blog.example/a.png" alt="1 &gt; 0" width="640" {IMG}>'


def test_lazy_loaded_images_get_their_real_address() -> None:
    assert (
        clean('<img src="data:image/gif;base64,R0" data-src="/b.jpg">')
        == f'<img src="https://blog.example/b.jpg" {IMG}>'
    )


@pytest.mark.parametrize("html", ["<img src=/p.gif width=1 height=1>", '<img src=/p.gif height="0">', "<img alt=x>"])
def test_tracking_pixels_and_images_of_nothing_go(html: str) -> None:
    assert clean(html) == ""


def test_sound_and_film_wait_until_they_are_asked() -> None:
    film = "<video poster=/p.jpg><source src=/v.mp4 type=video/mp4><source></video>"
    html = clean("<audio src=/a.mp3 autoplay loop></audio>" + film)
    assert html == (
        '<audio src="https://blog.example/a.mp3" controls="" preload="none"></audio>'
        '<video poster="https://blog.example/p.jpg" controls="" preload="none">'
        '<source src="https://blog.example/v.mp4" type="video/mp4"></video>'
    )


def test_a_frame_becomes_a_link_to_what_it_framed() -> None:
    html = clean('<iframe width="1" src="//video.example/e/1" srcdoc="<script>"></iframe>')
    assert html == f'<p><a href="https://video.example/e/1" {REL}>https://video.example/e/1</a></p>'


@pytest.mark.parametrize(
    ("href", "text", "shown"),
    [
        ("https://evil.example/", "https://intranet/login", "https://intranet/login [evil.example]"),
        ("https://evil.example/", "<b>www.bank.com</b>", "<b>www.bank.com</b> [evil.example]"),
        (
            "https://evil.example/",
            "https://intranet@evil.example.org/",
            "https://intranet@evil.example.org/ [evil.example]",
        ),
        ("https://intranet.evil.example/", "http://intranet/", "http://intranet/ [intranet.evil.example]"),
        ("https://www.blog.example/x", "https://blog.example/x", "https://blog.example/x"),
        ("https://docs.blog.example/x", "blog.example", "blog.example"),
        ("https://code.example/main.py", "src/main.py", "src/main.py"),
        ("https://evil.example/", "read more", "read more"),
    ],
)
def test_a_link_that_reads_as_another_address_shows_its_own(href: str, text: str, shown: str) -> None:
    assert clean(f'<a href="{href}">{text}</a>') == f'<a href="{href}" {REL}>{shown}</a>'


@pytest.mark.parametrize(
    "opening", ["<div>", "<b>", "<blockquote><ul><li>", "<table><tr><td>", '<a x="1"><i>', "<div></p>"]
)
def test_deep_nesting_is_flattened_not_refused(opening: str) -> None:
    html = clean(opening * 20_000 + "the text")
    judge = Judge(html)
    assert "the text" in html
    assert judge.deepest <= MAX_DEPTH
    assert not judge.faults


def test_text_becomes_paragraphs() -> None:
    assert html_from_text("one\ntwo\r\n\r\n<three>") == "<p>one<br>two</p><p>&lt;three&gt;</p>"


def test_text_of_html_is_decoded_once() -> None:
    assert text_from_html("<b>A</b> &amp;lt; B\n&eacute;") == "A &lt; B é"


@needs_corpus
@pytest.mark.parametrize("name", ["bleach", "dompurify", "h5sc", "htmlpurifier", "owasp", "rsnake"])
def test_no_known_attack_gets_through(name: str) -> None:
    vectors = json.loads((CORPUS / "xss" / f"{name}.json").read_text("utf-8"))["vectors"]
    for vector in vectors:
        html = clean(vector["payload"])
        assert not Judge(html).faults, vector["id"]
        assert clean(html) == html, vector["id"]
    assert vectors


MARKUP = """<a href= |<img src=x |<p|>|</p>|<svg>|<math>|<style>|</style>|<script>|<h1>|</h1>|"|'|<!--|-->|<table>|<td>
|<b>|</b>|id=x |&lt;|&#x3c;|javascript:1 |https://a.example/ |</a>|<iframe src='x'>|<noscript>|<select>|<title>
|<audio src=y>|<source>|data-src=z |<a href=//b.example/>https://intranet/"""
PIECES = st.sampled_from([*MARKUP.replace("\n", "").split("|"), "\x00", "\ud800"])


@given(st.lists(PIECES | st.text(max_size=8), max_size=40).map("".join))
def test_any_input_gives_a_safe_fragment_that_stays_as_it_is(html: str) -> None:
    cleaned = clean(html)
    assert not Judge(cleaned).faults
    assert clean(cleaned) == cleaned
