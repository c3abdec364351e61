"""Feeds in the admin: which are ill, since when and why, in words an admin can act on."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.db.models import Case, Count, F, IntegerField, OuterRef, Q, QuerySet, Subquery, Value, When
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from aggregator.admin.health import HealthPages
from aggregator.admin.moves import WAITS, MoveDecisions, move_cell
from aggregator.admin.polling import PollingActions, wake_workers
from aggregator.admin.words import ago_words, asked_words, left_alone_words, next_words, state_words
from aggregator.fetching import hub_policy
from aggregator.models import Feed, FeedState, Host, Post
from aggregator.models.feed import FeedQuerySet
from aggregator.moves import holder
from aggregator.polling.explore import spellings
from aggregator.polling.formats import format_name
from aggregator.polling.types import Trouble
from aggregator.removal import remove_feeds

if TYPE_CHECKING:
    FeedModelForm = forms.ModelForm[Feed]
else:
    FeedModelForm = forms.ModelForm

ILL = Q(consecutive_failures__gt=0) | Q(state__in=[FeedState.QUARANTINED, FeedState.GONE])
URGENT = Case(
    When(ILL & ~Q(state=FeedState.PAUSED), then=Value(0)),
    When(WAITS, then=Value(1)),
    default=Value(2),
    output_field=IntegerField(),
)
WHAT = ("url", "blog", "state", "moved")
TROUBLE = ("consecutive_failures", "failing_since", "last_error", "last_error_hint")
TIMES = ("last_polled_at", "last_good_at", "last_changed_at", "next_poll_at", "pace", "asked_for", "server")
DOCUMENT = ("format_shown", "title", "post_count", "notes")
SHOWN_ERROR = 160  # characters in a list; the whole reason stands on the feed's page


class IllnessFilter(admin.SimpleListFilter):
    """Feeds in trouble, or those that are well."""

    title = _("health")
    parameter_name = "health"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failing", _("failing")), ("moved", _("waits for a decision on its address")), ("well", _("well"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Feed]) -> QuerySet[Feed]:
        if self.value() == "failing":
            return queryset.filter(ILL)
        if self.value() == "moved":
            return queryset.filter(WAITS)
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
        other = holder(self.instance, urls[0])
        if other is not None:
            raise forms.ValidationError(_("This is a feed of “%(blog)s” already."), params={"blog": other.blog})
        return urls[0]


@admin.register(Feed)
class FeedAdmin(HealthPages, MoveDecisions, PollingActions):
    """Registered through their blogs, so nothing is added here; a feed may be given a new address."""

    form = FeedForm
    list_display = ("blog_and_address", "how_it_is", "polls", "post_count")
    list_filter = ("state", IllnessFilter)
    list_select_related = ("blog",)
    search_fields = ("url", "blog__title", "title", "last_error")
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
        slow = Host.objects.filter(name=OuterRef("host"), slow_until__gt=timezone.now()).values("slow_until")
        feeds: QuerySet[Feed] = super().get_queryset(request).annotate(posts_stored=posts, slow_until=Subquery(slow))
        return feeds

    def get_ordering(self, request: HttpRequest) -> list[Any]:
        """What a human must look at first: feeds in trouble, longest ill first."""
        return [URGENT.asc(), F("failing_since").asc(nulls_last=True), F("blog__title").asc(), F("pk").asc()]

    def feeds_of(self, chosen: QuerySet[Feed]) -> FeedQuerySet:
        return Feed.objects.filter(pk__in=chosen.values("pk")).order_by("pk")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    @admin.display(description=_("blog and address"), ordering="blog__title")
    def blog_and_address(self, feed: Feed) -> str:
        short = feed.url.partition("://")[2]
        cell = '<bdi class="row-title">{}</bdi><bdi class="row-address" title="{}">{}</bdi>'
        return format_html(cell, feed.blog.title, feed.url, short)

    @admin.display(description=_("state"), ordering="state")
    def how_it_is(self, feed: Feed) -> str:
        kind = "ill" if feed.is_ill else feed.state
        state = format_html('<span class="feed-state {}">{}</span>{}', kind, state_words(feed), move_cell(feed))
        if not feed.last_error:
            return state
        long = len(feed.last_error) > SHOWN_ERROR
        reason = f"{feed.last_error[:SHOWN_ERROR]}…" if long else feed.last_error
        told = format_html('{}<span class="feed-trouble">{}</span>', state, reason)
        if not feed.last_error_hint:
            return told
        allow = gettext("A line in the configuration allows it:")
        return format_html('{}<span class="feed-hint">{} <code>{}</code></span>', told, allow, feed.last_error_hint)

    @admin.display(description=_("polled"), ordering="next_poll_at")
    def polls(self, feed: Feed) -> str:
        last, soon = ago_words(feed.last_polled_at), next_words(feed)
        if not soon:
            return last
        slow_until: datetime | None = getattr(feed, "slow_until", None)
        when = gettext("next %(when)s") % {"when": soon}
        if slow_until is not None:  # until then it is not polled, due or not
            alone = left_alone_words(slow_until)
            when = f"{when}; {alone}" if feed.next_poll_at > slow_until else alone
        return format_html('{}<span class="next-poll">{}</span>', last, when)

    @admin.display(description=_("its server"))
    def server(self, feed: Feed) -> str:
        return left_alone_words(getattr(feed, "slow_until", None)) or "-"

    @admin.display(description=_("asked for by its publisher"))
    def asked_for(self, feed: Feed) -> str:
        return asked_words(feed) or "-"

    @admin.display(description=_("posts"), ordering="posts_stored")
    def post_count(self, feed: Feed) -> str:
        """The unit is shown where the column has no heading."""
        count = getattr(feed, "posts_stored", 0)
        return format_html('{}<span class="unit"> {}</span>', count, ngettext("post", "posts", count))

    @admin.display(description=_("format"))
    def format_shown(self, feed: Feed) -> str:
        return format_name(feed.format)

    @admin.display(description=_("visited about every"))
    def pace(self, feed: Feed) -> str:
        return gettext("%(count)d minutes") % {"count": round(max(feed.interval, feed.ttl) / 60)}

    def save_model(self, request: HttpRequest, obj: Feed, form: Any, change: bool) -> None:
        """Only the address can have changed, and a new address starts with a clean slate."""
        if "url" in form.changed_data:
            obj.move_to(obj.url, timezone.now())
            wake_workers()

    def delete_model(self, request: HttpRequest, obj: Feed) -> None:
        remove_feeds([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Feed]) -> None:
        remove_feeds(queryset.order_by().values_list("pk", flat=True))
