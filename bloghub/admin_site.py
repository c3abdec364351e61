"""The admin as a whole: its names, and the content security policy of its pages. Its desks are in the apps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.admin import AdminSite
from django.contrib.contenttypes.models import ContentType
from django.contrib.contenttypes.views import shortcut
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import path, reverse
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponseBase]


class HubAdminSite(AdminSite):
    """Django's admin without Trusted Types: its own scripts write ``innerHTML``. Else as strict as our pages."""

    site_header = site_title = _("BlogHub administration")
    index_title = _("What would you like to look after?")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Groups stand beside the people who are in them, not in a chapter of their own."""
        chapters = super().get_app_list(request, app_label)
        for chapter in chapters:
            chapter["models"] = [entry for model in chapter["models"] for entry in (model, *self._pages(model))]
        people = next((chapter for chapter in chapters if chapter["app_label"] == "people"), None)
        groups = next((chapter for chapter in chapters if chapter["app_label"] == "auth"), None)
        if people is None or groups is None:
            return chapters
        people["models"] += groups["models"]
        return [chapter for chapter in chapters if chapter is not groups]

    def _pages(self, entry: dict[str, Any]) -> list[dict[str, Any]]:
        """What a desk offers beside its list: its ``pages``, each a name and that of its address."""
        pages = getattr(self._registry[entry["model"]], "pages", ())
        return [
            {**entry, "name": name, "admin_url": reverse(f"{self.name}:{url}"), "add_url": None, "view_only": True}
            for name, url in pages
        ]

    def get_urls(self) -> list[Any]:
        """With a way to the hub's page that opens for its readers alone: where it leads to tells a title."""
        on_site = path("r/<path:content_type_id>/<path:object_id>/", self.admin_view(view_on_site), name="view_on_site")
        return [on_site if getattr(one, "name", None) == on_site.name else one for one in super().get_urls()]

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        return csp_replace(settings.CSP_ADMIN_REPLACE)(super().admin_view(view, cacheable))


def view_on_site(request: HttpRequest, content_type_id: str, object_id: str) -> HttpResponseBase:
    """Leads from a row to its page, which is not there for who may not see it (``visible_to`` of its model)."""
    answer = shortcut(request, content_type_id, object_id)
    model = ContentType.objects.get_for_id(int(content_type_id)).model_class()
    visible_to = getattr(getattr(model, "objects", None), "visible_to", None)
    if visible_to is not None and not visible_to(request.user).filter(pk=object_id).exists():
        raise Http404
    return answer
