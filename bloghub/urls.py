"""All addresses of the hub."""

from __future__ import annotations

from django.contrib import admin
from django.urls import include, path

from bloghub import health, views

urlpatterns = [
    path("healthz", health.healthz),
    path("readyz", health.readyz),
    path("favicon.ico", views.favicon),
    path("robots.txt", views.robots),
    path("theme.css", views.theme, name="theme"),
    path("csp-report/", views.csp_report, name="csp-report"),
    path("", include("bloghub.people.urls")),  # before the admin: it holds the only door
    path("admin/", admin.site.urls),
    path("", include("bloghub.notifications.urls")),
    path("", include("comments.urls")),
    path("", include("aggregator.urls")),
]

handler400 = "bloghub.views.bad_request"
handler403 = "bloghub.views.permission_denied"
handler404 = "bloghub.views.not_found"
handler500 = "bloghub.views.server_error"
