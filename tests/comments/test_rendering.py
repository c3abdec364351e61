"""What a comment looks like: Markdown, names, links, code, and nothing that harms a page or takes long."""

from __future__ import annotations

import json
import re
from html import unescape

import pytest
from hypothesis import given, settings, strategies as st

from bloghub.lib.html import clean_html
from comments.rendering import ID_PREFIX, MAX_ANCHORS, MAX_LENGTH, Context, Rendered, names_in, posts_in, render
from tests.corpus import CORPUS, needs_corpus

HUB = "https://hub.example"
CONTEXT = Context(
    people={"aino": ("Aino Lehtinen", "/people/aino/"), "b.o": ("Bo", "/people/b.o/")},
    posts={12: "Wind & waves"},
    hub=HUB,
)


def html_of(body: str) -> str:
    """Without what every link carries."""
    html = render(body, CONTEXT).html
    return html.replace(' rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"', "").replace(
        ' dir="auto"', ""
    )


@pytest.mark.parametrize(
    ("body", "html"),
    [
        ("*a* **b** `c` ~~d~~", "<p><em>a</em> <strong>b</strong> <code>c</code> <s>d</s></p>"),
        ("one\ntwo", "<p>one<br>\ntwo</p>"),
        ("> q\n\n- a\n- b", "<blockquote>\n<p>q</p>\n</blockquote>\n<ul>\n<li>a</li>\n<li>b</li>\n</ul>"),
        ("# Big\n\n### Small", "<h4>Big</h4>\n<h6>Small</h6>"),
        ("<b>bold</b> <script>x</script>", "<p>&lt;b&gt;bold&lt;/b&gt; &lt;script&gt;x&lt;/script&gt;</p>"),
        ("[x](javascript:alert(1))", "<p>[x](javascript:alert(1))</p>"),
        ("[x](/posts/12/)", f'<p><a href="{HUB}/posts/12/">x</a></p>'),
        ("I am :smile: `:smile:` :nosuch:", "<p>I am 😄 <code>:smile:</code> :nosuch:</p>"),
        ("```nosuch\n<a>\n```", '<pre><code class="language-nosuch">&lt;a&gt;\n</code></pre>'),
        ("a\x00b\u202ec\u200bd", "<p>abcd</p>"),
    ],
)
def test_markdown(body: str, html: str) -> None:
    assert html_of(body) == html


def test_tables() -> None:
    assert "<th>a</th>" in html_of("|a|b|\n|-|:-:|\n|1|2|")


def test_code_is_coloured() -> None:
    html = html_of("```python\ndef f(x):  # why\n    return 'y'\n```")
    assert '<span class="hl-k">def </span><span class="hl-f">f</span>(x):' in html
    assert '<span class="hl-c"># why' in html


@pytest.mark.parametrize(
    ("body", "href", "text"),
    [
        ("see https://x.example/a_b(c).", "https://x.example/a_b(c)", "https://x.example/a_b(c)"),
        ("(http://blogs/tuomas)", "http://blogs/tuomas", "http://blogs/tuomas"),
        ("www.x.example, then", "http://www.x.example", "www.x.example"),
        ("Hi @aino!", f"{HUB}/people/aino/", "Aino Lehtinen"),
        ("Hi @AINO, you", f"{HUB}/people/aino/", "Aino Lehtinen"),
        ("Ask @b.o.", f"{HUB}/people/b.o/", "Bo"),
        (f"{HUB}/posts/12/wind/?comment=3#c3", f"{HUB}/posts/12/wind/?comment=3#c3", "Wind &amp; waves"),
        ("in /posts/12/ too", f"{HUB}/posts/12/", "Wind &amp; waves"),
        (f"<{HUB}/posts/12/>", f"{HUB}/posts/12/", "Wind &amp; waves"),
        (f"{HUB}/posts/13/", f"{HUB}/posts/13/", f"{HUB}/posts/13/"),
    ],
)
def test_what_becomes_a_link(body: str, href: str, text: str) -> None:
    assert f'<a href="{href}">{text}</a>' in html_of(body)


@pytest.mark.parametrize(
    "body",
    [
        "@nobody",
        "x@aino",
        "aino@aino.example",
        "`@aino`",
        "main.py",
        "/posts/99/",
        "https:/x",
        "```\n@aino www.x.example\n```",
    ],
)
def test_what_does_not(body: str) -> None:
    found = render(body, CONTEXT)
    assert "<a " not in found.html
    assert found.mentions == ()


def test_nothing_within_a_link_is_linked_again() -> None:
    assert html_of("[@aino www.x.example](https://x.example)").count("<a ") == 1


def test_mentions_and_links_are_reported() -> None:
    body = f"@aino @b.o @aino https://x.example ![](https://y.example/p.png) {HUB}/posts/12/ [hub]({HUB}/tags/)"
    found = render(body, CONTEXT)
    assert found.mentions == ("aino", "b.o")
    assert found.links == 2


def test_links_say_nothing_about_the_reader() -> None:
    assert (
        'rel="noopener noreferrer nofollow" referrerpolicy="no-referrer"' in render("https://x.example", CONTEXT).html
    )


def test_the_excerpt_is_one_plain_line() -> None:
    assert render("# Well\n\nI *do* & <b>\n\n> quote", CONTEXT).excerpt == "Well I do & <b> quote"


@pytest.mark.parametrize(
    "body", ["", " \n\t", "> >\n>", "- \n- ", "***", "[a]: /b", "\u200b\u202e", "\u2800", "![](", "&nbsp;"]
)
def test_what_shows_nothing_is_empty_or_seen(body: str) -> None:
    found = render(body, CONTEXT)
    assert found == Rendered("", "", (), 0) or found.excerpt


def test_letters_do_not_pile_up() -> None:
    assert html_of("a" + "\u0301" * 50).count("\u0301") <= 4


def test_names_and_posts_to_look_up() -> None:
    body = "@Aino @b.o. @aino " + " ".join(f"@p{n} /posts/{n}/" for n in range(200))
    assert names_in(body)[:2] == ["aino", "b.o"]
    assert len(names_in(body)) == 50
    assert posts_in(body)[:3] == [0, 1, 2]
    assert len(posts_in(body)) == 20


BOMBS = {
    "quotes": ">" * MAX_LENGTH,
    "lists": "- " * 5_000,
    "steps": "\n".join("  " * level + "- a" for level in range(98)),
    "brackets": "[" * MAX_LENGTH,
    "pictures": "![" * 5_000,
    "emphasis": "*a_" * 3_333,
    "references": "\n".join(f"[{number}]: x" for number in range(1_100)),
    "uses": "[a]: x\n\n" + "[a]" * 3_300,
    "cells": "|a" * 200 + "\n" + "|-" * 200 + "\n" + "|\n" * 4_000,
    "short rows": "|a" * 60 + "\n" + "|-" * 60 + "\n" + "a\n" * 4_800,
    "paragraphs": "a\n\n" * 3_333,
    "backticks": "`a" * 5_000,
    "autolinks": "<x:y>" * 2_000,
    "names": "@aino " * 1_666,
    "fences": "```py\n1\n```\n" * 800,
    "quotes in lists": "> - " * 2_500,
}


@pytest.mark.parametrize("name", BOMBS)
def test_bombs_are_shown_as_they_were_typed(name: str) -> None:
    """No timing here: that the parser is not asked at all shows in what comes out."""
    html = render(BOMBS[name], CONTEXT).html
    assert set(re.findall("<(\\w+)", html)) <= {"p", "br"}
    assert "".join(unescape(re.sub("<[^>]*>", "", html)).split()) == "".join(BOMBS[name].split())


def test_prose_of_the_greatest_length_keeps_its_markup() -> None:
    rich = "When I *first* tried this (in March), the `pump_speed` was [off](https://x.example/a_b); see below. "
    plain = "Nobody had asked for it before, and so we went on as we always had; it was late in the year. " * 2
    body = ((rich + plain + "\n\n- a point, with words\n- another one\n\n") * 40)[:MAX_LENGTH]
    assert render(body, CONTEXT).html.count("<em>") > 25


def test_long_code_is_no_bomb() -> None:
    html = html_of("Look:\n\n```python\n" + "x[i] = {'a_b': *args}\n" * 400 + "```\n\n*Well*?")
    assert "<em>Well</em>" in html


def test_only_so_many_anchors() -> None:
    assert render("http://a " * 150, CONTEXT).html.count("<a ") <= MAX_ANCHORS


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=300) | st.text(alphabet="[]()!*_`~<>|#-+:@/.\\&;\n \t1a\u202e\u0301", max_size=400))
def test_nothing_makes_it_fail_and_the_gate_has_nothing_left_to_do(body: str) -> None:
    html = render(body, CONTEXT).html
    assert clean_html(html, base=HUB + "/", id_prefix=ID_PREFIX, coloured=True) == html


def vectors() -> list[str]:
    """The published attack strings, as they are and where Markdown would put them."""
    found = []
    for path in sorted((CORPUS / "xss").glob("*.json")):
        data = json.loads(path.read_text())
        found += [vector["payload"] for vector in data.get("vectors", [])]
    return found


_ALLOWED = re.compile(
    r"</?(?:a|blockquote|br|code|del|em|h[4-6]|hr|img|li|ol|p|pre|s|span|strong|t(?:able|body|d|h|head|r)|ul)\b"
)
_TAG = re.compile(r"<[^>]*>")
_HARM = re.compile(r"\s(?:on\w+|style|srcdoc|formaction|name|id)\s*=|(?:href|src)=\"(?!https?:|mailto:|#said-)", re.I)


@needs_corpus
@pytest.mark.parametrize(
    "place",
    ["%s", "[x](%s)", "![x](%s)", "<%s>", "[a]\n\n[a]: %s", "```%s\nx\n```", "`%s`", "> # %s", "|a|\n|-|\n|%s|", "@%s"],
)
def test_published_attacks_come_out_harmless(place: str) -> None:
    payloads = vectors()
    assert len(payloads) > 60
    for payload in payloads:
        html = render(place.replace("%s", payload), CONTEXT).html
        for tag in _TAG.findall(html):
            assert _ALLOWED.match(tag), tag
            assert not _HARM.search(tag), tag
