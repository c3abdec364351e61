"""A feed that says it has moved, and cannot be believed by itself: the admin adopts the new address or stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext, gettext_lazy as _
from django.views.decorators.http import require_POST

from aggregator.admin.polling import wake_workers
from aggregator.fetching import hub_policy
from aggregator.models import Feed
from aggregator.models.feed import MoveState
from aggregator.moves import adopt, holder, stay
from aggregator.polling.examine import move_of
from aggregator.polling.moving import SIGHTINGS

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin

WAITS = Q(moved_state=MoveState.ASKS, moved_times__gte=SIGHTINGS)  # for an admin's decision


class MoveDecisions(AnyModelAdmin):
    """Two pages to post to, and the buttons that do so from within the admin's own forms."""

    def get_urls(self) -> list[URLPattern]:
        see = self.admin_site.admin_view
        return [
            path("<int:pk>/move/adopt/", see(self.adopt_view), name="aggregator_feed_move_adopt"),
            path("<int:pk>/move/stay/", see(self.stay_view), name="aggregator_feed_move_stay"),
            *super().get_urls(),
        ]

    @method_decorator(require_POST)
    def adopt_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Polls the feed at its new address, first in a moment."""
        feed, url = self._asked(request, pk)
        if url:
            self._adopt(request, feed, url)
        return self._back(request)

    @method_decorator(require_POST)
    def stay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Keeps the known address, and asks no more."""
        feed, url = self._asked(request, pk)
        if url:
            stay(feed, url)
            told = gettext("“%(blog)s” stays at %(url)s.") % {"blog": feed.blog, "url": feed.url}
            self.message_user(request, told, messages.SUCCESS)
        return self._back(request)

    def _adopt(self, request: HttpRequest, feed: Feed, url: str) -> None:
        refusal = hub_policy().judge_url(url)  # the policy may have changed since
        other = None if refusal else adopt(feed, url)
        if refusal:
            self.message_user(request, refusal.reason, messages.ERROR)
        elif other:
            self.message_user(request, taken_words(other), messages.ERROR)
        else:
            wake_workers()
            told = gettext("“%(blog)s” is polled at %(url)s from now on.") % {"blog": feed.blog, "url": url}
            self.message_user(request, told, messages.SUCCESS)

    def _asked(self, request: HttpRequest, pk: int) -> tuple[Feed, str]:
        """The feed and the address that was on the button; none when the feed says another one by now."""
        feed = get_object_or_404(Feed.objects.select_related("blog"), pk=pk)
        if not self.has_change_permission(request, feed):
            raise PermissionDenied
        url = request.POST.get("moved_url", "")
        if url and feed.moved_url == url:
            return feed, url
        if url != feed.url:  # else it was done before
            self.message_user(request, gettext("The feed says something else by now; look again."), messages.WARNING)
        return feed, ""

    def _back(self, request: HttpRequest) -> HttpResponse:
        """To the page with the button."""
        page = request.META.get("HTTP_REFERER", "")
        if not url_has_allowed_host_and_scheme(page, {request.get_host()}, require_https=request.is_secure()):
            page = reverse("admin:aggregator_feed_changelist")
        return HttpResponseRedirect(page)

    @admin.display(description=_("move"))
    def moved(self, feed: Feed) -> str:
        """On the feed's own page, where one more query tells of another feed there."""
        other = holder(feed, feed.moved_url) if feed.moved_url else None
        taken = format_html('<span class="feed-trouble">{}</span>', taken_words(other)) if other else ""
        return format_html("{}{}", taken, move_cell(feed, form="feed-move")) if feed.moved_url else "-"


def taken_words(other: Feed) -> str:
    """Why a feed cannot get the address of this one."""
    return gettext("The new address is that of a feed of “%(blog)s” already.") % {"blog": other.blog}


def move_cell(feed: Feed, *, form: str = "") -> str:
    """What the feed's server says of its address, and the two buttons when somebody is to decide.

    They belong to the form around them, or to the one with the id ``form``.
    """
    if not feed.moved_url:
        return ""
    told = format_html(
        '<span class="feed-move">{} <bdi>{}</bdi></span>', gettext("Says it has moved to"), feed.moved_url
    )
    if feed.moved_state == MoveState.STAYS:
        return format_html("{} {}", told, gettext("(not followed)"))
    if not move_of(feed).waits:
        return format_html("{} {}", told, gettext("(seen %(times)d of 3 times)") % {"times": min(feed.moved_times, 3)})
    owner = format_html(' form="{}"', form) if form else ""
    button = '<button class="button" name="moved_url" value="{}" formaction="{}" formnovalidate{}>{}</button>'
    buttons = (
        format_html(button, feed.moved_url, reverse(f"admin:aggregator_feed_move_{name}", args=[feed.pk]), owner, words)
        for name, words in (("adopt", gettext("Adopt the new address")), ("stay", gettext("Stay")))
    )
    return format_html('{} <span class="feed-decision">{} {}</span>', told, *buttons)
