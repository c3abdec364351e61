"""Posts in the admin: to be found and, when need be, removed. What a post says is its blog's to change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin, messages
from django.db.models import Count, Max, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from aggregator.models import Blog, Post

if TYPE_CHECKING:
    PostModelAdmin = admin.ModelAdmin[Post]
else:
    PostModelAdmin = admin.ModelAdmin


@admin.register(Post)
class PostAdmin(PostModelAdmin):
    """Read-only but for deletion."""

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
        blog_id = obj.blog_id
        super().delete_model(request, obj)
        self._after_delete(request, [blog_id])

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Post]) -> None:
        blog_ids = sorted(set(queryset.order_by().values_list("blog", flat=True)))
        super().delete_queryset(request, queryset)
        self._after_delete(request, blog_ids)

    def _after_delete(self, request: HttpRequest, blog_ids: list[int]) -> None:
        recount(blog_ids)
        told = _("A post that its blog still offers comes back when the blog changes: have it removed there, too.")
        self.message_user(request, told, messages.WARNING)


def recount(blog_ids: list[int]) -> None:
    """Brings the counters of these blogs back in line with their posts."""
    posts = Post.objects.filter(blog=OuterRef("pk")).order_by().values("blog")
    for blog_id in blog_ids:  # one row a statement: a longer one could deadlock with a worker
        Blog.objects.filter(pk=blog_id).update(
            post_count=Coalesce(Subquery(posts.annotate(n=Count("pk")).values("n")), 0),
            last_post_at=Subquery(posts.annotate(newest=Max("published_at")).values("newest")),
        )
