"""gunicorn's configuration, ``--config python:bloghub.serving``: what holds wherever the hub is served.

Workers, threads and addresses depend on the place and stand in its command line.
"""

from __future__ import annotations

from ctypes import CDLL

from gunicorn.http import wsgi

_headers_of_gunicorn = wsgi.Response.default_headers


def _headers(response: wsgi.Response) -> list[str]:
    """Without the name of the server, for which gunicorn has no setting: strangers need not know what to try."""
    return [line for line in _headers_of_gunicorn(response) if not line.startswith("Server:")]


wsgi.Response.default_headers = _headers


# mallopt(3): from how many bytes on each block is a mapping of its own, and how much freed memory is kept
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
_LARGEST_BLOCK, _KEPT = 32 << 20, 128 << 20  # bytes; the first is the most that glibc takes


def post_fork(_server: object, _worker: object) -> None:
    """Lets a worker keep the memory of long pages: a thread of 2,000 comments is 3 MB of text, put into one part of the
    page after another, and fresh memory from the system for each of these copies took a third of its time."""
    if mallopt := getattr(CDLL(None), "mallopt", None):  # glibc's; others manage without
        mallopt(_M_MMAP_THRESHOLD, _LARGEST_BLOCK)
        mallopt(_M_TRIM_THRESHOLD, _KEPT)
