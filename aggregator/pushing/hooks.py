"""A blog's own address for pushes: whoever knows it may have the blog's feeds polled, once a minute.

The key is stored as it is: it opens nothing, and who can read the database sees more than it could ever bring. A key
made from the hub's secret instead would end with that secret, and a thousand engines would have to be told a new one.
"""

from __future__ import annotations

import secrets

from django.conf import settings
from django.urls import reverse

from aggregator.models import Blog, Feed


def address(blog: Blog) -> str:
    """What is pasted into the blog's engine; empty while there is none."""
    return settings.PUBLIC_URL + reverse("aggregator:hook-push", args=[blog.hook_key]) if blog.hook_key else ""


def renew(blog: Blog, instead_of: str) -> bool:
    """A new key in the place of this one, which opens nothing any more. Pressed twice, the button makes one."""
    known = Blog.objects.filter(pk=blog.pk, hook_key=instead_of)
    return bool(known.update(hook_key=secrets.token_urlsafe(32)))


def feeds_of(key: str) -> list[int] | None:
    """The feeds that this key speaks for; None when it is no key."""
    blog = Blog.objects.filter(hook_key=key).first() if key else None
    return None if blog is None else list(Feed.objects.filter(blog=blog).order_by("pk").values_list("pk", flat=True))
