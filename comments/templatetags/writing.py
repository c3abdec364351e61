"""The place to say something, for the pages that have one."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.utils.html import escape, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from aggregator.models import Post
from bloghub.templatetags.assets import asset
from comments.forms import Saying, form_key

register = template.Library()


@register.simple_tag(takes_context=True)
def comment_form(context: template.Context, post: Post, *, oob: bool = False) -> SafeString:
    """The form that answers a post, for a reader who is signed in: ``{% comment_form post %}``; with ``oob`` in an
    answer to a script, for the place of the one on the page."""
    reader = context["request"].user
    saying = Saying(post, key=form_key(reader, post))
    marks = (saying.listener, str(reader), saying.key, str(context["csrf_token"]), str(post.pk))
    html = _mould(get_language() or "", settings.STORAGES["staticfiles"]["BACKEND"], oob)
    for mark, own in zip((*_MARKS, str(_POST)), marks, strict=True):
        html = html.replace(mark, escape(own))
    return SafeString(html)


# Where a form's own goes in its mould; an address wants a number, and no post is ever called this one
_MARKS = tuple(f"\x00{name}\x00" for name in ("listener", "reader", "key", "token"))
_POST = 10**15 + 9


@lru_cache(maxsize=32)
def _mould(language: str, storage: str, oob: bool) -> str:
    """The empty form under a post with marks: every page of a post has one, and every answer to what is said there."""
    listener, reader, key, token = _MARKS
    post = Post(pk=_POST, author_name=listener)
    known = {"post": post, "saying": Saying(post, key=key), "csrf_token": token, "oob": oob}
    return get_template("comments/_form.html").render({**known, "request": {"user": reader}})


@register.simple_tag
def writing_scripts() -> SafeString:
    """The scripts of the form: drafts are kept, names suggested, selections quoted."""
    names = ("drafts", "comment-form", "quote", "mentions")
    return format_html_join(
        "", '<script type="module" src="{}"></script>', ((asset(f"js/{name}.js"),) for name in names)
    )
