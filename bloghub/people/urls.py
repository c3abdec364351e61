"""Addresses of coming in and going out."""

from __future__ import annotations

from django.contrib.auth.views import LogoutView
from django.urls import path

from bloghub.people import suggestions, views

app_name = "people"

urlpatterns = [
    path("sign-in/", views.SignInView.as_view(), name="session-create"),
    path("sign-in/demo/", views.demo_session_create, name="demosession-create"),
    path("sign-out/", LogoutView.as_view(), name="session-delete"),
    path("welcome/", views.first_admin_detail, name="firstadmin-detail"),
    path("welcome/<str:token>/", views.first_admin_create, name="firstadmin-create"),
    path("people/suggestions/", suggestions.suggestion_list, name="suggestion-list"),
    path("admin/login/", views.admin_sign_in),
]
