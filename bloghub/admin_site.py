"""The admin as a whole: its names, and the content security policy of its pages. Its desks are in the apps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from csp.decorators import csp_replace
from django.conf import settings
from django.contrib.admin import AdminSite
from django.http import HttpResponseBase
from django.utils.translation import gettext_lazy as _

View = Callable[..., HttpResponseBase]


class HubAdminSite(AdminSite):
    """Django's admin without Trusted Types: its own scripts write ``innerHTML``. Else as strict as our pages."""

    site_header = site_title = _("BlogHub administration")
    index_title = _("What would you like to look after?")

    def admin_view(self, view: View, cacheable: bool = False) -> Any:
        return csp_replace(settings.CSP_ADMIN_REPLACE)(super().admin_view(view, cacheable))
