"""The live river: everybody's posts, newest first."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from aggregator.views.folding import fold
from aggregator.views.rows import EVERYBODY, post_page
from bloghub.people.access import reading


@reading
@require_safe
def post_list(request: HttpRequest) -> HttpResponse:
    """``/`` and ``/latest/``."""
    page = post_page(EVERYBODY, request.user, request.GET)
    return render(request, "aggregator/post_list.html", {"page": page, "runs": fold(page.rows), "here": "latest"})
