"""What every page knows: the company's name and colour, and whether strangers may read."""

from __future__ import annotations

import re
from functools import lru_cache
from hashlib import blake2b

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse

DEFAULT_BRAND = "#2a3fd0"
# Hexadecimal or a name: whatever else stands in the setting cannot end the rule it is put into
_COLOUR = re.compile(r"#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})|[a-zA-Z]{3,24}")


def company(request: HttpRequest) -> dict[str, str | bool]:
    """``company_name``, ``anonymous_reading`` and ``theme_url`` (the style sheet that names the company's colour).

    Asks neither the session nor the database: the pages for 500 and 503 use it, too.
    """
    return {
        "company_name": settings.COMPANY_NAME,
        "anonymous_reading": settings.ANONYMOUS_READING,
        "theme_url": _theme_url(brand_colour(settings.BRAND_COLOUR)),
    }


@lru_cache(maxsize=8)
def brand_colour(setting: str) -> str:
    """The setting as a CSS colour, or the default when it is none."""
    return setting if _COLOUR.fullmatch(setting) else DEFAULT_BRAND


def theme_css(colour: str) -> str:
    """The whole style sheet: one token."""
    return f"@layer tokens {{ :root {{ --brand: {colour}; }} }}\n"


def theme_stamp(colour: str) -> str:
    """Changes with the sheet, so that browsers may keep it for ever."""
    return blake2b(theme_css(colour).encode(), digest_size=6).hexdigest()


@lru_cache(maxsize=8)
def _theme_url(colour: str) -> str:
    return f"{reverse('theme')}?v={theme_stamp(colour)}"
