"""Appearance: a post that stands in a second feed too, such as a planet's or a team's. Its text is in post.py."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog
from aggregator.models.feed import Feed
from aggregator.models.post import Post


class Appearance(models.Model):
    """One post in one more feed. Written by polling/posting.py and aggregator/appearances.py.

    ``guid``, ``permalink``, ``title`` and ``content_hash`` are as this feed has them, so that its next poll knows the
    entry again; ``published_at`` is the post's. ``is_shown``: stands on the page of its blog, which is another than the
    post's own; of several feeds of that blog, one.
    """

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("post"))
    # No index of its own: a plan made for any blog would take it, and then sort all that a planet lists
    blog = models.ForeignKey(
        Blog, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("blog"), db_index=False
    )
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("feed"))
    guid = models.CharField(max_length=600)
    permalink = models.CharField(_("permalink"), max_length=2000, blank=True)
    title = models.CharField(_("title"), max_length=1000, blank=True)
    published_at = models.DateTimeField(_("published"))
    content_hash = models.CharField(max_length=32)
    is_shown = models.BooleanField(default=False, db_default=False)

    class Meta:
        verbose_name = _("appearance")
        verbose_name_plural = _("appearances")
        constraints = [models.UniqueConstraint(fields=["feed", "guid"], name="appearance_guid_in_feed")]
        indexes = [
            models.Index(
                fields=["blog", "-published_at", "-post"], name="appearance_blog_river", condition=Q(is_shown=True)
            )
        ]

    def __str__(self) -> str:
        return self.guid
