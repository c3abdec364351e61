"""Times on pages: how long ago, with the exact time in the reader's zone on hover and the instant for machines."""

from __future__ import annotations

from datetime import UTC, date, datetime
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext, ngettext, pgettext

register = template.Library()

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800  # s


@register.simple_tag
def ago(moment: datetime) -> SafeString:
    """``<time>`` with the short form: “11 min”, “3 h”, “Tue”, “17 Nov”, “17 Nov 2024”."""
    now = timezone.now()
    local = timezone.localtime(moment)
    return _element(moment, local, _short(int((now - moment).total_seconds()), local, timezone.localtime(now).year))


@register.simple_tag
def exact(moment: datetime) -> SafeString:
    """``<time>`` to the minute, in the reader's zone: “Tuesday 17 November, 8:12”, with the year when it is past."""
    local = timezone.localtime(moment)
    form = "thisyear" if local.year == timezone.localtime().year else "full"
    return _element(moment, local, _exact(local, form))


@register.simple_tag
def day(moment: datetime) -> SafeString:
    """``<time>`` with the date alone."""
    local = timezone.localtime(moment)
    return _element(moment, local, _date(local.date(), _language(), "day"))


def _element(moment: datetime, local: datetime, words: str) -> SafeString:
    instant = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
    # Safe without escaping: digits, and dates as Django and our own translations write them
    return mark_safe(f'<time datetime="{instant}Z" title="{_exact(local)}">{words}</time>')  # noqa: S308


def _short(seconds: int, local: datetime, this_year: int) -> str:
    if seconds < MINUTE:
        return gettext("now")
    if seconds < HOUR:
        minutes = seconds // MINUTE
        return ngettext("%(count)d min", "%(count)d min", minutes) % {"count": minutes}
    if seconds < DAY:
        hours = seconds // HOUR
        return ngettext("%(count)d h", "%(count)d h", hours) % {"count": hours}
    form = "weekday" if seconds < WEEK else "near" if local.year == this_year else "far"
    return _date(local.date(), _language(), form)


def _exact(local: datetime, form: str = "full") -> str:
    return pgettext("date, time", "%(date)s, %(time)s") % {
        "date": _date(local.date(), _language(), form),
        "time": f"{local.hour}:{local.minute:02}",
    }


def _language() -> str:
    return get_language() or ""


@lru_cache(maxsize=4096)
def _date(day: date, language: str, form: str) -> str:
    """One date in one language; a page names the same few days over and over, and formatting them is slow."""
    patterns = {
        # Translators: the letters are those of Django's date filter
        "weekday": pgettext("date, within the last week", "D"),
        "near": pgettext("date, this year, short", "j M"),
        "far": pgettext("date, another year, short", "j M Y"),
        "day": pgettext("date, in a sentence", "j F Y"),
        "thisyear": pgettext("date, this year, in full", "l j F"),
        "full": pgettext("date, in full", "l j F Y"),
    }
    return format_date(day, patterns[form])
