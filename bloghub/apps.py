"""The project as an app: binds tasks to our Celery application in every process, and registers the system checks."""

from __future__ import annotations

from django.apps import AppConfig


class BlogHubConfig(AppConfig):
    name = "bloghub"
    verbose_name = "BlogHub"

    def ready(self) -> None:
        # Only now: the Celery application reads the settings, and importing it makes it the default one
        from bloghub import celery  # noqa: F401, PLC0415
