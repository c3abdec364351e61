"""``/blogs/suggest/``: propose a blog, and see what became of what one has proposed."""

from __future__ import annotations

from http import HTTPStatus

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.timesince import timeuntil
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from aggregator.forms import SuggestionForm
from aggregator.models import Blog, Suggestion
from aggregator.polling.types import Trouble
from aggregator.suggesting import MOST_A_DAY, Outcome, TooManyError, suggest
from bloghub.lib.urls import MAX_URL_LENGTH
from bloghub.notifications.opening import opened
from bloghub.people.access import signed_in

SHOWN = 30  # of one's own suggestions


@require_http_methods(["GET", "HEAD", "POST"])
def suggestion_list(request: HttpRequest) -> HttpResponse:
    """The form, and one's own suggestions; ``?address=`` fills it in. Nothing is fetched here."""
    if request.method != "POST":
        typed = request.GET.get("address", "").replace("\x00", "")[:MAX_URL_LENGTH]
        return _page(request, SuggestionForm(initial={"address": typed}))
    form = SuggestionForm(request.POST)
    if not form.is_valid():
        return _page(request, form)
    now = timezone.now()
    try:
        outcome = suggest(signed_in(request), form.cleaned_data["address"], form.cleaned_data["note"], now)
    except TooManyError as error:
        wait = {"count": MOST_A_DAY, "time": timeuntil(error.until, now, depth=1)}
        form.add_error(None, _("You have suggested %(count)d blogs within a day. The next can go in %(time)s.") % wait)
        return _page(request, form)
    if isinstance(outcome, Trouble):
        form.add_error("address", outcome.reason)
        return _page(request, form)
    return _answered(request, outcome)


def _answered(request: HttpRequest, outcome: Outcome) -> HttpResponse:
    if outcome.blog is not None:
        messages.success(request, _("This blog is here already."))
        return redirect(outcome.blog)
    if outcome.is_new:
        messages.success(request, _("Thank you. An admin looks at it, and you are told what becomes of it."))
    elif outcome.suggestion and outcome.suggestion.proposer_id == signed_in(request).pk:
        messages.success(request, _("You have suggested this blog already; it waits for an admin."))
    else:
        messages.success(request, _("A colleague has suggested this blog already; it waits for an admin."))
    return redirect("aggregator:suggestion-list")


def _page(request: HttpRequest, form: SuggestionForm) -> HttpResponse:
    person = signed_in(request)
    own = list(Suggestion.objects.of(person).select_related("blog")[:SHOWN])
    visible = Blog.objects.visible_to(person).filter(pk__in=[one.blog_id for one in own if one.blog_id])
    seen = set(visible.values_list("pk", flat=True))
    for suggestion in own:
        suggestion.blog = suggestion.blog if suggestion.blog_id in seen else None
    opened(request, [suggestion.group for suggestion in own])
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "suggestions": own, "here": "blogs"}
    return render(request, "aggregator/suggestion_list.html", context, status=status)
