"""Suggested blogs in the admin: a queue; what is there, once an admin wants to see it; and the answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.forms import Form
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext, gettext_lazy as _

from aggregator import suggesting
from aggregator.admin.polling import wake_workers
from aggregator.forms import AcceptanceForm, DeclinationForm
from aggregator.models import Suggestion, SuggestionState
from aggregator.registration import Preview, preview
from aggregator.suggesting import Acceptance, DecidedError
from bloghub.people.access import signed_in

if TYPE_CHECKING:
    SuggestionModelAdmin = admin.ModelAdmin[Suggestion]
else:
    SuggestionModelAdmin = admin.ModelAdmin

DECIDED = ["title", "audience", "audience_groups", "is_own", "words"]


class AnswerFilter(admin.SimpleListFilter):
    """Those that wait, unless others are asked for."""

    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [choice for choice in SuggestionState.choices if choice[0] != SuggestionState.OPEN] + [("all", _("All"))]

    def choices(self, changelist: Any) -> Any:
        first, *others = super().choices(changelist)
        yield {**first, "display": SuggestionState.OPEN.label}
        yield from others

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        wanted = self.value() or SuggestionState.OPEN
        return queryset if wanted == "all" else queryset.filter(state=wanted)


@admin.register(Suggestion)
class SuggestionAdmin(SuggestionModelAdmin):
    """Who may add a blog answers; nothing is added here, and what was answered stays as it is."""

    list_display = ("address", "proposer", "suggested_at", "what_is_there", "state")
    list_filter = (AnswerFilter,)
    list_select_related = ("proposer",)
    search_fields = ("address", "proposer__display_name", "proposer__username")
    ordering = ("suggested_at", "pk")

    class Media:
        css = {"all": ["css/admin.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_view_permission(self, request: HttpRequest, obj: Suggestion | None = None) -> bool:
        return request.user.has_perm("aggregator.add_blog")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Suggestion | None = None) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Suggestion | None = None) -> bool:
        return self.has_view_permission(request)

    def get_urls(self) -> list[URLPattern]:
        views = {"look": self.look_view, "accept": self.accept_view, "decline": self.decline_view}
        acts = [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=f"aggregator_suggestion_{name}")
            for name, view in views.items()
        ]
        return [*acts, *super().get_urls()]

    @admin.display(description=_("what is there"))
    def what_is_there(self, suggestion: Suggestion) -> str:
        if suggestion.preview:
            return str(suggestion.preview.get("title", ""))
        return suggestion.trouble or gettext("not looked at yet")

    # --- the page of one ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        self._may(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        suggestion = self._found(object_id)
        return self._show(request, suggestion, self._acceptance(suggestion), DeclinationForm(prefix="no"))

    def look_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """An admin approves: looked at by the hub's own policy, here and now."""

        def look(suggestion: Suggestion) -> HttpResponse:
            suggesting.note(suggestion, preview(suggestion.address), timezone.now())
            return redirect("admin:aggregator_suggestion_change", suggestion.pk)

        return self._act(request, object_id, look)

    def accept_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def accept(suggestion: Suggestion) -> HttpResponse:
            form = self._acceptance(suggestion, request)
            if not form.is_valid():
                return self._show(request, suggestion, form, DeclinationForm(prefix="no"), status=400)
            blog = suggesting.accept(suggestion, signed_in(request), _decided(form, suggestion), timezone.now())
            wake_workers()
            told = gettext("“%(title)s” is registered. Its posts appear in a moment.") % {"title": blog.title}
            self.message_user(request, told, messages.SUCCESS)
            return redirect("admin:aggregator_suggestion_changelist")

        return self._act(request, object_id, accept)

    def decline_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        def decline(suggestion: Suggestion) -> HttpResponse:
            form = DeclinationForm(request.POST, prefix="no")
            if not form.is_valid():
                return self._show(request, suggestion, self._acceptance(suggestion), form, status=400)
            suggesting.decline(suggestion, signed_in(request), form.cleaned_data["words"], timezone.now())
            self.message_user(request, gettext("It is declined, and the proposer is told."), messages.SUCCESS)
            return redirect("admin:aggregator_suggestion_changelist")

        return self._act(request, object_id, decline)

    def _act(self, request: HttpRequest, object_id: int, do: Callable[[Suggestion], HttpResponse]) -> HttpResponse:
        self._may(request)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        suggestion = self._found(object_id)
        try:
            if not suggestion.is_open:
                raise DecidedError
            return do(suggestion)
        except DecidedError:
            self.message_user(request, gettext("This suggestion has its answer already."), messages.WARNING)
            return redirect("admin:aggregator_suggestion_change", suggestion.pk)

    # --- parts ---

    def _may(self, request: HttpRequest) -> None:
        if not self.has_view_permission(request):
            raise PermissionDenied

    def _found(self, object_id: str | int) -> Suggestion:
        if not str(object_id).isdecimal():
            raise Http404
        return get_object_or_404(Suggestion.objects.select_related("proposer", "decided_by", "blog"), pk=object_id)

    def _acceptance(self, suggestion: Suggestion, request: HttpRequest | None = None) -> AcceptanceForm:
        title = (suggestion.preview or {}).get("title", "")
        return AcceptanceForm(request.POST if request else None, initial={"title": title})

    def _show(
        self, request: HttpRequest, suggestion: Suggestion, yes: AcceptanceForm, no: Form, *, status: int = 200
    ) -> HttpResponse:
        found = Preview.from_state(suggestion.preview) if suggestion.preview else None
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "media": self.media,
            "title": gettext("Suggested blog"),
            "index_url": reverse("admin:aggregator_suggestion_changelist"),
            "suggestion": suggestion,
            "preview": found,
            "known": found.known_blog() if found and suggestion.is_open else None,
            "yes": AdminForm(yes, [(gettext("Register it"), {"fields": DECIDED})], {}, model_admin=self),
            "no": AdminForm(no, [(gettext("Decline it"), {"fields": ["words"]})], {}),  # type: ignore[arg-type]  # any form will do
            "has_errors": bool(yes.errors or no.errors),
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/aggregator/suggestion/detail.html", context, status=status)


def _decided(form: AcceptanceForm, suggestion: Suggestion) -> Acceptance:
    data = form.cleaned_data
    owners = [suggestion.proposer] if data["is_own"] and suggestion.proposer else []
    return Acceptance(data["title"], data["audience"], data["audience_groups"], owners, data["words"])
