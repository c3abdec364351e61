"""Addresses of the conversation. Numbers decide which post or comment it is."""

from __future__ import annotations

from django.urls import path

from comments.views import claim, watch

app_name = "comments"

urlpatterns = [
    path("posts/<int:pk>/watch/", watch.watch_create, name="watch-create"),
    path("posts/<int:pk>/watch/delete/", watch.watch_delete, name="watch-delete"),
    path("posts/<int:pk>/watch/mute/", watch.watch_mute, name="watch-mute"),
    path("claims/<str:token>/", claim.claim_create, name="claim-create"),
]
