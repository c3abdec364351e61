"""The moderators' pages: what waits for them, what they do about it, and the log. For others none of them exists."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from bloghub.lib.paging import Order, paginate
from bloghub.notifications.opening import opened
from bloghub.people.access import signed_in
from comments import cases, moderation
from comments.limits import Refused
from comments.models import ModerationAct, Suspension, moderates
from comments.moderation_forms import PaceForm, ReasonForm, SuspensionForm

UNPROCESSABLE = 422
LOG = Order(time="at", keyset=lambda act: (act.at, act.pk))

View = TypeVar("View", bound=Callable[..., HttpResponse])


def moderators_only(view: View) -> View:
    """Answers 404 to everybody else."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **named: Any) -> HttpResponse:
        if not moderates(signed_in(request)):
            raise Http404
        return view(request, *args, **named)

    return cast("View", guarded)


@moderators_only
@require_safe
def moderation_list(request: HttpRequest) -> HttpResponse:
    """What waits to be judged, and whose comments are held at the moment."""
    me, now = signed_in(request), timezone.now()
    found, more = cases.queue(me, now)
    context = {
        "cases": found,
        "more": more,
        "own_count": cases.left_to_others(me, now).count(),
        "suspensions": Suspension.objects.in_force(now).select_related("person", "by"),
        "here": "queue",
    } | _choices()
    return render(request, "comments/moderation_list.html", context)


@moderators_only
@require_safe
def moderation_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One comment with all that is known of it."""
    return _case(request, pk)


@moderators_only
@require_safe
def act_list(request: HttpRequest) -> HttpResponse:
    """The audit log, newest first."""
    acts = ModerationAct.objects.visible_to(signed_in(request))
    acts = acts.select_related("actor", "person", "post", "comment")
    return render(request, "comments/moderation_log.html", {"page": paginate(acts, request.GET, LOG)})


@require_safe
def act_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """One act, for those it concerns and for moderators: what was done, by whom and why."""
    me = signed_in(request)
    acts = ModerationAct.objects.select_related("actor", "person", "comment", "post__blog", "post__author")
    act = acts.concerning(me).filter(pk=pk).first()
    if act is None and moderates(me):
        act = acts.visible_to(me).filter(pk=pk).first()
    if act is None:
        raise Http404
    opened(request, [f"act:{act.pk}"])
    context = {
        "act": act,
        "mine": act.comment is not None and act.comment.author_id == me.pk,
        "moderates": moderates(me),
        "opens": act.post is not None and act.post.blog.is_visible_to(me),
    }
    return render(request, "comments/moderation_act.html", context)


def _judging(act: Callable[..., ModerationAct], asked: type[ReasonForm] = ReasonForm) -> Callable[..., HttpResponse]:
    """A view that does this to a comment, its writer or its thread, as the form asks, whose fields are what ``act``
    takes. Goes back to where the button was pressed; without a reason the case is shown again."""

    @moderators_only
    @require_POST
    def judge(request: HttpRequest, pk: int) -> HttpResponse:
        me = signed_in(request)
        comment = get_object_or_404(cases.judged_by(me), pk=pk)
        form = asked(request.POST)
        if not form.is_valid():
            return _case(request, pk, form)
        _do(request, lambda: act(comment, by=me, now=timezone.now(), **form.cleaned_data))
        if request.POST.get("from") == "queue":
            return redirect("comments:moderation-list")
        return redirect("comments:moderation-detail", pk)

    return judge


hiding_create = _judging(moderation.hide)
hiding_delete = _judging(moderation.restore)
approval_create = _judging(moderation.approve)
dismissal_create = _judging(moderation.dismiss)
lock_create = _judging(moderation.lock)
lock_delete = _judging(moderation.unlock)
pace_edit = _judging(moderation.slow, PaceForm)
suspension_create = _judging(moderation.suspend, SuspensionForm)


@moderators_only
@require_POST
def suspension_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Lifts a suspension."""
    suspension = get_object_or_404(Suspension, pk=pk)
    form = ReasonForm(request.POST)
    if form.is_valid():
        _do(
            request, lambda: moderation.lift(suspension, by=signed_in(request), now=timezone.now(), **form.cleaned_data)
        )
    else:
        messages.error(request, " ".join(map(str, form.errors.get("because", []))))
    return redirect("comments:moderation-list")


def _do(request: HttpRequest, act: Callable[[], ModerationAct]) -> None:
    """What another moderator did in the meantime is said on the next page."""
    try:
        act()
    except (moderation.NotDone, Refused) as nothing:
        messages.warning(request, nothing.message)


def _case(request: HttpRequest, pk: int, form: ReasonForm | None = None) -> HttpResponse:
    me = signed_in(request)
    found = cases.cases(cases.judged_by(me).filter(pk=pk), me, timezone.now())
    if not found:
        raise Http404
    context = {"case": found[0], "form": form} | _choices()
    return render(request, "comments/moderation_detail.html", context, status=UNPROCESSABLE if form else 200)


def _choices() -> dict[str, object]:
    """What the forms of a case offer."""
    return {"paces": PaceForm.PACES, "spans": SuspensionForm.SPANS}
