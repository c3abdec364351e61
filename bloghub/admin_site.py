"""The admin as a whole: its names, and the content security policy of its pages. Its desks are in the apps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponseBase]


class HubAdminSite(AdminSite):
    """Django's admin without Trusted Types: its own scripts write ``innerHTML``. Else as strict as our pages."""

    site_header = site_title = _("BlogHub administration")
    index_title = _("What would you like to look after?")

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        """Groups stand beside the people who are in them, not in a chapter of their own."""
        chapters = super().get_app_list(request, app_label)
        people = next((chapter for chapter in chapters if chapter["app_label"] == "people"), None)
        groups = next((chapter for chapter in chapters if chapter["app_label"] == "auth"), None)
        if people is None or groups is None:
            return chapters
        people["models"] += groups["models"]
        return [chapter for chapter in chapters if chapter is not groups]

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        return csp_replace(settings.CSP_ADMIN_REPLACE)(super().admin_view(view, cacheable))
