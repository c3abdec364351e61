"""Feeds in the admin: which are ill, since when and why, in words an admin can act on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.timesince import timesince, timeuntil
from django.utils.translation import gettext, gettext_lazy as _

from aggregator.admin.polling import PollingActions, wake_workers
from aggregator.fetching import hub_policy
from aggregator.models import Feed, FeedState, Post
from aggregator.models.feed import POLLED_STATES, FeedQuerySet
from aggregator.polling.explore import spellings
from aggregator.polling.types import Trouble
from aggregator.registration import move

if TYPE_CHECKING:
    FeedModelForm = forms.ModelForm[Feed]
else:
    FeedModelForm = forms.ModelForm

ILL = Q(consecutive_failures__gt=0) | Q(state__in=[FeedState.QUARANTINED, FeedState.GONE])
WHAT = ("url", "blog", "kind", "state")
TROUBLE = ("consecutive_failures", "failing_since", "last_error", "last_error_hint")
TIMES = ("last_polled_at", "last_changed_at", "next_poll_at", "pace")
DOCUMENT = ("format", "title", "post_count", "notes")
SHOWN_ERROR = 160  # characters in a list; the whole reason stands on the feed's page


class IllnessFilter(admin.SimpleListFilter):
    """Feeds in trouble, or those that are well."""

    title = _("health")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failing", _("failing")), ("well", _("well"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feed]) -> QuerySet[Feed]:
        if self.value() == "failing":
            return queryset.filter(ILL)
        return queryset.exclude(ILL) if self.value() == "well" else queryset


class FeedForm(FeedModelForm):
    """Lets an admin correct a feed's address; everything else about a feed is found out by polls."""

    class Meta:
        model = Feed
        fields = ["url"]

    def clean_url(self) -> str:
        """In its normal form, and allowed by the fetch policy as far as that can be told without a look-up."""
        urls = spellings(self.cleaned_data["url"])
        if isinstance(urls, Trouble):
            raise forms.ValidationError(urls.reason)
        refusal = hub_policy().judge_url(urls[0])
        if refusal is not None and urls[0] != self.instance.url:
            raise forms.ValidationError([refusal.reason, *([refusal.hint] if refusal.hint else [])])
        return urls[0]


@admin.register(Feed)
class FeedAdmin(PollingActions):
    """Registered through their blogs, so nothing is added here; a feed may be given a new address."""

    form = FeedForm
    list_display = (
        "url",
        "blog",
        "state",
        "trouble",
        "last_polled",
        "next_poll",
        "consecutive_failures",
        "post_count",
    )
    list_filter = ("state", IllnessFilter, "kind")
    list_select_related = ("blog",)
    search_fields = ("url", "blog__title", "title", "last_error")
    ordering = ("blog__title", "pk")
    fieldsets = (
        (None, {"fields": WHAT}),
        (_("Trouble"), {"fields": TROUBLE}),
        (_("Polling"), {"fields": TIMES}),
        (_("The document"), {"fields": DOCUMENT}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Feed | None = None) -> list[str]:
        return [name for name in WHAT + TROUBLE + TIMES + DOCUMENT if name != "url"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Feed]:
        counted = Post.objects.filter(feed=OuterRef("pk")).order_by().values("feed").annotate(n=Count("pk"))
        posts = Coalesce(Subquery(counted.values("n"), output_field=IntegerField()), 0)
        feeds: QuerySet[Feed] = super().get_queryset(request).annotate(posts_stored=posts)
        return feeds

    def feeds_of(self, chosen: QuerySet[Feed]) -> FeedQuerySet:
        return Feed.objects.filter(pk__in=chosen.values("pk")).order_by("pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("posts"))
    def post_count(self, feed: Feed) -> int:
        return getattr(feed, "posts_stored", 0)

    @admin.display(description=_("trouble"), empty_value="")
    def trouble(self, feed: Feed) -> str:
        reason = feed.last_error
        return reason if len(reason) <= SHOWN_ERROR else f"{reason[:SHOWN_ERROR]}…"

    @admin.display(description=_("last polled"), ordering="last_polled_at")
    def last_polled(self, feed: Feed) -> str:
        if feed.last_polled_at is None:
            return gettext("never")
        return gettext("%(time)s ago") % {"time": timesince(feed.last_polled_at, depth=1)}

    @admin.display(description=_("next poll"), ordering="next_poll_at")
    def next_poll(self, feed: Feed) -> str:
        if feed.state not in POLLED_STATES:
            return ""
        if feed.next_poll_at <= timezone.now():
            return gettext("now")
        return gettext("in %(time)s") % {"time": timeuntil(feed.next_poll_at, depth=1)}

    @admin.display(description=_("visited about every"))
    def pace(self, feed: Feed) -> str:
        return gettext("%(count)d minutes") % {"count": round(feed.interval / 60)}

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        """Only the address can have changed, and a new address starts with a clean slate."""
        if "url" in form.changed_data:
            move(obj, obj.url)
            wake_workers()
