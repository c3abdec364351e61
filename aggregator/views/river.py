"""The live river: what everybody writes and says, newest first; and their posts alone."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from aggregator.views.activity import LIVE, river_page
from aggregator.views.rows import EVERYBODY, post_page
from bloghub.people.access import reading


@reading
@require_safe
def front_detail(request: HttpRequest) -> HttpResponse:
    """``/``: posts, and the comments that pass by between them."""
    page = river_page(LIVE, request.user, request.GET)
    context = {"page": page, "here": "front", "title": gettext("What colleagues say")}
    return render(request, "aggregator/post_list.html", context)


@reading
@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """``/latest/``: posts alone."""
    page = post_page(EVERYBODY, request.user, request.GET)
    context = {"page": page, "here": "latest", "title": gettext("Latest")}
    return render(request, "aggregator/post_list.html", context)
