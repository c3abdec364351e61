"""Addresses of what a person is told."""

from __future__ import annotations

from django.urls import path

from bloghub.notifications import views

app_name = "notifications"

urlpatterns = [
    path("notifications/", views.notification_list, name="notification-list"),
    path("notifications/reading/", views.reading_create, name="reading-create"),
    path("notifications/<int:pk>/opening/", views.opening_create, name="opening-create"),
    path("notifications/mailings/<str:token>/ending/", views.mailing_delete, name="mailing-delete"),
    path("settings/notifications/", views.preference_list, name="preference-list"),
]
