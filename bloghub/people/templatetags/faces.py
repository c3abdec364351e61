"""Faces: the coloured initials beside a name."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

from bloghub.people.models import face_hue, initials

register = template.Library()


@register.simple_tag
def face(name: str, kind: str = "") -> SafeString:
    """The face of ``name``. ``kind``: ``elsewhere`` for a voice known from its blog only, ``huge`` at a page's head.

    Hidden from screen readers, because the name stands beside it.
    """
    return _face(str(name), kind)


@lru_cache(maxsize=4096)  # the same few hundred writers stand on every page
def _face(name: str, kind: str) -> SafeString:
    return format_html(
        '<span class="face hue-{} {}" aria-hidden="true">{}</span>', face_hue(name), kind, initials(name)
    )
