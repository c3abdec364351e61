"""Makes ``admin_site.HubAdminSite`` the admin; apart from it because apps load before any model may be imported."""

from __future__ import annotations

from django.contrib.admin.apps import AdminConfig


class HubAdminConfig(AdminConfig):
    """Stands in INSTALLED_APPS in the place of ``django.contrib.admin``."""

    default_site = "bloghub.admin_site.HubAdminSite"
