"""The web process's way in, for gunicorn."""

from __future__ import annotations

import os

os.environ["BLOGHUB_ROLE"] = "web"  # before anything reads the settings
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bloghub.settings")

from django.core.wsgi import get_wsgi_application

application = get_wsgi_application()
