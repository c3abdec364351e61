"""Tag: what people write about. Names come from feeds, so equality is decided by the slug."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from hashlib import blake2b

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from taggit.models import ItemBase

SLUG_LENGTH = 80
# Codes that lose their meaning without their signs: C++ is not C
_SIGNS = {"+": "plus", "#": "sharp", ".": "-dot-", "&": "-and-", "/": "-", "_": "-"}


@lru_cache(maxsize=10_000)  # a blog uses the same few tags again and again
def tag_slug(name: str) -> str:
    """The address of a tag: letters and digits of any script, lower case, joined by hyphens; never empty.

    “Machine Learning” and “machine-learning” are one tag, “C”, “C++” and “C#” are three.
    """
    text = unicodedata.normalize("NFKC", name.strip().lstrip("#").strip() or name).casefold()
    text = "".join(_SIGNS.get(sign, sign) for sign in text)
    slug = re.sub(r"[^\w-]|_", "-", text)
    slug = re.sub(r"-{2,}", "-", slug).strip("-")[:SLUG_LENGTH].strip("-")
    return slug or "tag-" + blake2b(name.encode(), digest_size=6).hexdigest()


@lru_cache(maxsize=4096)
def tag_address(slug: str) -> str:
    """Where the page of a tag is. Kept, because rows name the same few tags over and over and reversing is slow."""
    return reverse("aggregator:tag-detail", args=[slug])


class Tag(models.Model):  # type: ignore[django-manager-missing]  # TaggedPost comes from untyped taggit
    """A label on posts. ``name`` is the spelling first seen."""

    name = models.CharField(_("name"), max_length=100)
    slug = models.CharField(_("slug"), max_length=SLUG_LENGTH, unique=True)

    class Meta:
        verbose_name = _("tag")
        verbose_name_plural = _("tags")
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return tag_address(self.slug)


class TaggedPost(ItemBase):  # type: ignore[misc]  # taggit has no types
    """One tag on one post. ``published_at`` is the post's: a tag's page is then one index scan at any depth."""

    tag = models.ForeignKey(Tag, on_delete=models.CASCADE, related_name="tagged_posts")
    content_object = models.ForeignKey("aggregator.Post", on_delete=models.CASCADE, related_name="tagged_posts")
    position = models.PositiveSmallIntegerField(default=0)
    published_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["content_object", "tag"], name="taggedpost_once"),
        ]
        indexes = [
            models.Index(fields=["tag", "-published_at", "-content_object"], name="taggedpost_river"),
        ]
