"""A page that shows what its reader was told: with it, that is read.

Reading a page changes nothing else in the hub, and even this only when somebody opens it: pictures and prefetching
programs ask for any address with the reader's session, and would silence a mail that is still to come.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING

from bloghub.notifications.telling import read
from bloghub.people.access import signed_in

if TYPE_CHECKING:
    from django.http import HttpRequest


def opened(request: HttpRequest, groups: Collection[str]) -> None:
    """Marks what the reader was told about ``groups`` as read, when a browser shows the page in a window (Fetch
    Metadata, W3C 2021; browsers without it count as showing it)."""
    shows = request.headers.get("Sec-Fetch-Dest", "document") == "document"
    if request.method == "GET" and shows and "prefetch" not in request.headers.get("Sec-Purpose", ""):
        read(signed_in(request), groups)
