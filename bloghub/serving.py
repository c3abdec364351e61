"""gunicorn's configuration, ``--config python:bloghub.serving``: what holds wherever the hub is served.

Workers, threads and addresses depend on the place and stand in its command line.
"""

from __future__ import annotations

from gunicorn.http import wsgi

_headers_of_gunicorn = wsgi.Response.default_headers


def _headers(response: wsgi.Response) -> list[str]:
    """Without the name of the server, for which gunicorn has no setting: strangers need not know what to try."""
    return [line for line in _headers_of_gunicorn(response) if not line.startswith("Server:")]


wsgi.Response.default_headers = _headers
