"""Appearance: a post that stands in a second feed too, such as a planet's or a team's. Its text is in post.py."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog
from aggregator.models.feed import Feed
from aggregator.models.post import Post


class Appearance(models.Model):
    """One post in one more feed. Written by polling/store.py alone; ``published_at`` is the post's."""

    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("post"))
    blog = models.ForeignKey(Blog, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("blog"))
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="appearances", verbose_name=_("feed"))
    guid = models.CharField(max_length=600)
    published_at = models.DateTimeField(_("published"))
    content_hash = models.CharField(max_length=32)

    class Meta:
        verbose_name = _("appearance")
        verbose_name_plural = _("appearances")
        constraints = [models.UniqueConstraint(fields=["feed", "guid"], name="appearance_guid_in_feed")]
        indexes = [models.Index(fields=["blog", "-published_at", "-post"], name="appearance_blog_river")]

    def __str__(self) -> str:
        return self.guid
