"""Rows of rivers, rendered once and kept: what differs from reader to reader is put in beside the kept part."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable
from threading import Lock

from django import template
from django.template.loader import get_template
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language

from aggregator.models import Post
from aggregator.models.tag import tag_address
from aggregator.templatetags.times import ago
from aggregator.views.rows import PostRow

register = template.Library()

KEPT_ROWS = 4_000  # about 2.5 KB each
# Where the time goes in a kept row; PostgreSQL stores no NUL, so no post can hold it
TIME = "\x00time\x00"


class KeptFragments:
    """Pieces of HTML by what they were made from, the least recently used dropped first. Shared by threads."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._pieces: OrderedDict[Hashable, tuple[str, str]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Hashable) -> tuple[str, str] | None:
        """What stands before and after the time, when it is kept."""
        with self._lock:
            piece = self._pieces.get(key)
            if piece is not None:
                self._pieces.move_to_end(key)
            return piece

    def keep(self, key: Hashable, html: str) -> tuple[str, str]:
        """Divides it where the time goes."""
        before, _mark, after = html.partition(TIME)
        with self._lock:
            self._pieces[key] = before, after
            if len(self._pieces) > self._size:
                self._pieces.popitem(last=False)
        return before, after


_kept = KeptFragments(KEPT_ROWS)


register.filter("tag_address", tag_address)


@register.simple_tag
def row(post: PostRow, place: str = "river") -> SafeString:
    """One post in a list. ``place``: ``river``, ``blog`` and ``person`` leave out what the page itself says;
    ``folded`` is the one line it gets inside a fold."""
    key = place, get_language(), post.key
    piece = _kept.get(key)
    if piece is None:
        if post.post is None:
            return SafeString("")
        piece = _kept.keep(key, _render(post.post, place))
    before, after = piece
    return mark_safe(before + ago(post.published_at) + after)  # noqa: S308 - pieces of our own template


def _render(post: Post, place: str) -> str:
    name = "aggregator/_folded.html" if place == "folded" else "aggregator/_row.html"
    return get_template(name).render({"post": post, "blog": post.blog, "place": place, "time": mark_safe(TIME)})  # noqa: S308
