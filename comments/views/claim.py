"""Claiming a blog by the link in the mail."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from bloghub.people.access import signed_in
from comments import claiming


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def claim_create(request: HttpRequest, token: str) -> HttpResponse:
    """Asks first, since mail programs open links by themselves; POST makes the reader the blog's owner."""
    if request.method == "POST":
        claimed = claiming.claim(token, signed_in(request), timezone.now())
        if claimed is not None:
            return redirect(claimed)
    blog = claiming.blog_of(token)
    status = 200 if blog else 410
    return render(request, "comments/claim_create.html", {"blog": blog}, status=status)
