"""Blog: a site someone writes, and who may see it. Its documents are in feed.py, its articles in post.py."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING, Self, TypeAlias

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser, Group
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.expressions import RawSQL
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from bloghub.lib.urls import is_web_url

if TYPE_CHECKING:
    from bloghub.people.models import Person

    Reader: TypeAlias = Person | AnonymousUser


def validate_web_address(address: str) -> None:
    """Refuses what is no absolute http or https address. A company's short host names (http://blogs/) are fine."""
    if not is_web_url(address):
        raise ValidationError(_("Enter an address that begins with http:// or https://."), code="web_address")


class Audience(models.TextChoices):
    EVERYONE = "everyone", _("everyone")
    GROUPS = "groups", _("named groups only")


# Every page asks for it: said in SQL, because the ORM would take longer to put it together than PostgreSQL to run it.
# A stranger's id is NULL, which owns nothing and is a member of nothing.
HIDDEN_BLOGS = """
    SELECT blog.id FROM aggregator_blog AS blog WHERE blog.audience = 'groups'
    AND NOT EXISTS (
        SELECT FROM aggregator_blog_owners AS owner WHERE owner.blog_id = blog.id AND owner.person_id = %s)
    AND NOT EXISTS (
        SELECT FROM aggregator_blog_audience_groups AS audience
        JOIN people_person_groups AS member ON member.group_id = audience.group_id
        WHERE audience.blog_id = blog.id AND member.person_id = %s)
"""


def hidden_from(person: Reader) -> RawSQL:
    """The ids of the blogs this person may not see: restricted ones, but for their groups and their owners."""
    return RawSQL(HIDDEN_BLOGS, (person.pk, person.pk))  # noqa: S611 - nothing but the id is put in, as a parameter


class BlogQuerySet(models.QuerySet["Blog"]):
    def visible_to(self, person: Reader) -> Self:
        """The blogs this person may see. Being an admin opens the admin, not other people's audiences."""
        return self.exclude(pk__in=hidden_from(person))

    def readers_among(self, blog: Blog, person_ids: Iterable[int]) -> set[int]:
        """Those of these people who may see this blog; one query when its audience is restricted, none otherwise."""
        asked = set(person_ids)
        if blog.audience == Audience.EVERYONE or not asked:
            return asked
        inside = Q(blogs=blog) | Q(groups__blogs=blog)
        return set(get_user_model().objects.filter(inside, pk__in=asked).values_list("pk", flat=True))


@lru_cache(maxsize=4096)
def blog_address(slug: str) -> str:
    """Where the page of a blog is (kept, as addresses of tags are)."""
    return reverse("aggregator:blog-detail", args=[slug])


class Blog(models.Model):
    """A site someone writes. ``post_count`` (with what it lists of others) and ``last_post_at`` are polls'."""

    title = models.CharField(_("title"), max_length=200)
    slug = models.SlugField(_("slug"), max_length=80, unique=True, allow_unicode=True)
    homepage_url = models.CharField(_("homepage"), max_length=2000, blank=True, validators=[validate_web_address])
    description = models.TextField(_("description"), blank=True)
    language = models.CharField(_("language"), max_length=16, blank=True)
    author_name = models.CharField(
        _("author"), max_length=200, blank=True, help_text=_("Who writes it, when its posts do not say.")
    )
    owners = models.ManyToManyField(
        settings.AUTH_USER_MODEL, related_name="blogs", blank=True, verbose_name=_("owners")
    )
    contact_email = models.EmailField(
        _("writer's mail address"),
        blank=True,
        help_text=_("Gets the first comment, with a link that claims the blog, while it has no owner."),
    )
    # Whoever knows it may have the blog polled, once a minute, no more: so it is kept as it is (pushing/hooks.py)
    hook_key = models.CharField(max_length=64, blank=True, db_default="", editable=False)
    audience = models.CharField(_("audience"), max_length=16, choices=Audience, default=Audience.EVERYONE)
    audience_groups = models.ManyToManyField(
        Group, related_name="blogs", blank=True, verbose_name=_("groups that may see it")
    )
    first_seen_at = models.DateTimeField(_("registered"), default=timezone.now, editable=False)
    post_count = models.PositiveIntegerField(_("posts"), default=0, editable=False)
    last_post_at = models.DateTimeField(_("last post"), null=True, editable=False)

    objects = BlogQuerySet.as_manager()

    class Meta:
        verbose_name = _("blog")
        verbose_name_plural = _("blogs")
        ordering = ["title", "pk"]
        indexes = [models.Index(fields=["audience"], name="blog_audience")]
        constraints = [models.UniqueConstraint(fields=["hook_key"], condition=~Q(hook_key=""), name="blog_hook_key")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return blog_address(self.slug)

    def is_visible_to(self, person: Reader) -> bool:
        """``visible_to`` for one blog that is at hand; costs a query only when its audience is restricted."""
        return self.audience == Audience.EVERYONE or Blog.objects.visible_to(person).filter(pk=self.pk).exists()


def restricted_among(blog_ids: set[int]) -> set[int]:
    """Which of these blogs not everybody may see."""
    restricted = Blog.objects.filter(pk__in=blog_ids).exclude(audience=Audience.EVERYONE)
    return set(restricted.values_list("pk", flat=True))
