"""BlogImport: many blogs registered at once from a list, one row each. The work is in aggregator/importing."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog


class BlogImport(models.Model):
    """One list. Rows are looked at first (the dry run), registered when an admin says so; both can be stopped."""

    name = models.CharField(_("list"), max_length=200)
    started_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+")
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    is_running = models.BooleanField(_("running"), default=True)
    registers = models.BooleanField(_("registers"), default=False)  # else the dry run only

    class Meta:
        verbose_name = _("import of blogs")
        verbose_name_plural = _("imports of blogs")
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return self.name


class RowState(models.TextChoices):
    WAITS = "waits", _("waits")
    READY = "ready", _("can be registered")
    KNOWN = "known", _("registered before")
    DOUBLE = "double", _("twice in this list")
    FAILED = "failed", _("cannot be registered")
    REGISTERED = "registered", _("registered")


class ImportRow(models.Model):
    """One line of the list and what became of it."""

    blog_import = models.ForeignKey(BlogImport, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    address = models.CharField(_("address"), max_length=2000)
    title = models.CharField(_("title"), max_length=200, blank=True)
    owner = models.CharField(_("owner"), max_length=254, blank=True)  # a mail address or user name, as written
    state = models.CharField(_("state"), max_length=16, choices=RowState, default=RowState.WAITS)
    outcome = models.TextField(_("outcome"), blank=True)
    preview = models.JSONField(null=True)
    lease_until = models.DateTimeField(null=True)
    blog = models.ForeignKey(Blog, on_delete=models.SET_NULL, null=True, related_name="+")

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["blog_import", "position"], name="importrow_position")]
        indexes = [models.Index(fields=["blog_import", "state", "position"], name="importrow_state")]

    def __str__(self) -> str:
        return self.address
