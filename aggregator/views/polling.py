"""How a blog is polled, for its owners: when, with what outcome, and what to paste into its engine."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from aggregator.health import reasons
from aggregator.health.telling import group_of
from aggregator.models import Blog, Feed, Host
from aggregator.pushing import hooks
from bloghub.notifications.opening import opened
from bloghub.people.access import signed_in


@never_cache
@require_safe
def polling_detail(request: HttpRequest, slug: str) -> HttpResponse:
    """``/blogs/<slug>/polling/``. It shows the blog's secret address, so nobody else finds the page."""
    blog, now = _own(request, slug), timezone.now()
    feeds = list(blog.feeds.select_related("push", "websub_lease").order_by("pk"))
    opened(request, [group_of(feed) for feed in feeds])
    hosts = Host.objects.filter(name__in=[feed.host for feed in feeds], slow_until__gt=now)
    slow = dict(hosts.values_list("name", "slow_until"))
    context = {
        "blog": blog,
        "feeds": [_told(feed, slow.get(feed.host), now) for feed in feeds],
        "hook": hooks.address(blog),
        "ping": settings.PUBLIC_URL + reverse("aggregator:ping-create"),
        "here": "blogs",
    }
    return render(request, "aggregator/polling_detail.html", context)


def _told(feed: Feed, slow_until: datetime | None, now: datetime) -> dict[str, Any]:
    """One feed as its owner sees it. ``next`` is not before its server may be visited, and None when at any moment."""
    lease = getattr(feed, "websub_lease", None)
    soonest = max(feed.next_poll_at, slow_until or now)
    return {
        "feed": feed,
        "reason": reasons.reason(feed),
        "advice": reasons.advice(feed.last_error_code) if feed.last_error else "",
        "next": soonest if soonest > now else None,
        "lease": lease,
        "is_active": lease is not None and lease.is_active(now),
    }


@require_POST
def hook_create(request: HttpRequest, slug: str) -> HttpResponse:
    """Makes a secret address, or a new one in the place of that which the page showed."""
    blog = _own(request, slug)
    hooks.renew(blog, instead_of=request.POST.get("instead_of", "").replace("\x00", ""))
    return redirect("aggregator:polling-detail", slug=blog.slug)


def _own(request: HttpRequest, slug: str) -> Blog:
    return get_object_or_404(Blog.objects.filter(owners=signed_in(request)), slug=slug)
