"""The hub's settings with one more address, an empty view behind all middleware: the floor of its pages."""

from bloghub.settings import *  # noqa: F403 - the same settings, but for one

ROOT_URLCONF = "benchmarks.floor_urls"
