"""Pushes in the admin: what hubs have promised, and the secret address of each blog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from aggregator.admin.words import ago_words
from aggregator.models import Blog, LeaseState, WebSubLease
from aggregator.pushing import hooks

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class PushFacts(AnyModelAdmin):
    """For a list of blogs: “make a new address for pushes”, and the address itself on the blog's page."""

    @admin.action(description=_("Make a new address for pushes"), permissions=["change"])
    def renew_hook(self, request: HttpRequest, chosen: QuerySet[Blog]) -> None:
        made = sum(hooks.renew(blog, instead_of=blog.hook_key) for blog in chosen)
        told = ngettext(
            "%(count)d blog has a new address for pushes; its old one has ended. The blog's page shows it.",
            "%(count)d blogs have new addresses for pushes; their old ones have ended. The blogs' pages show them.",
            made,
        )
        self.message_user(request, told % {"count": made}, messages.SUCCESS)

    @admin.display(description=_("address for pushes"))
    def hook_address(self, blog: Blog) -> str:
        if not blog.hook_key:
            return gettext("none yet; the list of blogs has an action that makes one")
        return format_html("<code>{}</code>", hooks.address(blog))


@admin.register(WebSubLease)
class WebSubLeaseAdmin(AnyModelAdmin):
    """To look at: leases come and go with what polls find. A hub on another host than its feeds stands out."""

    list_display = ("feed", "hub", "how_it_is", "expires_at", "pushed")
    list_filter = ("state",)
    list_select_related = ("feed",)
    search_fields = ("feed__url", "hub_url")
    ordering = ("hub_url", "pk")
    fields = ("feed", "hub_url", "topic_url", "how_it_is", "asked_at", "ask_at", "expires_at", "pushed", "last_error")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: WebSubLease | None = None) -> bool:
        return False

    @admin.display(description=_("hub"), ordering="hub_url")
    def hub(self, lease: WebSubLease) -> str:
        if not lease.is_elsewhere:
            return lease.hub_host
        return format_html("{} <strong>{}</strong>", lease.hub_host, gettext("(on another host than the feed)"))

    @admin.display(description=_("state"), ordering="state")
    def how_it_is(self, lease: WebSubLease) -> str:
        if lease.state == LeaseState.ACTIVE and not lease.is_active(timezone.now()):
            return gettext("ended")
        if lease.missed_at is not None:
            return gettext("did not tell of a post")
        return f"{lease.get_state_display()}. {lease.last_error}" if lease.last_error else lease.get_state_display()

    @admin.display(description=_("last push"), ordering="last_push_at")
    def pushed(self, lease: WebSubLease) -> str:
        return ago_words(lease.last_push_at)
