"""People and groups in the admin. Coming in is not here: the whole hub has one sign-in page (views.py)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin, UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext_lazy as _

from bloghub.people.models import Person
from bloghub.people.sessions import end_sessions

if TYPE_CHECKING:
    PersonUserAdmin = UserAdmin[Person]
    GroupModelForm = forms.ModelForm[Group]
else:
    PersonUserAdmin = UserAdmin
    GroupModelForm = forms.ModelForm

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
        (_("Dates"), {"fields": ("last_login", "date_joined", "left_at")}),
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
    readonly_fields = ("last_login", "date_joined", "left_at")

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

    def save_model(self, request: HttpRequest, obj: Person, form: Any, change: bool) -> None:
        """Switching somebody on or off by hand overrules the directory (directory.py); off ends their sessions."""
        switched = "is_active" in form.changed_data
        if switched:
            obj.left_at = None
        super().save_model(request, obj, form, change)
        if switched and not obj.is_active:
            end_sessions([obj])


def _may_touch(request: HttpRequest, person: Person | None) -> bool:
    """Only a superuser changes people with rights: a new password or mail address is a way into theirs."""
    return person is None or request.user.is_superuser or not (person.is_staff or _has_rights(person))


def _has_rights(person: Person) -> bool:
    return (
        person.is_superuser
        or person.user_permissions.exists()
        or person.groups.filter(permissions__isnull=False).exists()
    )


class GroupForm(GroupModelForm):
    """A group with the people in it, which Django keeps on their side."""

    members = forms.ModelMultipleChoiceField(
        Person.objects.order_by("display_name", "username"),
        required=False,
        widget=AutocompleteSelectMultiple(Person.groups.through._meta.get_field("person"), admin.site),
    )

    class Meta:
        model = Group
        fields = ["name"]

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        if self.instance.pk and "members" in self.fields:
            self.initial["members"] = list(self.instance.user_set.all())


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Audiences: who is in them and which blogs they open. What a group grants is decided by superusers alone."""

    form = GroupForm

    def get_fieldsets(self, request: HttpRequest, obj: Group | None = None) -> Any:
        """Rights stand apart, for an audience has none."""
        shown = ["name", "members", *(["blog_list"] if obj else [])]
        rights = (_("Rights"), {"fields": ["permissions"], "classes": ["collapse"]})
        return [(None, {"fields": shown}), *([rights] if request.user.is_superuser else [])]

    def get_readonly_fields(self, request: HttpRequest, obj: Group | None = None) -> list[str]:
        """To join a group that grants something is to be given it, so only a superuser lets people in."""
        fixed = [*super().get_readonly_fields(request, obj), "blog_list"]
        if request.user.is_superuser:
            return fixed
        grants = obj is not None and obj.permissions.exists()
        closed = grants or not request.user.has_perm("people.view_person")
        return [*fixed, "permissions", *(["members"] if closed else [])]

    @admin.display(description=_("members"))
    def members(self, group: Group) -> str:
        return ", ".join(map(str, group.user_set.order_by("display_name", "username")))

    @admin.display(description=_("blogs it opens"))
    def blog_list(self, group: Group) -> str:
        blogs = group.blogs.order_by("title")
        rows = (
            (reverse(f"admin:{blog._meta.label_lower.replace('.', '_')}_change", args=[blog.pk]), blog.title)
            for blog in blogs
        )
        return format_html_join(", ", '<a href="{}"><bdi>{}</bdi></a>', rows)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        if "members" in form.cleaned_data:
            form.instance.user_set.set(form.cleaned_data["members"])
