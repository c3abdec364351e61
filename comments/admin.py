"""The conversation in the admin: to be looked up, and moderated through comments/moderation.py with a reason.

Nothing is edited here, least of all what somebody said or what moderators did. Who is no superuser sees the comments
that their audiences open (cases.py), as on every other page. Guidelines change by a new version.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _, gettext_lazy, ngettext

from aggregator.models import Post
from bloghub.people.access import signed_in
from comments import cases, guidance, moderation
from comments.limits import Refused
from comments.models import Comment, Flag, Guidelines, ModerationAct, Suspension, Thread
from comments.moderation_forms import ReasonForm
from comments.rendering import MAX_LENGTH

if TYPE_CHECKING:
    AnyModelAdmin = admin.ModelAdmin[Any]
    GuidelinesModelForm = forms.ModelForm[Guidelines]
else:
    AnyModelAdmin = admin.ModelAdmin
    GuidelinesModelForm = forms.ModelForm


class ToLookUp(AnyModelAdmin):
    """Rows that are read here and changed elsewhere. They go with what they belong to, never by themselves."""

    list_per_page = 50
    show_full_result_count = False
    actions: Any = ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """No on its own pages; on those of posts and people, whose removal takes these rows along, as it is granted."""
        match = request.resolver_match
        here = f"{self.opts.app_label}_{self.opts.model_name}_"
        is_own_page = match is not None and (match.url_name or "").startswith(here)
        return not is_own_page and super().has_delete_permission(request, obj)


@admin.register(Comment)
class CommentAdmin(ToLookUp):
    """What was said. Hiding and restoring ask for a reason, which everyone concerned reads."""

    list_display = ("__str__", "author", "post", "state", "published_at")
    list_filter = ("state", "origin")
    list_select_related = ("author", "post")
    search_fields = ("excerpt", "author__display_name", "author__username")
    ordering = ("-published_at", "-pk")
    actions = ("hide", "restore")
    fields = (
        *("post", "number", "parent", "author", "author_name", "origin", "body", "state", "removed_at"),
        *("removed_because", "published_at", "edited_at", "vote_count", "case"),
    )
    readonly_fields = fields

    def get_queryset(self, request: HttpRequest) -> QuerySet[Comment]:
        return cases.judged_by(signed_in(request)).defer("html", "mentioned")

    def has_moderate_permission(self, request: HttpRequest) -> bool:
        """Asked by the actions; changing itself is nobody's."""
        return request.user.has_perm("comments.change_comment")

    @admin.display(description=gettext_lazy("case"))
    def case(self, comment: Comment) -> str:
        address = reverse("comments:moderation-detail", args=[comment.pk])
        return format_html('<a href="{}">{}</a>', address, _("All that is known of it"))

    @admin.action(description=gettext_lazy("Hide, with a reason"), permissions=["moderate"])
    def hide(self, request: HttpRequest, queryset: QuerySet[Comment]) -> HttpResponse | None:
        return self._judge(request, queryset, "hide", moderation.hide)

    @admin.action(description=gettext_lazy("Restore, with a reason"), permissions=["moderate"])
    def restore(self, request: HttpRequest, queryset: QuerySet[Comment]) -> HttpResponse | None:
        return self._judge(request, queryset, "restore", moderation.restore)

    def _judge(
        self, request: HttpRequest, chosen: QuerySet[Comment], name: str, act: Callable[..., ModerationAct]
    ) -> HttpResponse | None:
        """Asks for the reason first; with it, acts on each comment by itself."""
        form = ReasonForm(request.POST if "because" in request.POST else None)
        if not form.is_valid():
            return self._ask(request, chosen, name, form)
        done = 0
        for comment in chosen.order_by("pk"):
            try:
                act(comment, signed_in(request), form.cleaned_data["because"], timezone.now())
                done += 1
            except (moderation.NotDone, Refused) as nothing:
                self.message_user(request, f"{comment}: {nothing.message}", messages.WARNING)
        if done:
            said = ngettext("%(count)d comment is judged.", "%(count)d comments are judged.", done)
            self.message_user(request, said % {"count": done}, messages.SUCCESS)
        return None

    def _ask(self, request: HttpRequest, chosen: QuerySet[Comment], name: str, form: ReasonForm) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": str(self.get_action(name)[2]),  # type: ignore[index]  # one of the two above
            "opts": self.opts,
            "comments": chosen.select_related("author"),
            "action": name,
            "form": form,
        }
        return TemplateResponse(request, "admin/comments/comment/judge.html", context)


@admin.register(Flag)
class FlagAdmin(ToLookUp):
    """Who found what, and how it was settled."""

    list_display = ("__str__", "person", "state", "flagged_at", "settled_by")
    list_filter = ("state", "reason")
    list_select_related = ("person", "settled_by")
    ordering = ("-flagged_at", "-pk")
    fields = (
        *("comment", "person", "reason", "note", "reply", "state"),
        *("flagged_at", "queue_at", "settled_at", "settled_by"),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Flag]:
        return Flag.objects.filter(comment__in=cases.judged_by(signed_in(request)).values("pk"))


@admin.register(ModerationAct)
class ModerationActAdmin(ToLookUp):
    """The audit log. Rows are only ever added, and not here."""

    list_display = ("at", "actor", "kind", "person", "because")
    list_filter = ("kind",)
    list_select_related = ("actor", "person")
    search_fields = ("because", "actor__display_name", "person__display_name")
    fields = ("at", "actor", "kind", "person", "post", "comment", "because", "about")

    def get_queryset(self, request: HttpRequest) -> QuerySet[ModerationAct]:
        return ModerationAct.objects.visible_to(signed_in(request))


@admin.register(Suspension)
class SuspensionAdmin(ToLookUp):
    """Whose comments were held, when and why. They are lifted on the moderators' page."""

    list_display = ("person", "since", "until", "lifted_at", "because", "by")
    list_select_related = ("person", "by")
    search_fields = ("person__display_name", "person__username")
    fields = ("person", "since", "until", "lifted_at", "because", "by")


@admin.register(Thread)
class ThreadAdmin(ToLookUp):
    """Conversations with rules of their own, which are set where their comments are judged."""

    list_display = ("post_title", "locked_at", "locked_because", "slow_seconds")
    list_select_related = ("post",)
    ordering = ("-pk",)
    fields = ("post", "locked_at", "locked_because", "slow_seconds")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Thread]:
        threads, me = super().get_queryset(request), signed_in(request)
        return threads if me.is_superuser else threads.filter(post__in=Post.objects.visible_to(me))

    @admin.display(description=gettext_lazy("post"))
    def post_title(self, thread: Thread) -> str:
        return str(thread.post)


class GuidelinesForm(GuidelinesModelForm):
    """A new version."""

    body = forms.CharField(
        label=gettext_lazy("text"),
        max_length=MAX_LENGTH,
        widget=forms.Textarea(attrs={"rows": 28, "cols": 100}),
        help_text=gettext_lazy("Markdown. Saving makes a new version, which is in force at once; earlier ones stay."),
    )

    class Meta:
        model = Guidelines
        fields = ["body", "must_accept", "accept_again"]


@admin.register(Guidelines)
class GuidelinesAdmin(ToLookUp):
    """Adding begins with the text in force and makes a new version; earlier ones can be read, not changed."""

    form = GuidelinesForm
    list_display = ("published_at", "by", "must_accept", "accept_again")
    list_select_related = ("by",)
    fields = ("body", "must_accept", "accept_again")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("comments.add_guidelines")

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        newest = guidance.current()
        if newest is None:
            return {"body": guidance.first_body()}
        return {"body": newest.body, "must_accept": newest.must_accept}

    def save_model(self, request: HttpRequest, obj: Guidelines, form: Any, change: bool) -> None:
        """Rendered and dated by guidance.py; the admin goes on with the row that it made."""
        asks = {"must_accept": obj.must_accept, "accept_again": obj.accept_again}
        made = guidance.publish(obj.body, signed_in(request), timezone.now(), **asks)
        obj.pk, obj.published_at, obj.html, obj.by = made.pk, made.published_at, made.html, made.by
        obj._state.adding = False
