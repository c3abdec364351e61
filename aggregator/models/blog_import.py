"""BlogImport: many blogs registered at once from a list, one row each. The work is in aggregator/importing."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models, transaction
from django.db.models import Count, Exists, OuterRef, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import Blog


class RowState(models.TextChoices):
    WAITS = "waits", _("waits")
    READY = "ready", _("can be registered")
    CHOSEN = "chosen", _("is being registered")
    REGISTERED = "registered", _("registered")
    KNOWN = "known", _("registered before")
    DOUBLE = "double", _("twice in this list")
    FAILED = "failed", _("cannot be registered")


PENDING = (RowState.WAITS, RowState.CHOSEN)  # somebody has yet to do something about them


class BlogImportQuerySet(models.QuerySet["BlogImport"]):
    def idle(self, now: datetime) -> Self:
        """Those that run, have rows left, and that nobody is at work on."""
        rows = ImportRow.objects.filter(blog_import=OuterRef("pk"))
        held = Exists(rows.filter(lease_until__gte=now))
        return self.filter(Exists(rows.pending()), ~held, is_running=True)

    def discard(self) -> None:
        """Removes these with all their rows. A worker holds its import before it writes rows, so it is held here, too:
        in another order each would wait for the other."""
        with transaction.atomic():
            held = list(self.order_by("pk").select_for_update(of=("self",)).values_list("pk", flat=True))
            BlogImport.objects.filter(pk__in=held).delete()


class BlogImport(models.Model):
    """One list. Its rows are looked at first (the dry run), and registered when an admin says so.

    ``is_running`` is what the admin wishes: workers leave a stopped one alone, as they do one that a command of the
    shell works on. ``digest`` is that of the list itself, by which the command knows it again.
    """

    name = models.CharField(_("list"), max_length=200)
    digest = models.CharField(max_length=32, blank=True, editable=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
        verbose_name=_("started by"),
    )
    started_at = models.DateTimeField(_("started"), default=timezone.now)
    is_running = models.BooleanField(_("running"), default=True)

    objects = BlogImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import of blogs")
        verbose_name_plural = _("imports of blogs")
        ordering = ["-started_at", "-pk"]

    def __str__(self) -> str:
        return self.name

    def counts(self) -> dict[str, int]:
        """How many rows are in each state; states without any are there, too. One query."""
        found = ImportRow.objects.filter(blog_import=self).order_by().values_list("state").annotate(Count("pk"))
        return dict.fromkeys(RowState.values, 0) | dict(found)

    def stop(self) -> None:
        """Workers finish the row they are at, and take no other."""
        BlogImport.objects.filter(pk=self.pk).update(is_running=False)

    def resume(self) -> None:
        """Workers go on where they were."""
        BlogImport.objects.filter(pk=self.pk).update(is_running=True)

    def choose_ready(self) -> int:
        """All rows that can be registered are to be; says how many. Running or not is another question."""
        return ImportRow.objects.filter(blog_import=self, state=RowState.READY).update(state=RowState.CHOSEN)


class ImportRowQuerySet(models.QuerySet["ImportRow"]):
    def pending(self) -> Self:
        """Rows that wait for a look, or to be registered."""
        return self.filter(state__in=PENDING)

    def held(self, lease: datetime) -> Self:
        """Rows that the holder of this very lease may still write to."""
        return self.pending().filter(lease_until=lease)


class ImportRow(models.Model):
    """One entry of the list and what became of it.

    ``keys`` are all spellings of its feed's address, without scheme, and what identifies its feed wherever it is
    (importing/judging.py); ``preview`` is what was found (registration.Preview), ``outcome`` why nothing was.
    ``same_as`` is the row that brought the same blog first.
    """

    blog_import = models.ForeignKey(BlogImport, on_delete=models.CASCADE, related_name="rows")
    position = models.PositiveIntegerField()
    line = models.PositiveIntegerField(_("line"))
    address = models.CharField(_("address"), max_length=2000)
    title = models.CharField(_("title"), max_length=200, blank=True)
    owner = models.CharField(_("owner"), max_length=1000, blank=True)  # mail addresses or user names, as written
    state = models.CharField(_("state"), max_length=16, choices=RowState, default=RowState.WAITS)
    outcome = models.TextField(_("outcome"), blank=True)
    keys = ArrayField(models.TextField(), default=list)
    preview = models.JSONField(null=True)
    lease_until = models.DateTimeField(null=True)
    blog = models.ForeignKey(Blog, on_delete=models.SET_NULL, null=True, related_name="+")
    same_as = models.ForeignKey("self", on_delete=models.SET_NULL, null=True, related_name="doubles")

    objects = ImportRowQuerySet.as_manager()

    class Meta:
        verbose_name = _("row of an import")
        verbose_name_plural = _("rows of imports")
        ordering = ["position"]
        constraints = [models.UniqueConstraint(fields=["blog_import", "position"], name="importrow_position")]
        indexes = [
            models.Index(fields=["blog_import", "state", "position"], name="importrow_state"),
            models.Index(fields=["lease_until"], name="importrow_lease", condition=Q(lease_until__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.address
