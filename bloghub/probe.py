"""Asks a web process on this machine whether it is well: for the container's health check and for the supervisor.

``python -m bloghub.probe`` exits with 0 when /healthz answers 200. Stands apart from ``lib/http.py``, the client for
the world outside, because it speaks to our own process alone.
"""

from __future__ import annotations

import os
import socket
import sys
from urllib.parse import urlsplit

_TIMEOUT = 5.0  # s


def answers(port: int, path: str, host: str = "") -> bool:
    """Whether the server at this port of the loopback interface answers 200. ``host``: as whom it is asked."""
    request = f"GET {path} HTTP/1.1\r\nHost: {host or f'127.0.0.1:{port}'}\r\nConnection: close\r\n\r\n"
    try:
        ours = ("127.0.0.1", port)
        with socket.create_connection(ours, timeout=_TIMEOUT) as connection:  # noqa: TID251 - never leaves the machine
            connection.sendall(request.encode())
            return connection.recv(64).split(b" ", 2)[1:2] == [b"200"]
    except OSError:
        return False


if __name__ == "__main__":
    public = urlsplit(os.environ.get("BLOGHUB_PUBLIC_URL", "")).netloc
    sys.exit(not answers(int(os.environ.get("PORT") or "8000"), "/healthz", public))
