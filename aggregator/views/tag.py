"""Tags: what people write about, and the page of one."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aggregator.models import Post, Tag
from aggregator.views.rows import OF_TAG, post_page
from bloghub.people.access import reading

RECENT_POSTS = 1_000  # what "lately" means on the list of tags; keeps its cost the same at any size
MOST_TAGS = 120


@reading
@require_safe
def tag_list(request: HttpRequest) -> HttpResponse:
    """What people write about lately: the tags of the newest posts the reader may see, the most used first."""
    recent = Post.objects.visible_to(request.user).order_by("-published_at", "-pk").values("pk")[:RECENT_POSTS]
    return render(request, "aggregator/tag_list.html", {"tags": most_used(recent), "here": "tags"})


def most_used(posts: QuerySet[Post, Any]) -> QuerySet[Tag]:
    """Tags on these posts with ``uses``, the most used first."""
    tagged = Tag.objects.filter(tagged_posts__content_object__in=posts)
    return tagged.annotate(uses=Count("tagged_posts")).order_by("-uses", "slug")[:MOST_TAGS]


@reading
@require_safe
def tag_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One tag and the posts that carry it. A tag without a post the reader may see does not exist for them."""
    tag = get_object_or_404(Tag, slug=slug)
    page = post_page(OF_TAG, request.user, request.GET, tag.pk)
    if not page.rows and page.is_first:
        raise Http404
    context = {"tag": tag, "page": page, "here": "tags"}
    return render(request, "aggregator/tag_detail.html", context)
