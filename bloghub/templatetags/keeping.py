"""Parts of pages that are rendered once for all they depend on: ``{% keep "menu" user.pk user %}…{% endkeep %}``."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

from django import template
from django.conf import settings
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from bloghub.lib.shelf import Shelf

register = template.Library()

# Stands for the token of the reader's forms, which is another one on every page
_TOKEN = SafeString("\x00token\x00")
_kept: Shelf[SafeString] = Shelf(16_000_000)  # characters


class KeepNode(template.Node):
    """What is between the tags. It may depend on the values that are named, the language, the time zone, the year and
    the settings, and on nothing else; forms get the reader's own token."""

    def __init__(self, nodelist: NodeList, values: list[FilterExpression]) -> None:
        self.nodelist, self.values = nodelist, values

    def render(self, context: template.Context) -> SafeString:
        key = (self._key(context), *_surroundings())
        html = _kept.get(key)
        if html is None:
            with context.push(csrf_token=_TOKEN):
                html = SafeString(self.nodelist.render(context))
            _kept.put(key, html, len(html))
        if _TOKEN not in html:
            return html
        return SafeString(html.replace(_TOKEN, str(context.get("csrf_token", ""))))

    def _key(self, context: template.Context) -> tuple[Hashable, ...]:
        values = (value.resolve(context, ignore_failures=True) for value in self.values)
        return tuple(value if value is None or isinstance(value, int | str) else str(value) for value in values)


@register.tag
def keep(parser: Parser, token: Token) -> KeepNode:
    """``{% keep NAME VALUE … %}``: the name tells it from other parts that depend on the same values."""
    values = [parser.compile_filter(word) for word in token.split_contents()[1:]]
    if not values:
        raise template.TemplateSyntaxError("{% keep %} wants a name.")
    nodelist = parser.parse(("endkeep",))
    parser.delete_first_token()
    return KeepNode(nodelist, values)


def _surroundings() -> tuple[Any, ...]:
    return (
        get_language(),
        timezone.get_current_timezone_name(),
        timezone.localtime().year,
        settings.STORAGES["staticfiles"]["BACKEND"],
        settings.COMPANY_NAME,
        settings.ANONYMOUS_READING,
    )
