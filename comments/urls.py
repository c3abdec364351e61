"""Addresses of the conversation. Numbers decide which post or comment it is."""

from __future__ import annotations

from django.urls import URLPattern

app_name = "comments"

urlpatterns: list[URLPattern] = []
