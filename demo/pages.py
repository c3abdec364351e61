"""The demo blogs' own pages: what a reader finds behind a permalink. Plain HTML, a little style, no script.

Owns markup only; which posts are out, and how pages are sent, is decided in serve.py.
"""

from __future__ import annotations

from html import escape

from demo import feeds
from demo.company import Blog, Company, DatedPost

_STYLE = """
:root { color-scheme: light dark;
  --accent: oklch(48% 0.12 HUE); --paper: #fdfcf9; --ink: #22211e; --soft: #6b675f }
@media (prefers-color-scheme: dark) {
  :root { --accent: oklch(78% 0.11 HUE); --paper: #191917; --ink: #e9e6df; --soft: #a29d92 }
}
body { margin: 0 auto; padding: 3rem 1.25rem 6rem; max-width: 40rem;
  background: var(--paper); color: var(--ink); font: 1.125rem/1.6 Georgia, "Noto Serif", serif }
a { color: var(--accent) } h1 { line-height: 1.15 } h1 a { text-decoration: none }
header { margin-block-end: 3rem } .meta { color: var(--soft); font-size: 0.9rem }
article { margin-block-end: 2.5rem } img, audio { max-width: 100%; height: auto } figure { margin-inline: 0 }
figcaption { color: var(--soft); font-size: 0.9rem }
pre { overflow-x: auto; padding: 1rem; font-size: 0.85rem;
  background: color-mix(in srgb, var(--accent) 8%, transparent) }
table { border-collapse: collapse } th, td { padding: 0.3rem 0.9rem 0.3rem 0; text-align: start;
  border-block-end: 1px solid color-mix(in srgb, var(--soft) 40%, transparent) }
blockquote { margin-inline: 0; padding-inline-start: 1rem; border-inline-start: 3px solid var(--accent) }
"""
_RIGHT_TO_LEFT = {"ar", "fa", "he", "ur"}


def company_page(company: Company) -> str:
    """The list of all blogs."""
    blogs = "".join(
        f'<article lang="{blog.language}" dir="auto"><h2><a href="{blog.path}">{escape(blog.title)}</a></h2>'
        f"<p>{escape(blog.description)}</p></article>"
        for blog in company.blogs.values()
    )
    head = f"<header><h1>{escape(company.name)}</h1><p>{escape(company.description)}</p></header>"
    return _page("en", f"Blogs at {company.name}", head + blogs, hue=195)


def blog_page(blog: Blog, posts: tuple[DatedPost, ...]) -> str:
    """A blog's homepage: every post's title, newest first. Its head names the feed."""
    rows = "".join(
        f'<article><h2><a href="{dated.post.path}">{escape(dated.post.title)}</a></h2>{_byline(dated)}'
        f"<p>{escape(dated.post.summary)}</p></article>"
        for dated in posts
    )
    return _page(blog.language, blog.title, _masthead(blog, "h1") + rows, hue=blog.hue, links=_alternate(blog))


def post_page(dated: DatedPost) -> str:
    """One post, whole."""
    post, blog = dated.post, dated.post.blog
    audio = f'<p><audio controls src="{post.audio_path}"></audio></p>' if post.audio else ""
    tags = " · ".join(escape(tag) for tag in post.tags)
    body = (
        f"{_masthead(blog, 'p')}<article><h1>{escape(post.title)}</h1>{_byline(dated)}{audio}{post.html('')}"
        f'<p class="meta">{tags}</p></article>'
    )
    title = f"{post.title} · {blog.title}"
    return _page(post.language, title, body, hue=blog.hue, links=_alternate(blog))


def missing_page() -> str:
    """For an address with nothing behind it."""
    body = '<h1>There is nothing here</h1><p><a href="/">All blogs of the demo</a></p>'
    return _page("en", "There is nothing here", body, hue=195)


def _masthead(blog: Blog, element: str) -> str:
    title = f'<{element}><a href="{blog.path}">{escape(blog.title)}</a></{element}>'
    return f'<header>{title}<p class="meta">{escape(blog.description)}</p></header>'


def _byline(dated: DatedPost) -> str:
    author = dated.post.author
    when = f'<time datetime="{dated.published_at.isoformat()}">{dated.published_at:%Y-%m-%d %H:%M}</time>'
    return f'<p class="meta">{escape(author.display_name)} · {author.team}, {author.site} · {when}</p>'


def _alternate(blog: Blog) -> str:
    media_type = feeds.FORMATS[blog.format].media_type.partition(";")[0]
    # Discovery knows the feed types, so a feed sent as bare XML is still announced as what it is.
    announced = "application/rss+xml" if media_type in {"text/xml", "application/xml"} else media_type
    title = escape(blog.title)
    return f'<link rel="alternate" type="{announced}" title="{title}" href="{blog.feed_path}">'


def _page(language: str, title: str, body: str, *, hue: int, links: str = "") -> str:
    direction = "rtl" if language in _RIGHT_TO_LEFT else "ltr"
    return (
        f'<!doctype html><html lang="{language}" dir="{direction}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>{links}'
        f"<style>{_STYLE.replace('HUE', str(hue))}</style></head><body>{body}</body></html>"
    )
