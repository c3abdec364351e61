"""How colleagues wish to talk here: the guidelines in force, the earlier ones, and accepting them."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.views.decorators.http import require_POST, require_safe

from bloghub.people.access import reading, signed_in
from bloghub.people.models import Person
from comments import guidance
from comments.models import Guidelines


@reading
@require_safe
def guidelines_detail(request: HttpRequest, pk: int | None = None) -> HttpResponse:
    """The version in force, or an earlier one. Who is to accept it is asked here, and goes back to ``?next=``."""
    newest = guidance.current()
    shown = newest if pk is None else get_object_or_404(Guidelines.objects.select_related("by"), pk=pk)
    in_force = shown == newest
    person = request.user if isinstance(request.user, Person) else None
    context = {
        "guidelines": shown,
        "html": shown.html if shown else guidance.first_html(),
        "in_force": in_force,
        "to_accept": bool(shown and person and in_force and guidance.is_to_accept(shown, person)),
        "earlier": Guidelines.objects.exclude(pk=shown.pk).defer("body", "html") if shown else (),
        "next": _way_back(request, request.GET.get("next", "")),
    }
    return render(request, "comments/guidelines_detail.html", context)


@require_POST
def acceptance_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Accepts the version in force and goes back; a version that is no longer in force leads to the one that is."""
    guidelines = get_object_or_404(Guidelines, pk=pk)
    way_back = _way_back(request, request.POST.get("next", ""))
    if not guidance.accept(guidelines, signed_in(request), timezone.now()):
        return redirect(f"{reverse('comments:guidelines-detail')}?{urlencode({'next': way_back})}")
    return redirect(way_back or "comments:guidelines-detail")


def _way_back(request: HttpRequest, wanted: str) -> str:
    """Where one was, when that is a page of ours; empty otherwise."""
    ours = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    return wanted if ours and wanted.startswith("/") else ""  # a bare word would be taken for the name of a page
