"""SavedSearch: a search that somebody keeps under a name, and what turns it around: the words its matches must hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.search import SearchQueryField
from django.db import models
from django.db.models import F
from django.db.models.functions import MD5
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from bloghub.people.models import Person

NAME_LENGTH = 80
ANY_ROW = ""  # the key of searches that no word narrows: each new row is asked for them


class SavedSearchQuerySet(models.QuerySet["SavedSearch"]):
    def of(self, person: Person) -> Self:
        """This person's own; nobody sees another's."""
        return self.filter(person=person)


class SavedSearch(models.Model):
    """A person's search under a name. ``query`` is the canonical text, so the same search is saved once.

    ``asked`` is its words as a ``tsquery``, null when it has none; what its filters mean is asked at the moment of
    telling (search/alerting.py). ``after`` is the newest row of Searchable when it was saved or changed: what comes
    later is new to its owner.
    """

    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_searches")
    name = models.CharField(_("name"), max_length=NAME_LENGTH)
    query = models.TextField(_("search"))
    is_told = models.BooleanField(_("tell me of what is new"), default=True)
    asked = SearchQueryField(null=True)
    after = models.BigIntegerField()

    objects = SavedSearchQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved search")
        verbose_name_plural = _("saved searches")
        ordering = ["name", "pk"]
        constraints = [
            # A query can be longer than an entry of an index may be
            models.UniqueConstraint(F("person"), MD5("query"), name="savedsearch_once"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("aggregator:savedsearch-detail", args=[self.pk])

    def match_address(self, event: str) -> str:
        """Where one who was told of this event goes to see it."""
        return reverse("aggregator:savedsearch-match-detail", args=[self.pk, event])

    @property
    def group(self) -> str:
        """What notifications of its matches belong to."""
        return f"search:{self.pk}"


class SavedSearchKey(models.Model):
    """A lexeme of which every match of a search holds at least one: of a new row's lexemes only those that are keys
    say which searches to ask it."""

    lexeme = models.TextField(db_collation="C")
    search = models.ForeignKey(SavedSearch, on_delete=models.CASCADE, related_name="keys")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lexeme", "search"], name="savedsearchkey_once")]

    def __str__(self) -> str:
        return self.lexeme


class MatchTally(models.Model):
    """One row: up to which id the rows of Searchable have been matched, and up to which they can be when every
    transaction older than ``seen_by`` has ended (search/alerting.py)."""

    matched_to = models.BigIntegerField(default=0)
    seen_to = models.BigIntegerField(default=0)
    seen_by = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return f"matched to {self.matched_to} of {self.seen_to}"
