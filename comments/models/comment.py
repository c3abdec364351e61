"""Comment: what one person says about a post, and what it answers. How it comes to be is in comments/store.py."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from aggregator.models import Post
from aggregator.models.blog import hidden_from
from bloghub.people.models import name_of_gone

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


class CommentState(models.TextChoices):
    VISIBLE = "visible", _("visible")
    HELD = "held", _("held for review")  # only its writer and moderators see it; it counts nowhere
    HIDDEN = "hidden", _("hidden by a moderator")  # a placeholder with the reason stands in its place
    DELETED = "deleted", _("deleted by its writer")  # a placeholder while there are replies, else nothing


class Origin(models.TextChoices):
    HUB = "hub", _("written here")
    BLOG = "blog", _("said on the blog itself")


class CommentQuerySet(models.QuerySet["Comment"]):
    def visible_to(self, person: Reader) -> Self:
        """What this person may read: visible comments on posts of the blogs they may see."""
        return self.filter(state=CommentState.VISIBLE).exclude(post__blog__in=hidden_from(person))


class Comment(models.Model):
    """One comment. Written by comments/store.py alone, which also keeps the counters of its post.

    ``number`` counts the comments of a post from 1, in the order in which they were stored, and is never given twice:
    it names the comment in its thread, in ``path`` and in the drawing. Those written at the same moment may stand in
    another order than ``published_at`` says, by what they waited for each other; one that was held gets another number
    and moment when it is let through. ``path`` holds the numbers from the thread's root down to
    itself, so that ``ORDER BY path`` is the thread in the order of reading; ``depth`` is its length less one.
    ``html`` has passed the gate (bloghub/lib/html.py) and is put on pages as it is; ``body`` is its Markdown.
    """

    # Post and author have indexes of more columns below, which serve for these alone, too
    post = models.ForeignKey(
        Post, on_delete=models.CASCADE, related_name="comments", db_index=False, verbose_name=_("post")
    )
    parent = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, blank=True, related_name="replies", verbose_name=_("answers")
    )
    number = models.PositiveIntegerField()
    depth = models.PositiveSmallIntegerField(default=0)
    path = ArrayField(models.PositiveIntegerField())
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="comments",
        db_index=False,
        verbose_name=_("writer"),
    )
    author_name = models.CharField(_("writer as the blog says"), max_length=200, blank=True)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin, default=Origin.HUB)
    body = models.TextField(_("text"))
    html = models.TextField()
    excerpt = models.CharField(max_length=400, blank=True)
    mentioned = ArrayField(models.BigIntegerField(), default=list)  # ids of the people named by @username
    renderer_version = models.PositiveSmallIntegerField()
    state = models.CharField(_("state"), max_length=8, choices=CommentState, default=CommentState.VISIBLE)
    vote_count = models.PositiveIntegerField(_("votes"), default=0)
    published_at = models.DateTimeField(_("said"))
    edited_at = models.DateTimeField(_("edited"), null=True, blank=True)
    removed_at = models.DateTimeField(_("hidden or deleted"), null=True, blank=True)
    removed_because = models.CharField(_("reason"), max_length=300, blank=True)
    removed_from = models.CharField(max_length=8, blank=True)  # the state that its removal ended, for undoing that
    submission_key = models.UUIDField(null=True)  # of the form it came from: sent twice, it is one comment
    told_at = models.DateTimeField(null=True)  # when those concerned were told; null is still to be done

    objects = CommentQuerySet.as_manager()

    class Meta:
        verbose_name = _("comment")
        verbose_name_plural = _("comments")
        constraints = [
            models.UniqueConstraint(fields=["post", "number"], name="comment_number_in_post"),
            models.UniqueConstraint(fields=["author", "submission_key"], name="comment_submitted_once"),
        ]
        indexes = [
            models.Index(fields=["author", "-published_at", "-id"], name="comment_author_river"),
            models.Index(fields=["post", "author"], name="comment_voices"),
            models.Index(fields=["id"], name="comment_untold", condition=Q(told_at=None)),
            models.Index(fields=["-published_at", "-id"], name="comment_held", condition=Q(state="held")),
        ]

    def __str__(self) -> str:
        return self.excerpt[:80] or f"#{self.number}"

    def get_absolute_url(self) -> str:
        """Its permalink: leads to its place in its thread."""
        return reverse("comments:comment-detail", args=[self.pk])

    @property
    def speaker(self) -> str:
        """Who says it: one of us, whom the blog names, or somebody who is gone."""
        return str(self.author) if self.author else self.author_name or name_of_gone()
