"""Enclosure: a file that comes with a post, played or offered for download on its page."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from django.db import models
from django.utils.translation import gettext_lazy as _


class Enclosure(models.Model):
    """A file of a post, named by its feed; stays on the blog's own server."""

    post = models.ForeignKey("aggregator.Post", on_delete=models.CASCADE, related_name="enclosures")
    url = models.CharField(_("address"), max_length=2000)
    media_type = models.CharField(_("media type"), max_length=100, blank=True)
    length = models.PositiveBigIntegerField(_("bytes"), null=True)
    title = models.CharField(_("title"), max_length=300, blank=True)
    duration = models.PositiveIntegerField(_("seconds"), null=True)

    class Meta:
        verbose_name = _("enclosure")
        verbose_name_plural = _("enclosures")
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title or self.url

    @property
    def kind(self) -> str:
        """``audio``, ``video``, ``image`` or ``file``: what the page does with it."""
        family = self.media_type.partition("/")[0].lower()
        return family if family in {"audio", "video", "image"} else "file"

    @property
    def label(self) -> str:
        """What to call it: its title, else the file's name, else its host."""
        address = urlsplit(self.url)
        return self.title or unquote(address.path.rstrip("/").rpartition("/")[2]) or address.netloc

    @property
    def running_time(self) -> str:
        """Its duration as players write it: ``4:05``, ``1:02:03``."""
        minutes, seconds = divmod(self.duration or 0, 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
