"""Blogs in the admin: registered by pasting an address and looking at what is behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html_join
from django.utils.safestring import mark_safe
from django.utils.translation import gettext, gettext_lazy as _

from aggregator.admin.feed import ILL
from aggregator.admin.on_site import OnSiteForReaders
from aggregator.admin.polling import PollingActions, wake_workers
from aggregator.admin.push import PushFacts
from aggregator.admin.words import state_words
from aggregator.appearances import audience_changed, lock_around
from aggregator.authorship import attribute, lock_feeds
from aggregator.forms import AddressForm, BlogForm, RegistrationForm
from aggregator.listing import as_opml, opml_answer
from aggregator.models import Blog, Feed, FeedState
from aggregator.models.feed import FeedQuerySet
from aggregator.polling.types import Trouble
from aggregator.registration import Preview, preview, register
from aggregator.removal import remove_blogs

DECIDED = ["title", "owners", "audience", "audience_groups"]  # by the admin, when a blog is registered
OWNERS_SHOWN = 3


class FeedStateFilter(admin.SimpleListFilter):
    """Blogs by how their feeds are."""

    title = _("feed")
    parameter_name = "feed"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("failing", _("failing")), *FeedState.choices]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Blog]) -> QuerySet[Blog]:
        if not self.value():
            return queryset
        feeds = Feed.objects.filter(ILL) if self.value() == "failing" else Feed.objects.filter(state=self.value())
        return queryset.filter(pk__in=feeds.values("blog"))


@admin.register(Blog)
class BlogAdmin(OnSiteForReaders, PollingActions, PushFacts):
    """Adding a blog takes two pages: an address, then what was found there with what the admin decides."""

    form = BlogForm
    list_display = ("title", "feed_state", "owner_names", "audience_names", "post_count", "last_post_at")
    list_filter = ("audience", FeedStateFilter)
    search_fields = ("title", "homepage_url", "feeds__url", "owners__display_name", "owners__username")
    ordering = ("title", "pk")
    actions = (*PollingActions.actions, "renew_hook", "export")
    autocomplete_fields = ("owners", "audience_groups")
    readonly_fields = ("first_seen_at", "post_count", "last_post_at", "feed_list", "hook_address")
    fieldsets = (
        (None, {"fields": ("title", "slug", "homepage_url", "description", "language", "author_name")}),
        (_("People"), {"fields": ("owners", "audience", "audience_groups")}),
        (
            _("What polls found"),
            {"fields": ("feed_list", "hook_address", "post_count", "last_post_at", "first_seen_at")},
        ),
    )

    # --- the list ---

    def get_queryset(self, request: HttpRequest) -> QuerySet[Blog]:
        return super().get_queryset(request).prefetch_related("owners", "audience_groups", "feeds")

    def feeds_of(self, chosen: QuerySet[Blog]) -> FeedQuerySet:
        return Feed.objects.filter(blog__in=chosen.order_by().values("pk")).order_by("pk")

    @admin.action(description=_("Export as OPML"), permissions=["view"])
    def export(self, request: HttpRequest, chosen: QuerySet[Blog]) -> HttpResponse:
        return opml_answer(as_opml(gettext("Blogs"), chosen, timezone.now()))

    @admin.display(description=_("owners"))
    def owner_names(self, blog: Blog) -> str:
        owners = [str(owner) for owner in blog.owners.all()]
        more = f" +{len(owners) - OWNERS_SHOWN}" if len(owners) > OWNERS_SHOWN else ""
        return ", ".join(owners[:OWNERS_SHOWN]) + more

    @admin.display(description=_("audience"), ordering="audience")
    def audience_names(self, blog: Blog) -> str:
        if blog.audience == "everyone":
            return blog.get_audience_display()
        return ", ".join(group.name for group in blog.audience_groups.all())

    @admin.display(description=_("feed"))
    def feed_state(self, blog: Blog) -> str:
        cell = '<span class="feed-state {}">{}</span>'
        states = (("ill" if feed.is_ill else feed.state, state_words(feed)) for feed in blog.feeds.all())
        return format_html_join(" ", cell, states)

    @admin.display(description=_("feeds"))
    def feed_list(self, blog: Blog) -> str:
        rows = (
            (reverse("admin:aggregator_feed_change", args=[feed.pk]), feed.url, state_words(feed), feed.last_error)
            for feed in blog.feeds.all()
        )
        return format_html_join(mark_safe("<br>"), '<a href="{}">{}</a>: {} {}', rows)

    def get_deleted_objects(
        self, objs: Sequence[Blog] | QuerySet[Blog], request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Counts instead of a line for every post, of which there may be thousands."""
        blogs = list(objs)
        feeds = sum(len(blog.feeds.all()) for blog in blogs)
        posts = sum(blog.post_count for blog in blogs)
        counts = {gettext("blogs"): len(blogs), gettext("feeds"): feeds, gettext("posts"): posts}
        lacking = set() if self.has_delete_permission(request) else {gettext("blog")}
        return [str(blog) for blog in blogs], counts, lacking, []

    def delete_model(self, request: HttpRequest, obj: Blog) -> None:
        remove_blogs([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Blog]) -> None:
        remove_blogs(queryset.values_list("pk", flat=True))

    # --- changing (adding is below) ---

    def save_model(self, request: HttpRequest, obj: Blog, form: Any, change: bool) -> None:
        """Writes the columns that were changed and no others: a poll may have counted new posts meanwhile."""
        columns = {field.name for field in obj._meta.concrete_fields}
        if "audience" in form.changed_data:
            lock_around(obj.pk)
        elif "owners" in form.changed_data:
            lock_feeds([obj.pk])
        obj.save(update_fields=[name for name in form.changed_data if name in columns])

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "owners" in form.changed_data:
            attribute([form.instance.pk])
        if "audience" in form.changed_data:
            audience_changed([form.instance.pk])

    # --- registering ---

    def get_urls(self) -> list[URLPattern]:
        look = self.admin_site.admin_view(self.preview_view)
        return [path("add/preview/", look, name="aggregator_blog_preview"), *super().get_urls()]

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """GET asks for an address, POST registers what was previewed."""
        self._may_add(request)
        if request.method != "POST":
            return self._ask(request, AddressForm())
        form = self._registration_form(request)
        if form.is_valid():
            return self._register(request, form)
        if "token" in form.errors:
            return self._ask(request, AddressForm(), error=" ".join(map(str, form.errors["token"])))
        return self._show(request, Preview.from_token(request.POST["token"]), form)

    def preview_view(self, request: HttpRequest) -> HttpResponse:
        """Looks behind an address; nothing is stored."""
        self._may_add(request)
        if request.method != "POST":
            return redirect("admin:aggregator_blog_add")
        form = AddressForm(request.POST)
        if not form.is_valid():
            return self._ask(request, form)
        found = preview(form.cleaned_data["address"])
        if isinstance(found, Trouble):
            return self._ask(request, form, trouble=found)
        return self._show(request, found, self._registration_form(request, found))

    def _may_add(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _registration_form(self, request: HttpRequest, found: Preview | None = None) -> RegistrationForm:
        form_class = cast("type[RegistrationForm]", self.get_form(request, None, form=RegistrationForm, fields=DECIDED))
        if found is None:
            return form_class(request.POST)
        return form_class(initial={"title": found.title, "token": found.as_token()})

    def _register(self, request: HttpRequest, form: RegistrationForm) -> HttpResponse:
        found: Preview = form.cleaned_data["token"]
        known = found.known_blog()
        if known is not None:
            self.message_user(request, gettext("This blog is registered already."), messages.WARNING)
            return redirect("admin:aggregator_blog_change", known.pk)
        data = form.cleaned_data
        blog = register(
            found,
            title=data["title"],
            owners=data["owners"],
            audience=data["audience"],
            groups=data["audience_groups"],
        )
        self.log_addition(request, blog, [{"added": {}}])
        wake_workers()
        told = gettext("“%(title)s” is registered. Its posts appear in a moment.") % {"title": blog.title}
        self.message_user(request, told, messages.SUCCESS)
        return redirect("admin:aggregator_blog_changelist")

    def _ask(
        self, request: HttpRequest, form: Form, *, trouble: Trouble | None = None, error: str = ""
    ) -> HttpResponse:
        context = {
            "adminform": AdminForm(cast("Any", form), [(None, {"fields": ["address"]})], {}),
            "trouble": trouble,
            "error": error,
        }
        status = 400 if trouble or error or form.errors else 200
        return self._page(request, "admin/aggregator/blog/address.html", context, status)

    def _show(self, request: HttpRequest, found: Preview, form: RegistrationForm) -> HttpResponse:
        context = {
            "preview": found,
            "known": found.known_blog(),
            "form": form,
            "adminform": AdminForm(form, [(gettext("What you decide"), {"fields": DECIDED})], {}, model_admin=self),
            "media": self.media + form.media,
        }
        status = 400 if form.errors else 200
        return self._page(request, "admin/aggregator/blog/preview.html", context, status)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        request.current_app = self.admin_site.name
        page = {
            **self.admin_site.each_context(request),
            "title": gettext("Add a blog"),
            "opts": self.opts,
            "media": self.media,
            "has_view_permission": self.has_view_permission(request),
        }
        return TemplateResponse(request, template, page | context, status=status)
