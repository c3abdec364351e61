"""Flagging a comment, and what its writer is asked then. The writer never learns who flagged."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bloghub.notifications.opening import opened
from bloghub.people.access import signed_in
from comments import flagging
from comments.limits import Refused
from comments.models import Comment, CommentState, Flag, FlagReason, FlagState, ModerationAct
from comments.models.moderation import ON_COMMENTS
from comments.moderation_forms import FlagForm, ReplyForm

UNPROCESSABLE = 422


@require_http_methods(["GET", "HEAD", "POST"])
def flag_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks for the reason; sent, the comment's writer is asked about it. Once flagged, leads to what became of it."""
    comments = Comment.objects.visible_to(request.user).select_related("author", "post__blog")
    comment = get_object_or_404(comments, pk=pk)
    known = Flag.objects.filter(comment=comment, person=signed_in(request)).first()
    if known is not None:
        return redirect("comments:flag-detail", known.pk)
    form = FlagForm(request.POST if request.method == "POST" else None)
    refusal = ""
    if form.is_valid():
        reason, note = FlagReason(form.cleaned_data["reason"]), form.cleaned_data["note"]
        try:
            flag = flagging.flag_comment(comment, signed_in(request), reason, note, timezone.now())
        except Refused as refused:
            refusal = refused.message
        else:
            return redirect("comments:flag-detail", flag.pk)
    mine = comment.author_id == request.user.pk
    context = {"form": form, "comment": comment, "post": comment.post, "refusal": refusal, "mine": mine}
    return render(
        request, "comments/flag_create.html", context, status=UNPROCESSABLE if refusal or form.errors else 200
    )


@require_safe
def flag_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What became of a flag, for whoever raised it."""
    flag = _own_flag(request, pk)
    opened(request, [flagging.group_of(flag.comment)])
    context = {
        "flag": flag,
        "comment": flag.comment,
        "post": flag.comment.post,
        "act": _decision(flag),
        "is_visible": flag.comment.state == CommentState.VISIBLE,
    }
    return render(request, "comments/flag_detail.html", context)


@require_POST
def flag_renewal_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The change did not mend it: a moderator is asked."""
    flag = _own_flag(request, pk)
    if not flagging.renew(flag, timezone.now()):
        messages.info(request, _("There is nothing more to ask a moderator about this flag."))
    return redirect("comments:flag-detail", flag.pk)


@require_safe
def flag_list(request: HttpRequest, pk: int) -> HttpResponse:
    """What others find about a comment, for its writer, who may change it, delete it or say why it should stay."""
    comment = _own_comment(request, pk)
    opened(request, [flagging.group_of(comment)])
    return _asked(request, comment, ReplyForm())


@require_POST
def flag_reply_create(request: HttpRequest, pk: int) -> HttpResponse:
    """The writer says why it should stay: a moderator decides."""
    comment = _own_comment(request, pk)
    form = ReplyForm(request.POST)
    if not form.is_valid():
        return _asked(request, comment, form)
    if not flagging.answer(comment, form.cleaned_data["reply"], timezone.now()):
        messages.info(request, _("No flag on this comment waits for your answer any more."))
    return redirect("comments:flag-list", comment.pk)


def _asked(request: HttpRequest, comment: Comment, form: ReplyForm) -> HttpResponse:
    flags = list(comment.flags.order_by("flagged_at", "pk"))
    is_open = [flag for flag in flags if flag.settled_at is None]
    context = {
        "comment": comment,
        "post": comment.post,
        "flags": is_open or flags,
        "is_open": bool(is_open),
        "reply": next((flag.reply for flag in is_open if flag.reply), ""),
        "to_answer": any(not flag.reply for flag in is_open),
        "queued": any(flag.state == FlagState.QUEUED for flag in is_open),
        "acts": comment.acts.filter(kind__in=ON_COMMENTS).select_related("actor"),
        "form": form,
    }
    status = UNPROCESSABLE if form.errors else 200
    return render(request, "comments/flag_list.html", context, status=status)


def _decision(flag: Flag) -> ModerationAct | None:
    """What a moderator decided since it was settled; what was decided about earlier words is not about this flag."""
    if flag.settled_at is None:
        return None
    acts = flag.comment.acts.filter(kind__in=ON_COMMENTS, at__gte=flag.settled_at)
    return acts.select_related("actor").first()


def _own_flag(request: HttpRequest, pk: int) -> Flag:
    """The reader's own flag, on a comment of a blog they may still see."""
    flags = Flag.objects.select_related("comment__author", "comment__post__blog")
    flag = get_object_or_404(flags, pk=pk, person=signed_in(request))
    if not flag.comment.post.blog.is_visible_to(request.user):
        raise Http404
    return flag


def _own_comment(request: HttpRequest, pk: int) -> Comment:
    """The reader's own comment that somebody has flagged, on a blog they may still see."""
    comments = Comment.objects.select_related("author", "post__blog")
    comment = get_object_or_404(comments, pk=pk, author=signed_in(request))
    if not comment.post.blog.is_visible_to(request.user) or not comment.flags.exists():
        raise Http404
    return comment
