"""A look at a comment before it is said."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_POST

from aggregator.models import Post
from comments import wording
from comments.limits import Refused


@require_POST
def preview_create(request: HttpRequest) -> HttpResponse:
    """``body`` as it would look under ``post``, whose readers decide which titles may be named; stores nothing."""
    asked = str(request.POST.get("post", ""))
    number = int(asked) if asked.isascii() and asked.isdecimal() and len(asked) < 19 else 0  # noqa: PLR2004 - int8
    post = get_object_or_404(Post.objects.visible_to(request.user), pk=number)
    context: dict[str, Any] = {}
    try:
        context["look"] = wording.preview(str(request.POST.get("body", "")), post.pk)
    except Refused as refusal:
        context["refusal"] = refusal
    return render(request, "comments/_look.html", context, status=422 if "refusal" in context else 200)
