"""Saved searches: one's own list, what each finds, and keeping, changing and forgetting one. Nobody sees another's."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from aggregator.forms import SavedSearchForm
from aggregator.models import SavedSearch
from aggregator.search import saving
from aggregator.search.matching import Asked, Sort, TooSlow, search
from aggregator.search.news import address_of, news
from aggregator.search.saving import SavedAlready, TooMany
from aggregator.views.found import found_rows
from bloghub.notifications.opening import opened
from bloghub.people.access import signed_in

_TYPED = require_http_methods(["GET", "HEAD", "POST"])


@require_safe
def savedsearch_list(request: HttpRequest) -> HttpResponse:
    """``/searches/``: one's own, by name."""
    searches = SavedSearch.objects.of(signed_in(request))
    return render(request, "aggregator/savedsearch_list.html", {"searches": searches, "here": "searches"})


@require_safe
def savedsearch_detail(request: HttpRequest, pk: int) -> HttpResponse:
    """What it finds, newest first; ``?page=`` as in matching.py. What was told of it since ``?since=`` is marked, or
    what is not read yet; with the page it is read."""
    saved, now = _own(request, pk), timezone.localtime()
    # What is like the search, but not found by it, is no news
    query, page = saving.read(saved.query, now), request.GET.get("page", "")
    asked = Asked(query, sort=Sort.DATE, page=page, forgiving=False)
    context: dict[str, Any] = {"saved": saved, "here": "searches"}
    try:
        answer = search(asked, request.user, now)
    except TooSlow:
        return render(
            request,
            "aggregator/savedsearch_detail.html",
            context | {"is_slow": True},
            status=HTTPStatus.SERVICE_UNAVAILABLE,
        )
    context["news"] = news(saved, _moment(request.GET.get("since", "")))
    opened(request, [saved.group])
    context |= {"results": found_rows(answer.hits, answer.queries, request.user)}
    context |= {"newer": answer.newer, "older": answer.older}
    return render(request, "aggregator/savedsearch_detail.html", context)


@require_safe
def savedsearch_match_detail(request: HttpRequest, pk: int, event: str) -> HttpResponse:
    """Leads from what was told to what it was about; with it, all that was told of the search is read."""
    saved = _own(request, pk)
    address = address_of(saved, event)
    opened(request, [saved.group])
    return redirect(address)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # the form of a time, and none
        return None
    return moment if moment and timezone.is_aware(moment) else None


@_TYPED
def savedsearch_create(request: HttpRequest) -> HttpResponse:
    """Keeps a search; the same one twice is one. ``?q=`` fills the form."""
    if request.method != "POST":
        typed = request.GET.get("q", "").replace("\x00", "")
        return _asked(request, SavedSearchForm(initial={"query": typed, "is_told": True}))
    form = SavedSearchForm(request.POST)
    if form.is_valid():
        try:
            return redirect(saving.save(signed_in(request), form.wanted(), timezone.localtime()))
        except TooMany:
            form.add_error(None, _("You have %(count)d saved searches, as many as can be.") % {"count": saving.MOST})
    return _asked(request, form)


@_TYPED
def savedsearch_edit(request: HttpRequest, pk: int) -> HttpResponse:
    """Another name, another search, told of or not."""
    saved = _own(request, pk)
    if request.method != "POST":
        known = {"name": saved.name, "query": saved.query, "is_told": saved.is_told}
        return _asked(request, SavedSearchForm(initial=known), saved)
    form = SavedSearchForm(request.POST)
    if form.is_valid():
        try:
            saving.change(saved, form.wanted(), timezone.localtime())
        except SavedAlready as error:
            form.add_error("query", _("You have saved this already, as “%(name)s”.") % {"name": error.known})
        else:
            return redirect(saved)
    return _asked(request, form, saved)


@_TYPED
def savedsearch_delete(request: HttpRequest, pk: int) -> HttpResponse:
    """Asks first; done twice, it is done."""
    if request.method != "POST":
        return render(request, "aggregator/savedsearch_delete.html", {"saved": _own(request, pk), "here": "searches"})
    if saved := SavedSearch.objects.of(signed_in(request)).filter(pk=pk).first():
        saving.forget(saved)
    return redirect("aggregator:savedsearch-list")


def _own(request: HttpRequest, pk: int) -> SavedSearch:
    return get_object_or_404(SavedSearch.objects.of(signed_in(request)).select_related("person"), pk=pk)


def _asked(request: HttpRequest, form: SavedSearchForm, saved: SavedSearch | None = None) -> HttpResponse:
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    context = {"form": form, "saved": saved, "here": "searches"}
    return render(request, "aggregator/savedsearch_form.html", context, status=status)
