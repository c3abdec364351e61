"""Imports in the admin: a list pasted or uploaded, then a page that shows what becomes of each of its rows."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext, gettext_lazy as _, ngettext

from aggregator.forms import ListForm
from aggregator.importing.owners import Directory
from aggregator.importing.starting import start
from aggregator.importing.words import outcome_words, owner_words, progress_of
from aggregator.models import BlogImport, ImportRow, RowState
from aggregator.tasks import continue_imports
from aggregator.waking import wake
from bloghub.people.access import signed_in

if TYPE_CHECKING:
    ImportModelAdmin = admin.ModelAdmin[BlogImport]
else:
    ImportModelAdmin = admin.ModelAdmin

ROWS = 100  # of a page


@admin.register(BlogImport)
class BlogImportAdmin(ImportModelAdmin):
    """Who may add a blog may add many. The page of one import refreshes itself while the workers are at it."""

    list_display = ("name", "started_by", "started_at", "how_far")
    list_select_related = ("started_by",)

    class Media:
        css = {"all": ["css/admin.css", "css/admin-import.css"]}

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_add_permission(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("aggregator.add_blog")

    def has_view_permission(self, request: HttpRequest, obj: BlogImport | None = None) -> bool:
        return self.has_add_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: BlogImport | None = None) -> bool:
        return self.has_add_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: BlogImport | None = None) -> bool:
        return self.has_add_permission(request)

    def get_urls(self) -> list[URLPattern]:
        views = {"stop": self.stop_view, "resume": self.resume_view, "register": self.register_view}
        acts = [
            path(f"<int:object_id>/{name}/", self.admin_site.admin_view(view), name=f"aggregator_blogimport_{name}")
            for name, view in views.items()
        ]
        return [*acts, *super().get_urls()]

    @admin.display(description=_("progress"))
    def how_far(self, blog_import: BlogImport) -> str:
        progress = progress_of(blog_import, blog_import.counts())
        return (
            gettext("%(progress)s, stopped") % {"progress": progress.words} if progress.is_stopped else progress.words
        )

    # --- a new one ---

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Asks for a list, and keeps its rows. Nothing is fetched here."""
        self._may(request)
        form = ListForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            made = start(form.cleaned_data["rows"], form.cleaned_data["name"], by=signed_in(request))
            wake(continue_imports)
            return redirect("admin:aggregator_blogimport_change", made.pk)
        context = {"form": form, "title": gettext("Import blogs from a list")}
        return self._page(request, "list.html", context, 400 if form.errors else 200)

    # --- the page of one ---

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Its rows, by state, a page at a time; for htmx only what changes."""
        self._may(request)
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        blog_import = self._found(object_id)
        counts = blog_import.counts()
        state = request.GET.get("state", "")
        state = state if state in RowState.values else ""
        context = {
            "blog_import": blog_import,
            "title": str(blog_import),
            "progress": progress_of(blog_import, counts),
            "ready": counts[RowState.READY],
            "filters": self._filters(counts, state),
            "state": state,
            **self._rows(request, blog_import, state),
        }
        is_part = getattr(request, "htmx", False)
        return self._page(request, "_state.html" if is_part else "detail.html", context, 200)

    def _filters(self, counts: dict[str, int], chosen: str) -> list[dict[str, Any]]:
        every = {"value": "", "label": gettext("all"), "count": sum(counts.values()), "is_chosen": not chosen}
        return [every] + [
            {"value": value, "label": label, "count": counts[value], "is_chosen": value == chosen}
            for value, label in RowState.choices
            if counts[value] or value == chosen
        ]

    def _rows(self, request: HttpRequest, blog_import: BlogImport, state: str) -> dict[str, Any]:
        rows = ImportRow.objects.filter(blog_import=blog_import).select_related("blog", "same_as").order_by("position")
        pages = Paginator(rows.filter(state=state) if state else rows, ROWS)
        page = pages.get_page(request.GET.get("page"))
        found = list(page.object_list)
        directory = Directory(row.owner for row in found)
        told = [
            {"row": row, "outcome": outcome_words(row), "owners": owner_words(directory.owners(row.owner))}
            for row in found
        ]
        return {"rows": told, "page": page, "pages": pages.get_elided_page_range(page.number)}

    # --- what can be done with one: each at an address of its own ---

    def stop_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._act(request, object_id, BlogImport.stop)

    def resume_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        return self._act(request, object_id, BlogImport.resume)

    def register_view(self, request: HttpRequest, object_id: int) -> HttpResponse:
        """All rows that are ready, once; pressed again, those that have become ready since."""

        def choose(blog_import: BlogImport) -> None:
            count = blog_import.choose_ready()
            blog_import.resume()
            told = ngettext("%(count)d blog is being registered.", "%(count)d blogs are being registered.", count)
            self.message_user(request, told % {"count": count}, messages.SUCCESS if count else messages.WARNING)

        return self._act(request, object_id, choose)

    def _act(self, request: HttpRequest, object_id: int, do: Callable[[BlogImport], None]) -> HttpResponse:
        self._may(request)
        if request.method != "POST":
            return HttpResponse(status=405, headers={"Allow": "POST"})
        do(self._found(object_id))
        wake(continue_imports)
        return redirect("admin:aggregator_blogimport_change", object_id)

    def get_deleted_objects(
        self, objs: QuerySet[BlogImport] | Any, request: HttpRequest
    ) -> tuple[list[Any], dict[str, int], set[str], list[str]]:
        """Discarding forgets the list; blogs that came of it stay. A count instead of a line for every row."""
        imports = list(objs)
        rows = ImportRow.objects.filter(blog_import__in=imports).count()
        counts = {gettext("imports of blogs"): len(imports), gettext("rows of imports"): rows}
        return [str(one) for one in imports], counts, set(), []

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[BlogImport]) -> None:
        BlogImport.objects.filter(pk__in=queryset.order_by().values("pk")).discard()

    def delete_model(self, request: HttpRequest, obj: BlogImport) -> None:
        BlogImport.objects.filter(pk=obj.pk).discard()

    # --- parts ---

    def _may(self, request: HttpRequest) -> None:
        if not self.has_add_permission(request):
            raise PermissionDenied

    def _found(self, object_id: str | int) -> BlogImport:
        if not str(object_id).isdecimal():
            raise Http404
        return get_object_or_404(BlogImport.objects.select_related("started_by"), pk=object_id)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
        request.current_app = self.admin_site.name
        page = {**self.admin_site.each_context(request), "opts": self.opts, "media": self.media}
        page["index_url"] = reverse("admin:aggregator_blogimport_changelist")
        return TemplateResponse(request, f"admin/aggregator/blogimport/{template}", page | context, status=status)
