"""What a blog shows to whoever looks behind its address, and what was seen there."""

from __future__ import annotations

from aggregator.polling.types import Trouble
from aggregator.registration import Preview
from tests.web import Answer

RSS = """<rss version="2.0"><channel><title>{title}</title><link>{link}</link><language>fi</language>
<description>From the engine room</description>{items}</channel></rss>"""
ITEM = "<item><guid>{n}</guid><title>Post {n}</title><pubDate>Tue, 0{n} Sep 2026 10:00:00 GMT</pubDate></item>"


def rss(title: str = "Engine Lab", link: str = "", items: int = 5) -> Answer:
    body = RSS.format(title=title, link=link, items="".join(ITEM.format(n=n) for n in range(1, items + 1)))
    return Answer(body.encode(), headers={"Content-Type": "application/rss+xml"})


def page(head: str = "") -> Answer:
    body = f"<!doctype html><html><head><title>A blog</title>{head}</head><body><p>Hello</p></body></html>"
    return Answer(body.encode(), headers={"Content-Type": "text/html; charset=utf-8"})


def link(url: str) -> str:
    return f'<link rel="alternate" type="application/rss+xml" href="{url}">'


def found(outcome: Preview | Trouble) -> Preview:
    assert isinstance(outcome, Preview), outcome
    return outcome


def trouble(outcome: Preview | Trouble) -> Trouble:
    assert isinstance(outcome, Trouble), outcome
    return outcome


def made(url: str = "https://blogs.example/feed", title: str = "Engine Lab") -> Preview:
    return Preview(url, (url,), "rss20", title, "https://blogs.example/")
