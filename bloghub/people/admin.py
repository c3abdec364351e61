"""People and groups in the admin. Coming in is not here: the whole hub has one sign-in page (views.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from bloghub.people.models import Person

if TYPE_CHECKING:
    PersonUserAdmin = UserAdmin[Person]
else:
    PersonUserAdmin = UserAdmin

RIGHTS = ("is_staff", "is_superuser", "user_permissions")  # only a superuser hands these out


admin.site.unregister(Group)


@admin.register(Person)
class PersonAdmin(PersonUserAdmin):
    """Colleagues. Who is no superuser can neither make one nor change one."""

    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Who it is"), {"fields": ("display_name", "email", "team", "site", "time_zone")}),
        (
            _("What they may do"),
            {"fields": ("is_active", "is_staff", "is_superuser", "groups", "user_permissions")},
        ),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (
            None,
            {
                "classes": ("wide",),
                "fields": (
                    "username",
                    "display_name",
                    "email",
                    "usable_password",
                    "password1",
                    "password2",
                ),
            },
        ),
    )
    list_display = ("display_name", "username", "email", "team", "site", "is_active", "is_staff")
    list_display_links = ("display_name", "username")
    list_filter = ("is_active", "is_staff", "is_superuser", "groups")
    search_fields = ("display_name", "username", "email", "team", "site")
    ordering = ("display_name", "username")
    readonly_fields = ("last_login", "date_joined")

    def get_readonly_fields(self, request: HttpRequest, obj: Person | None = None) -> list[str]:
        """Rights are a superuser's to give; groups belong to whoever may change groups."""
        fixed = [*super().get_readonly_fields(request, obj)]
        if not request.user.is_superuser:
            fixed += RIGHTS
        if not request.user.has_perm("auth.change_group"):
            fixed.append("groups")
        return fixed

    def has_change_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Person | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)


def _may_touch(request: HttpRequest, person: Person | None) -> bool:
    return person is None or request.user.is_superuser or not person.is_superuser


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Audiences. What a group grants is decided by superusers alone."""

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> list[str]:
        fixed = [*super().get_readonly_fields(request, obj)]
        return fixed if request.user.is_superuser else [*fixed, "permissions"]
