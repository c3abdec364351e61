"""Times on pages: how long ago, with the exact time in the reader's zone on hover and the instant for machines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache

from django import template
from django.utils import timezone
from django.utils.dateformat import format as format_date
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext, pgettext

register = template.Library()

MINUTE, HOUR, DAY, WEEK = 60, 3_600, 86_400, 604_800  # s


@dataclass(frozen=True, slots=True)
class Words:
    """What times are made of in one language; looking it up for every time of a page would cost more than the rest."""

    now: str
    date_and_time: str
    patterns: dict[str, str]


@register.simple_tag
def ago(moment: datetime) -> SafeString:
    """``<time>`` with the short form: “11 min”, “3 h”, “Tue”, “17 Nov”, “17 Nov 2024”."""
    return Clock().ago(moment)


class Clock:
    """The reader's now, zone and language, found out once for a page that shows hundreds of times."""

    __slots__ = ("_language", "_now", "_today", "_zone")

    def __init__(self) -> None:
        self._now, self._zone, self._language = timezone.now(), timezone.get_current_timezone(), _language()
        self._today = self._now.astimezone(self._zone).date()

    def ago(self, moment: datetime) -> SafeString:
        """As the tag of this name."""
        opening, day = _opened(moment, self._zone, self._language)
        seconds = int((self._now - moment).total_seconds())
        language = self._language
        words = _short(seconds, language) if seconds < DAY else _day(seconds, day, self._today, language)
        return SafeString(f"{opening}{words}</time>")


@register.simple_tag
def exact(moment: datetime) -> SafeString:
    """``<time>`` to the minute, in the reader's zone: “Tuesday 17 November, 8:12”, with the year when it is past."""
    local, language = timezone.localtime(moment), _language()
    opening, _local_day = _opened(moment, timezone.get_current_timezone(), language)
    form = "thisyear" if local.year == timezone.localtime().year else "full"
    return SafeString(f"{opening}{_exact(local, language, form)}</time>")


@lru_cache(maxsize=8192)
def _opened(moment: datetime, zone: tzinfo, language: str) -> tuple[str, date]:
    """What does not pass with time: the opening tag, and the day in this zone."""
    local = moment.astimezone(zone)
    instant = moment.astimezone(UTC).replace(tzinfo=None, microsecond=0).isoformat()
    # Safe without escaping: digits, and dates as Django and our own translations write them
    return f'<time datetime="{instant}Z" title="{_exact(local, language, "full")}">', local.date()


def _short(seconds: int, language: str) -> str:
    return _words(language).now if seconds < MINUTE else _counted(seconds // MINUTE, language)


def _day(seconds: int, day: date, today: date, language: str) -> str:
    """A day ago or more."""
    if seconds < WEEK:
        return _date(day, language, "weekday")
    return _date(day, language, "near" if day.year == today.year else "far")


@lru_cache(maxsize=8192)
def _counted(minutes: int, language: str) -> str:
    """Less than a day in minutes or hours."""
    if minutes < HOUR // MINUTE:
        return ngettext("%(count)d min", "%(count)d min", minutes) % {"count": minutes}
    hours = minutes * MINUTE // HOUR
    return ngettext("%(count)d h", "%(count)d h", hours) % {"count": hours}


def _exact(local: datetime, language: str, form: str) -> str:
    time = f"{local.hour}:{local.minute:02}"
    return _words(language).date_and_time % {"date": _date(local.date(), language, form), "time": time}


def _language() -> str:
    return get_language() or ""


@lru_cache(maxsize=32)
def _words(language: str) -> Words:
    return Words(
        now=gettext("now"),
        date_and_time=pgettext("date, time", "%(date)s, %(time)s"),
        patterns={
            # Translators: the letters are those of Django's date filter
            "weekday": pgettext("date, within the last week", "D"),
            "near": pgettext("date, this year, short", "j M"),
            "far": pgettext("date, another year, short", "j M Y"),
            "thisyear": pgettext("date, this year, in full", "l j F"),
            "full": pgettext("date, in full", "l j F Y"),
        },
    )


@lru_cache(maxsize=4096)
def _date(day: date, language: str, form: str) -> str:
    """One date in one language; a page names the same few days over and over, and formatting them is slow."""
    return format_date(day, _words(language).patterns[form])
