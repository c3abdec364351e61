"""What an admin can do about polling, from the list of feeds and from the list of blogs alike.

Polls happen in the workers: here a feed is only made due, and the workers are told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _, ngettext

from aggregator.models import Feed, FeedState
from aggregator.models.feed import POLLED_STATES, FeedQuerySet
from aggregator.tasks import claim_due_feeds
from aggregator.waking import wake

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


def wake_workers() -> None:
    """Tells the workers, once the transaction stands, that something is due; without it beat does within seconds."""
    wake(claim_due_feeds)


class PollingActions(AnyModelAdmin):
    """Adds "poll now", "pause" and "resume" to a list; ``feeds_of`` says which feeds the chosen rows stand for."""

    actions: tuple[str, ...] = ("poll_now", "pause", "resume")

    class Media:
        css = {"all": ["css/admin.css"]}

    def feeds_of(self, chosen: QuerySet[Any]) -> FeedQuerySet:
        raise NotImplementedError

    @admin.action(description=_("Poll now"), permissions=["change"])
    def poll_now(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        feeds = list(self.feeds_of(chosen))
        polled = [feed for feed in feeds if feed.state in POLLED_STATES]
        for feed in polled:  # one row a statement: a longer one could deadlock with a worker's write-back
            Feed.objects.filter(pk=feed.pk).update(next_poll_at=timezone.now())
        if polled:
            wake_workers()
        told = (
            ""
            if not polled
            else ngettext(
                "%(count)d feed is due now; a worker visits it in a moment.",
                "%(count)d feeds are due now; the workers visit them in a moment.",
                len(polled),
            )
        )
        self._tell(request, told, len(polled), left=len(feeds) - len(polled))

    @admin.action(description=_("Pause polling"), permissions=["change"])
    def pause(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        feeds = list(self.feeds_of(chosen).exclude(state=FeedState.PAUSED))
        for feed in feeds:
            feed.pause()
        told = ngettext(
            "%(count)d feed is paused; its posts stay.", "%(count)d feeds are paused; their posts stay.", len(feeds)
        )
        self._tell(request, told, len(feeds))

    @admin.action(description=_("Resume polling"), permissions=["change"])
    def resume(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        feeds = list(self.feeds_of(chosen).exclude(state__in=POLLED_STATES))
        for feed in feeds:
            feed.resume(timezone.now())
        if feeds:
            wake_workers()
        told = ngettext(
            "%(count)d feed is polled again, first in a moment.",
            "%(count)d feeds are polled again, first in a moment.",
            len(feeds),
        )
        self._tell(request, told, len(feeds))

    def _tell(self, request: HttpRequest, told: str, count: int, *, left: int = 0) -> None:
        line = told % {"count": count}
        if left:
            more = ngettext(
                "%(count)d feed is not polled at present and was left alone: resume it first.",
                "%(count)d feeds are not polled at present and were left alone: resume them first.",
                left,
            )
            line = f"{line} {more % {'count': left}}".strip()
        self.message_user(request, line, messages.SUCCESS if count else messages.WARNING)
