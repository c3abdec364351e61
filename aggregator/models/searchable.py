"""Searchable: what search looks through, a row for every post and every visible comment; and the words it knows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from aggregator.models.blog import HIDDEN_BLOGS, Blog, hidden_from
from aggregator.models.post import Post

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

# Which rows ``%(reader)s`` may find, for statements that read aggregator_searchable
VISIBLE = f"NOT (aggregator_searchable.blog_id IN ({HIDDEN_BLOGS.replace('%s', '%(reader)s')}))"


class SearchableQuerySet(models.QuerySet["Searchable"]):
    def visible_to(self, person: Reader) -> Self:
        """What this person may find: what is on the blogs they may see."""
        return self.exclude(blog__in=hidden_from(person))


class Searchable(models.Model):
    """One post, or one visible comment when ``comment_id`` says which. Written by search/index.py alone.

    Beside the post and not in it: votes and counters change a post all the time, and each change would enter the whole
    row into the index again. ``words`` holds everything that search asks for, the filters too (search/lexemes.py), so
    one index answers a query; the columns are for what is asked of the rows it finds. Who may see a row is asked of its
    blog at that moment. Names are those of the time of writing.
    """

    # Neither index of their own: the filters are in ``words``, and whoever removes a blog or a person can wait
    # for one look at every row of this narrow table
    post = models.ForeignKey(Post, on_delete=models.CASCADE, related_name="+", db_index=False)  # see searchable_once
    comment_id = models.BigIntegerField(null=True)
    blog = models.ForeignKey(Blog, on_delete=models.CASCADE, related_name="+", db_index=False)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+", db_index=False
    )
    published_at = models.DateTimeField()
    version = models.PositiveSmallIntegerField()  # search/index.py's INDEX_VERSION that wrote ``words``
    language = models.CharField(max_length=16)
    words = SearchVectorField()

    objects = SearchableQuerySet.as_manager()

    class Meta:
        constraints = [
            # A post's own row has no comment, and is one; the index also finds the rows of a post
            models.UniqueConstraint(fields=["post", "comment_id"], nulls_distinct=False, name="searchable_once"),
            models.UniqueConstraint(
                fields=["comment_id"], condition=Q(comment_id__isnull=False), name="searchable_comment"
            ),
        ]
        indexes = [
            # Many rows at once enter it in a third of the time through its pending list (kB), which search/index.py
            # empties in the same transaction: searches read through it, too
            GinIndex(fields=["words"], fastupdate=True, gin_pending_list_limit=4096, name="searchable_words"),
            models.Index(fields=["published_at", "id"], name="searchable_river"),
        ]

    def __str__(self) -> str:
        return f"comment {self.comment_id}" if self.comment_id else f"post {self.post_id}"


class SearchWord(models.Model):
    """A word that posts or comments hold, as search folds it, and how many hold it, roughly (search/vocabulary.py)."""

    word = models.TextField(db_collation="C")  # so that the index serves ``LIKE 'begin%'``, too
    documents = models.PositiveIntegerField()

    class Meta:
        verbose_name = _("word")
        verbose_name_plural = _("words")
        constraints = [models.UniqueConstraint(fields=["word"], name="searchword_once")]
        indexes = [
            GinIndex(OpClass(F("word"), name="gin_trgm_ops"), fastupdate=False, name="searchword_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word


class SearchForm(models.Model):
    """A word of the hub and its stem, another word, in a language in which the hub has met it
    (search/vocabulary.py)."""

    stem = models.TextField(db_collation="C")
    word = models.TextField(db_collation="C")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["stem", "word"], name="searchform_once")]

    def __str__(self) -> str:
        return f"{self.stem}: {self.word}"


class SearchMonth(models.Model):
    """How many posts and comments came out in a month (UTC, as in the lexeme ``:m202611``), roughly."""

    month = models.CharField(max_length=6)
    documents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["month"], name="searchmonth_once")]

    def __str__(self) -> str:
        return self.month


class SearchTally(models.Model):
    """One row: how far words and months have been counted, and how far the rows had come at that moment, as ids; and
    the version that all rows have, at least (search/renewing.py)."""

    counted_to = models.BigIntegerField(default=0)
    seen_to = models.BigIntegerField(default=0)
    version = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"counted to {self.counted_to} of {self.seen_to}"
