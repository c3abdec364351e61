"""Rows of lists, put together once and kept: what differs from reader to reader is put in beside the kept part.

Python instead of a template, because a page has dozens of them and a template takes six times as long for each.
``html`` escapes whatever is put in.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import lru_cache
from html import escape

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

from aggregator import arcs
from aggregator.models.blog import Blog, blog_address
from aggregator.models.tag import tag_address
from aggregator.templatetags.times import Clock
from aggregator.views.rows import PostRow
from bloghub.people.models import person_address
from bloghub.people.templatetags.faces import face
from bloghub.templatetags.assets import icon

register = template.Library()

KEPT_ROWS = 4_000  # about 3 KB each
LONG_READ = 3  # minutes: short ones are the rule, so only the time that a long one takes is news
MOST_TAGS = 3
MOST_OTHERS = 2  # blogs that have it, too; its page names them all
NOTHING = SafeString("")

register.filter("tag_address", tag_address)
register.filter("blog_address", blog_address)


@register.simple_tag
def rows(posts: Iterable[PostRow], place: str = "river", here: Blog | None = None) -> SafeString:
    """Posts in a list: ``{% rows page.rows "blog" blog %}``. On the page of ``here``, posts of other blogs that stand
    there, too, say whose they are."""
    clock = Clock()
    return SafeString("".join([_guest(post, clock, here) or row(post, clock, place) for post in posts]))


def _guest(post: PostRow, clock: Clock, here: Blog | None) -> str:
    """A post of another blog, as in a river; that it is also here needs no words. Nothing for the blog's own."""
    if here is None or post.blog_id == here.pk:
        return ""
    others = [other for other in post.also_on if other["slug"] != here.slug]
    return row(post._replace(elsewhere=json.dumps(others) if others else None), clock)


def row(post: PostRow, clock: Clock, place: str = "river", said: str | None = None) -> str:
    """One post in a list. ``place``: ``river``, ``blog`` and ``person`` leave out what the page itself says;
    ``folded`` is the one line it gets inside a fold. ``said``: safe HTML in place of its title and first words."""
    before, after, words, end = _kept(post, place, get_language() or "")
    return f"{before}{clock.ago(post.published_at)}{after}{words if said is None else said}{end}"


@lru_cache(maxsize=KEPT_ROWS)
def _kept(post: PostRow, place: str, language: str) -> tuple[SafeString, str, SafeString, SafeString]:
    """A row up to where the time goes, from there to what it says, this, and the rest."""
    if place == "folded":
        return html("<li>{}", _link(post)), "", NOTHING, SafeString("</li>")
    before = html('<article class="row">\n{}<span class="when">', _who(post, place))
    end = html(
        '\n    <div class="foot">{}{}{}</div></div>\n  <div class="notes">{}{}{}</div>\n</article>\n',
        _talk(post),
        _votes(post),
        _also_on(post),
        _blog(post, place),
        _minutes(post),
        _tags(post),
    )
    return before, '</span>\n    </div>\n  </div>\n  <div class="said">', _said(post), end


def html(form: str, *parts: str, **named: str) -> SafeString:
    """Django's ``format_html`` for text, in a third of the time: all that is not safe already is escaped."""
    safe = {name: part if isinstance(part, SafeString) else escape(part) for name, part in named.items()}
    return SafeString(form.format(*[part if isinstance(part, SafeString) else escape(part) for part in parts], **safe))


def _who(post: PostRow, place: str) -> SafeString:
    """Face, name and place of the writer, up to where the time goes."""
    here = place == "river"
    form = '  <div class="who{}">\n    {}<div>\n      {}\n      {}\n      '
    return html(
        form,
        "" if here else " bare",
        face(post.byline, "" if post.username else "elsewhere") if here else "",
        _name(post, place),
        html('<span class="place">{}</span>', post.place) if here and post.place else "",
    )


def _name(post: PostRow, place: str) -> SafeString:
    if place == "person":
        return NOTHING
    if post.username:
        return html('<a class="name" href="{}"><bdi>{}</bdi></a>', person_address(post.username), post.byline)
    if place == "river":
        form = '<a class="name elsewhere" href="{}"><bdi>{}</bdi></a> {}'
        return html(form, blog_address(post.blog_slug), post.byline, _elsewhere(post))
    return html('<span class="name elsewhere"><bdi>{}</bdi></span> {}', post.byline, _elsewhere(post))


def _elsewhere(post: PostRow) -> SafeString:
    """As _elsewhere.html: whose word the name is, for it is none of our people."""
    if post.byline == post.blog_title:
        words = pgettext("beside a name", "the blog itself")
    else:
        words = pgettext("beside a name", "named by the blog")
    return html('<span class="hidden">{}</span>', words)


def _said(post: PostRow) -> SafeString:
    """The title and the first words, or the first words in place of the title."""
    return title_and_words(post, post.title, post.excerpt)


def title_and_words(post: PostRow, title: str, words: str) -> SafeString:
    """As ``_said``, with the post's own or with what a search has marked in them."""
    below = html('\n    <p class="excerpt"{}>{}</p>', _language(post), words) if title and words else NOTHING
    link = html('<a href="{}">{}</a>', post.address, title or words or gettext("A post without title or words"))
    return html('<h2 class="title{}"{}>{}</h2>{}', "" if title else " untitled", _language(post), link, below)


def _language(post: PostRow) -> SafeString:
    """Of the post's own words; nothing where ours stand for them."""
    if not (post.title or post.excerpt):
        return NOTHING
    return html(' lang="{}" dir="{}"', post.language, post.direction)


def _link(post: PostRow) -> SafeString:
    words = post.title or post.excerpt or gettext("A post without title or words")
    return html('<a href="{}"{}>{}</a>', post.address, _language(post), words)


def _talk(post: PostRow) -> SafeString:
    """What was said about it, drawn and in words, as one link to its conversation."""
    drawing = SafeString(arcs.small(post.thread_shape, post.last_comment_number))
    if post.comment_count:
        form = ngettext("%(count)s comment", "%(count)s comments", post.comment_count)
        words = form % {"count": post.comment_count}
    else:
        words = gettext("Nobody has answered yet")
    form = '<a class="talk{}" href="{}#conversation">{}<span class="words">{}</span></a>'
    return html(form, "" if post.comment_count else " silent", post.address, drawing, words)


def _votes(post: PostRow) -> SafeString:
    """How many found it worth reading; the button stands on its page, where one has read it."""
    if not post.vote_count:
        return NOTHING
    words = ngettext("%(count)s vote", "%(count)s votes", post.vote_count) % {"count": post.vote_count}
    form = ' <span class="worth">{}<span class="num" aria-hidden="true">{}</span><span class="hidden">{}</span></span>'
    return html(form, icon("arrow-big-up"), str(post.vote_count), words)


def _blog(post: PostRow, place: str) -> SafeString:
    if place == "blog" or post.blog_title == post.byline:
        return NOTHING
    address = blog_address(post.blog_slug)
    return html('<a class="blog" href="{}"><bdi>{}</bdi></a>\n    ', address, post.blog_title)


def _also_on(post: PostRow) -> SafeString:
    others = post.also_on[:MOST_OTHERS]
    if not others:
        return NOTHING
    form = '<a href="{}"><bdi>{}</bdi></a>'
    links = SafeString(", ".join(html(form, blog_address(other["slug"]), other["title"]) for other in others))
    return html(' <span class="also">{}</span>', html(gettext("also on {blogs}"), blogs=links))


def _minutes(post: PostRow) -> SafeString:
    if post.reading_minutes < LONG_READ:
        return NOTHING
    words = gettext("%(minutes)s minutes to read") % {"minutes": post.reading_minutes}
    return html('<span class="minutes">{}</span>\n    ', words)


def _tags(post: PostRow) -> SafeString:
    labels = post.tag_list[:MOST_TAGS]
    if not labels:
        return NOTHING
    form = '<a class="tag" href="{}"><bdi>{}</bdi></a>'
    links = "".join(html(form, tag_address(label["slug"]), label["name"]) for label in labels)
    return html('<div class="tags">{}</div>', SafeString(links))
