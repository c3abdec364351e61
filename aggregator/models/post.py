"""Post: one article as readers meet it. How it came here is in aggregator/polling."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import quote

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Cast, Least
from django.db.models.lookups import GreaterThan
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.managers import TaggableManager

from aggregator.models.blog import HIDDEN_BLOGS, Blog, hidden_from
from aggregator.models.feed import Feed
from aggregator.models.tag import TaggedPost
from bloghub.lib.language import direction
from bloghub.lib.text import reading_minutes, slugify

if TYPE_CHECKING:
    from aggregator.models.blog import Reader


# As the ORM's subquery it would take longer to put together than to run
TAG_LIST = """
    SELECT coalesce(
        json_agg(json_build_object('name', tag.name, 'slug', tag.slug) ORDER BY label.position, label.id), '[]')
    FROM aggregator_taggedpost AS label JOIN aggregator_tag AS tag ON tag.id = label.tag_id
    WHERE label.content_object_id = aggregator_post.id
"""


FILES = """
    SELECT json_agg(file ORDER BY file.id) FROM aggregator_enclosure AS file WHERE file.post_id = aggregator_post.id
"""

# The other blogs that have a post and that %(person)s may see; null when there are none
ALSO_ON = f"""
    SELECT json_agg(json_build_object('title', other.title, 'slug', other.slug) ORDER BY appearance.id)
      FROM aggregator_appearance AS appearance JOIN aggregator_blog AS other ON other.id = appearance.blog_id
     WHERE appearance.post_id = aggregator_post.id AND appearance.is_shown
       AND NOT (other.id IN ({HIDDEN_BLOGS.replace("%s", "%(person)s")}))
"""  # noqa: S608 - constants


@lru_cache(maxsize=1)
def _posts_root() -> str:
    return reverse("aggregator:post-detail", args=[0, "-"]).removesuffix("0/-/")


# What stands behind a post's number in addresses of its own: a post of that title gets another
RESERVED = {"comments", "reading", "vote", "watch"}


def post_slug(words: str) -> str:
    """The readable part of a post's address."""
    slug = slugify(words)
    return f"{slug}-post" if slug in RESERVED else slug


def post_address(pk: int, slug: str) -> str:
    """Where the page of a post is. Put together here, because a page names many and reversing is slow."""
    return f"{_posts_root()}{pk}/{quote(slug)}/"


class Week(Func):
    """The Monday of a moment in UTC, as ranking.py asks for it."""

    template = "date_trunc('week', %(expressions)s AT TIME ZONE 'UTC')"


# As ranking.py has them
MERIT = F("vote_count") + F("voice_count")
TALK = Cast("voice_count", models.BigIntegerField()) * 10_000 + Least("comment_count", 9_999)


class PostQuerySet(models.QuerySet["Post"]):
    def visible_to(self, person: Reader) -> Self:
        """The posts this person may see: those of the blogs they may see."""
        return self.exclude(blog__in=hidden_from(person))


class Post(models.Model):  # type: ignore[django-manager-missing]  # TaggedPost comes from untyped taggit
    """One article. Written by polling/posting.py, from what a poll found; moved and removed by those who say so there.

    ``published_at`` is where it stands in every river: the publisher's date, never later than ``first_seen_at``, and
    ``first_seen_at`` when the publisher gives none.
    """

    blog = models.ForeignKey(Blog, on_delete=models.CASCADE, related_name="posts", verbose_name=_("blog"))
    feed = models.ForeignKey(Feed, on_delete=models.CASCADE, related_name="posts", verbose_name=_("feed"))
    guid = models.CharField(max_length=600)
    permalink = models.CharField(_("permalink"), max_length=2000, blank=True)
    # The permalink as feeds of several blogs may spell it, hashed (polling/pages.py): two workers that bring the same
    # post at once cannot both store it. Null where the permalink says too little, or another post has it already
    page = models.BigIntegerField(null=True)
    title = models.CharField(_("title"), max_length=1000, blank=True)
    author_name = models.CharField(_("author as the feed says"), max_length=200, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="posts",
        verbose_name=_("author"),
    )
    content_html = models.TextField(_("content"), blank=True)
    excerpt = models.CharField(_("excerpt"), max_length=400, blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    word_count = models.PositiveIntegerField(_("words"), default=0)
    published_at = models.DateTimeField(_("published"))
    updated_at = models.DateTimeField(_("updated by the publisher"), null=True)
    first_seen_at = models.DateTimeField(_("first seen"))
    content_hash = models.CharField(max_length=32)
    sanitiser_version = models.PositiveSmallIntegerField()
    edit_count = models.PositiveSmallIntegerField(default=0, db_default=0)  # content that changes at every fetch
    # The conversation, kept by comments/store.py and ranking.py in the transactions that change it; with database
    # defaults, because polls write posts by SQL
    comment_count = models.PositiveIntegerField(_("comments"), default=0, db_default=0)
    last_comment_number = models.PositiveIntegerField(default=0, db_default=0)  # also counts those that are gone
    last_comment_at = models.DateTimeField(_("last comment"), null=True)
    voice_count = models.PositiveIntegerField(default=0, db_default=0)  # colleagues who commented, the author apart
    thread_shape = ArrayField(models.IntegerField(), default=list, db_default=[])  # arcs.py
    vote_count = models.PositiveIntegerField(_("votes"), default=0, db_default=0)
    rank = models.FloatField(default=0, db_default=0)  # ranking.py

    tags = TaggableManager(through=TaggedPost, blank=True)
    objects = PostQuerySet.as_manager()

    class Meta:
        verbose_name = _("post")
        verbose_name_plural = _("posts")
        constraints = [
            models.UniqueConstraint(fields=["feed", "guid"], name="post_guid_in_feed"),
            models.UniqueConstraint(fields=["page"], name="post_page_once", condition=Q(page__isnull=False)),
        ]
        indexes = [
            models.Index(fields=["-published_at", "-id"], name="post_river"),
            models.Index(fields=["blog", "-published_at", "-id"], name="post_blog_river"),
            models.Index(fields=["author", "-published_at", "-id"], name="post_author_river"),
            # Each ranking for all time, and for the weeks that its shorter periods are put together from
            models.Index(MERIT.desc(), F("id").desc(), name="post_best", condition=Q(GreaterThan(MERIT, 0))),
            models.Index(
                Week("published_at"),
                MERIT.desc(),
                F("id").desc(),
                name="post_best_of_week",
                condition=Q(GreaterThan(MERIT, 0)),
            ),
            models.Index(TALK.desc(), F("id").desc(), name="post_talk", condition=Q(comment_count__gt=0)),
            models.Index(
                Week("last_comment_at"),
                TALK.desc(),
                F("id").desc(),
                name="post_talk_of_week",
                condition=Q(comment_count__gt=0),
            ),
        ]

    tag_list: list[dict[str, str]]
    files: list[dict[str, Any]] | None
    stamp: str  # of the rows its page is made from (views/post.py)

    def __str__(self) -> str:
        return self.title or self.excerpt[:80] or self.guid

    def get_absolute_url(self) -> str:
        return post_address(self.pk, self.slug)

    @property
    def slug(self) -> str:
        """The readable part of the address; the id alone decides which post it is."""
        return post_slug(self.title or self.excerpt)

    @property
    def direction(self) -> str:
        """``rtl`` or ``ltr``, for ``dir``; the browser finds out when the language is unknown."""
        return direction(self.language) if self.language else "auto"

    @property
    def reading_minutes(self) -> int:
        """Minutes to read it, at least one."""
        return reading_minutes(self.word_count)

    @property
    def byline(self) -> str:
        """Whom to name: one of us, else whom the feed names, else the blog's author, else the blog."""
        return str(self.author) if self.author else self.author_name or self.blog.author_name or self.blog.title

    def keyset(self) -> tuple[datetime, int]:
        """Where it stands in a river (lib/paging.py)."""
        return self.published_at, self.pk
