"""The health page of the feeds, each feed's last polls, and a feed tried out before the admin's eyes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy as _

from aggregator.admin.moves import move_cell
from aggregator.admin.words import ago_words, state_words
from aggregator.health import charts, reasons
from aggregator.health.overview import Ill, Need, Overview, overview, readers_of
from aggregator.health.trial import try_out
from aggregator.models import Feed
from aggregator.polling.history import Visit, unpack_all

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


@dataclass(frozen=True, slots=True)
class Chapter:
    """One need on the page: what it is called and means, and where the feed list has all of them."""

    title: Promise
    about: Promise
    query: str


CHAPTERS: dict[Need, Chapter] = {
    Need.MOVED: Chapter(
        _("Say they have moved"),
        _("The server sends visitors to another host for good. Until you decide, the known address is polled."),
        "health=moved",
    ),
    Need.QUARANTINED: Chapter(
        _("Break the reader"),
        _("Set aside after three attempts, so that no other feed suffers. Resume it once the blog has mended it."),
        "state=quarantined",
    ),
    Need.GONE: Chapter(
        _("Gone for good"),
        _("The server says so (410). Enter a new address, or remove the blog; its posts stay until then."),
        "state=gone",
    ),
    Need.LONG: Chapter(
        _("Failing for over a day"),
        _("Tried on, ever more slowly, once a day at least. Its owners, where the hub knows any, have been told."),
        "health=failing",
    ),
    Need.RESTING: Chapter(
        _("Resting"),
        _("Not there for two weeks. Tried once a day; the first good answer wakes it."),
        "state=resting",
    ),
    Need.NEW: Chapter(
        _("Failing for less than a day"),
        _("Nothing to do yet: most of these recover by themselves."),
        "health=failing",
    ),
}


class HealthPages(AnyModelAdmin):
    """Three pages beside the list of feeds. Looking needs the permission to view feeds, trying out that to change."""

    pages = ((_("Health of the feeds"), "aggregator_feed_health"),)  # in the admin's index (bloghub/admin_site.py)

    def get_urls(self) -> list[URLPattern]:
        see = self.admin_site.admin_view
        return [
            path("health/", see(self.health_view), name="aggregator_feed_health"),
            path("<int:pk>/polls/", see(self.polls_view), name="aggregator_feed_polls"),
            path("<int:pk>/test/", see(self.test_view), name="aggregator_feed_test"),
            *super().get_urls(),
        ]

    def health_view(self, request: HttpRequest) -> HttpResponse:
        """What a human must look at first, and how polling goes as a whole."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        found = overview(timezone.now())
        context = {
            "title": gettext("Health of the feeds"),
            "overview": found,
            "last_hour": found.hours[-2],
            "chapters": [_chapter(found, need) for need in Need if found.needs[need]],
            "polls": charts.polls_chart(found.hours),
            "lag": charts.lag_chart(found.hours),
            "reasons": _by_label(found),
        }
        return self._page(request, "health.html", context)

    def polls_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """One feed's last fifty polls."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        feed = _feed(pk)
        visits = unpack_all(feed.history)
        return self._page(request, "polls.html", {**_about(feed), "visits": [_row(visit) for visit in visits]})

    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Fetches the feed here and now, step by step; nothing is stored."""
        feed = _feed(pk)
        if not self.has_change_permission(request, feed):
            raise PermissionDenied
        if request.method != "POST":  # the page of a POST that was opened again
            return redirect("admin:aggregator_feed_polls", pk)
        trial = try_out(feed, timezone.now())
        return self._page(request, "trial.html", {**_about(feed), "trial": trial})

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name
        page = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "has_change_permission": self.has_change_permission(request),
        }
        return TemplateResponse(request, f"admin/aggregator/feed/{template}", page | context)


def _feed(pk: int) -> Feed:
    return get_object_or_404(Feed.objects.select_related("blog"), pk=pk)


def _about(feed: Feed) -> dict[str, Any]:
    now = timezone.now()
    return {
        "title": feed.blog.title,
        "feed": feed,
        "state": state_words(feed),
        "reason": reasons.reason(feed),
        "advice": reasons.advice(feed.last_error_code),
        "readers": readers_of([feed.pk], now).get(feed.pk, 0),
        **_times(feed),
    }


def _chapter(found: Overview, need: Need) -> dict[str, Any]:
    chapter, shown = CHAPTERS[need], found.of(need)
    return {
        "need": need.value,
        "title": chapter.title,
        "about": chapter.about,
        "count": found.needs[need],
        "all": f"{reverse('admin:aggregator_feed_changelist')}?{chapter.query}",
        "has_more": found.needs[need] > len(shown),
        "rows": [_ill_row(one) for one in shown],
    }


def _ill_row(ill: Ill) -> dict[str, Any]:
    feed = ill.feed
    return {
        "feed": feed,
        "readers": ill.readers,
        "reason": "" if ill.need == Need.MOVED and not feed.last_error else reasons.reason(feed),
        "advice": reasons.advice(feed.last_error_code),
        "move": move_cell(feed) if ill.need == Need.MOVED else "",
        **_times(feed),
    }


def _times(feed: Feed) -> dict[str, str]:
    return {"answered": ago_words(feed.last_good_at), "posted": ago_words(feed.blog.last_post_at)}


def _by_label(found: Overview) -> list[dict[str, Any]]:
    """Codes that mean the same to a reader together, most feeds first; ``share`` of 100 for the bar."""
    counts: dict[str, int] = {}
    for code, count in found.reasons:
        counts[reasons.label(code)] = counts.get(reasons.label(code), 0) + count
    most = max(counts.values(), default=1)
    rows = sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
    return [{"label": label, "count": count, "share": round(100 * count / most, 1)} for label, count in rows]


def _row(visit: Visit) -> dict[str, Any]:
    return {"visit": visit, "label": reasons.label(visit.outcome), "advice": reasons.advice(visit.outcome)}
