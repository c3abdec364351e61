"""The hub's settings without any middleware: what Django and gunicorn cost by themselves."""

from bloghub.settings import *  # noqa: F403 - the same settings, but for two

MIDDLEWARE = []
ROOT_URLCONF = "benchmarks.floor_urls"
