"""The place to say something, for the pages that have one."""

from __future__ import annotations

from typing import Any

from django import template
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from aggregator.models import Post
from bloghub.templatetags.assets import asset
from comments.forms import Saying, form_key

register = template.Library()


@register.inclusion_tag("comments/_form.html", takes_context=True)
def comment_form(context: template.Context, post: Post) -> dict[str, Any]:
    """The form that answers a post, for a reader who is signed in: ``{% comment_form post %}``."""
    saying = Saying(post, key=form_key(context["request"].user, post))
    known: dict[Any, Any] = context.flatten()
    return {**known, "saying": saying, "post": post, "by_script": False}


@register.simple_tag
def writing_scripts() -> SafeString:
    """The scripts of the form: drafts are kept, names suggested, selections quoted."""
    names = ("drafts", "comment-form", "quote", "mentions")
    return format_html_join(
        "", '<script type="module" src="{}"></script>', ((asset(f"js/{name}.js"),) for name in names)
    )
