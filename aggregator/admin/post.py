"""Posts in the admin: to be found and, when need be, removed. What a post says is its blog's to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aggregator.admin.on_site import OnSiteForReaders
from aggregator.models import Post
from aggregator.removal import remove_posts

if TYPE_CHECKING:
    PostModelAdmin = admin.ModelAdmin[Post]
else:
    PostModelAdmin = admin.ModelAdmin


@admin.register(Post)
class PostAdmin(OnSiteForReaders, PostModelAdmin):
    """Read-only but for removal, which is for good: no poll brings a removed post back."""

    list_display = ("__str__", "blog", "writer", "published_at")
    list_select_related = ("blog", "author")
    search_fields = ("title",)
    ordering = ("-published_at", "-pk")
    show_full_result_count = False
    list_per_page = 50
    fields = (
        "title",
        "blog",
        "feed",
        "permalink",
        "author_name",
        "author",
        "published_at",
        "updated_at",
        "first_seen_at",
        "language",
        "word_count",
        "tag_names",
        "excerpt",
        "guid",
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Post]:
        return super().get_queryset(request).defer("content_html")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Post | None = None) -> bool:
        return False

    @admin.display(description=_("author"))
    def writer(self, post: Post) -> str:
        return post.byline

    @admin.display(description=_("tags"))
    def tag_names(self, post: Post) -> str:
        return ", ".join(post.tagged_posts.order_by("position").values_list("tag__name", flat=True))

    def delete_model(self, request: HttpRequest, obj: Post) -> None:
        remove_posts([obj.pk])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        remove_posts(queryset.order_by().values_list("pk", flat=True))
