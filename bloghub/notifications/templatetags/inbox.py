"""Rows of the inbox, put together once and kept; only how long ago it was is put in beside the kept part."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from bloghub.notifications.inbox import LOOKED_AT, Row
from bloghub.people.templatetags.faces import face
from bloghub.templatetags.assets import icon

register = template.Library()

KEPT_ROWS = 4_000  # about 1 KB each
NOTHING = SafeString("")


@register.simple_tag
def told(row: Row, when: SafeString) -> SafeString:
    """One row of the inbox. Its button belongs into a form, and opens it: what is told there is read then."""
    before, after = _around_the_time(row, get_language() or "")
    return SafeString(before + when + after)


@lru_cache(maxsize=KEPT_ROWS)
def _around_the_time(row: Row, language: str) -> tuple[SafeString, SafeString]:
    before = format_html(
        '<li{}>\n  {}\n  <div>\n    <p class="what"><span>{}</span> {}<span class="quiet">',
        SafeString(' class="new"') if row.is_new else NOTHING,
        face(row.actor) if row.actor else _nobody(),
        row.sentence,
        format_html('<span class="hidden">{}</span> ', gettext("new")) if row.is_new else NOTHING,
    )
    after = format_html(
        '</span>{}</p>\n    <h2><button dir="auto" formaction="{}"><bdi>{}</bdi></button></h2>{}\n  </div>\n</li>',
        _in_all(row.in_all),
        reverse("notifications:opening-create", args=[row.pk]),
        row.title or gettext("Open it"),
        format_html('\n    <p class="words" dir="auto">{}</p>', row.excerpt) if row.excerpt else NOTHING,
    )
    return before, after


def _nobody() -> SafeString:
    return format_html('<span class="face nobody" aria-hidden="true">{}</span>', icon("bell"))


def _in_all(count: int) -> SafeString:
    if count <= 1:
        return NOTHING
    if count >= LOOKED_AT:
        words = gettext("%(most)s or more in all") % {"most": count}
    else:
        words = ngettext("%(count)s in all", "%(count)s in all", count) % {"count": count}
    return format_html(' <span class="quiet">{}</span>', words)
