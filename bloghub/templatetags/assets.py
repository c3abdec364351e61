"""Style sheets and icons: their hashed names are looked up once, not on every page."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.conf import settings
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

register = template.Library()

SPRITE = "vendor/lucide@1.62.0/icons.svg"
# Those that point along the line of text turn round in scripts that run from right to left
TURNING = frozenset({"arrow-left", "arrow-right", "chevron-right"})


@register.simple_tag
def asset(path: str) -> str:
    """The address of a file in static/."""
    return _address(path, _storage())


@register.simple_tag
def styles(names: str) -> SafeString:
    """Links to style sheets of static/css/ in the order given: ``{% styles "row fold" %}``."""
    return _links(names, _storage())


@register.simple_tag
def icon(name: str) -> SafeString:
    """An icon of the sprite, hidden from screen readers: words stand beside it."""
    return _svg(name, _storage())


def _storage() -> str:
    """Part of every key: tests change the storage, and with it the names."""
    return str(settings.STORAGES["staticfiles"]["BACKEND"])


@lru_cache(maxsize=256)
def _address(path: str, storage: str) -> str:
    return static(path)


@lru_cache(maxsize=64)
def _links(names: str, storage: str) -> SafeString:
    addresses = ((static(f"css/{name}.css"),) for name in names.split())
    return format_html_join("\n  ", '<link rel="stylesheet" href="{}">', addresses)


@lru_cache(maxsize=64)
def _svg(name: str, storage: str) -> SafeString:
    turns = " turns" if name in TURNING else ""
    return format_html('<svg class="icon{}" aria-hidden="true"><use href="{}#{}"/></svg>', turns, static(SPRITE), name)
