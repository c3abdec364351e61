"""Notifications: what a person is told, and how. Decides nothing about who is told."""

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "bloghub.notifications"
    label = "notifications"
    verbose_name = _("Notifications")
