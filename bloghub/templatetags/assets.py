"""Style sheets, icons and the parts that are the same on every page: looked up or rendered once."""

from __future__ import annotations

from functools import lru_cache

from django import template
from django.conf import settings
from django.template.loader import get_template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import get_language

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


@register.simple_tag(takes_context=True)
def kept(context: template.Context, name: str) -> SafeString:
    """A part of the page that is the same for everybody, rendered once: it may use ``company_name``, ``theme_url`` and
    ``here`` (which entry of the navigation is the current one) and nothing else."""
    told = tuple(str(context.get(word, "")) for word in ("company_name", "theme_url", "here"))
    return _rendered(name, told, get_language() or "", _storage())


@lru_cache(maxsize=256)
def _rendered(name: str, told: tuple[str, str, str], language: str, storage: str) -> SafeString:
    company_name, theme_url, here = told
    return SafeString(get_template(name).render({"company_name": company_name, "theme_url": theme_url, "here": here}))


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
