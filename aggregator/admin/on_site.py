"""The button that leads from a row of the admin to its page in the hub.

Being an admin opens the admin, not other people's audiences: where the page would not be found there is no button.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from aggregator.models import Blog, Post

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
else:
    AnyModelAdmin = admin.ModelAdmin


class OnSiteForReaders(AnyModelAdmin):
    """“View on site” for those who may see the blog, or the post's blog."""

    def render_change_form(
        self,
        request: HttpRequest,
        context: dict[str, Any],
        add: bool = False,
        change: bool = False,
        form_url: str = "",
        obj: Blog | Post | None = None,
    ) -> HttpResponse:
        page = super().render_change_form(request, context, add, change, form_url, obj)
        blog = obj.blog if isinstance(obj, Post) else obj
        if blog is not None and not blog.is_visible_to(request.user) and isinstance(page, TemplateResponse):
            page.context_data = {**(page.context_data or {}), "has_absolute_url": False, "absolute_url": None}
        return page
