"""Blogs: the directory and the page of one."""

from __future__ import annotations

from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aggregator.models import Blog
from aggregator.views.rows import OF_BLOG, post_page
from bloghub.lib.paging import Order, paginate
from bloghub.people.access import reading

# Those that wrote last come first; one that never wrote stands where it was registered
LIVELY = Order(time="lively_at", keyset=lambda blog: (blog.lively_at, blog.pk))


@reading
@require_safe
def blog_list(request: HttpRequest) -> HttpResponse:
    """All blogs the reader may see."""
    blogs = Blog.objects.visible_to(request.user).prefetch_related("owners")
    page = paginate(blogs.annotate(lively_at=Coalesce("last_post_at", "first_seen_at")), request.GET, LIVELY)
    return render(request, "aggregator/blog_list.html", {"page": page, "here": "blogs"})


@reading
@require_safe
def blog_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """One blog and its posts."""
    blog = get_object_or_404(Blog.objects.visible_to(request.user), slug=slug)
    page = post_page(OF_BLOG, request.user, request.GET, blog.pk)
    context = {"blog": blog, "owners": blog.owners.order_by("display_name"), "page": page, "here": "blogs"}
    return render(request, "aggregator/blog_detail.html", context)
