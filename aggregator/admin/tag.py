"""Tags in the admin: a spelling can be put right, a tag nobody wants can go. Their slugs come from their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.http import HttpRequest
from taggit.models import Tag as TaggitTag

from aggregator.models import Tag

if TYPE_CHECKING:
    TagModelAdmin = admin.ModelAdmin[Tag]
else:
    TagModelAdmin = admin.ModelAdmin


admin.site.unregister(TaggitTag)  # a table of the library that this hub does not use: tags are our own


@admin.register(Tag)
class TagAdmin(TagModelAdmin):
    """Made by polls alone."""

    list_display = ("name", "slug")
    search_fields = ("name", "slug")
    fields = ("name", "slug")
    readonly_fields = ("slug",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False
