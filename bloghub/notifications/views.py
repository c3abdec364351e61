"""Pages of what a person is told: the inbox, its two actions, the choices, and the end of a mailing."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from bloghub.notifications.forms import PreferencesForm
from bloghub.notifications.inbox import inbox_page
from bloghub.notifications.models import Notification
from bloghub.notifications.telling import read, read_all
from bloghub.notifications.unsubscribing import read_token, unsubscribe
from bloghub.people.access import signed_in
from bloghub.people.models import Person


@require_safe
def notification_list(request: HttpRequest) -> HttpResponse:
    """The inbox: what this person was told, newest first."""
    page = inbox_page(signed_in(request), request.GET)
    # What is told just now is newer than what is shown, but may be older than the moment at which it is asked for
    seen = max((row.happened_at for row in page.rows), default=timezone.now())
    return render(request, "notifications/notification_list.html", {"page": page, "now": seen.isoformat()})


@require_POST
def opening_create(request: HttpRequest, pk: int) -> HttpResponse:
    """Opens one row: its whole group is read, and the page it is about comes."""
    person = signed_in(request)
    notification = get_object_or_404(Notification.objects.of(person), pk=pk)
    read(person, [notification.group])
    ours = url_has_allowed_host_and_scheme(notification.url, allowed_hosts=None)
    return redirect(notification.url if ours else "notifications:notification-list")


@require_POST
def reading_create(request: HttpRequest) -> HttpResponse:
    """Marks all as read that was there when the page was made (``until``)."""
    until = _moment(request.POST.get("until", ""))
    read_all(signed_in(request), until or timezone.now())
    return redirect("notifications:notification-list")


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
    except ValueError:  # the form of a time, and none
        return None
    return moment if moment and timezone.is_aware(moment) else None


@require_http_methods(["GET", "HEAD", "POST"])
def preference_list(request: HttpRequest) -> HttpResponse:
    """How this person wishes to be told."""
    person = signed_in(request)
    form = PreferencesForm(person, request.POST if request.method == "POST" else None)
    if form.is_valid():
        form.save()
        return redirect(f"{request.path}?kept")
    context = {"form": form, "zone": person.time_zone or settings.TIME_ZONE, "kept": "kept" in request.GET}
    context |= {"quiet": [form["quiet_from"], form["quiet_until"]], "digest": [form["digest"], form["digest_hour"]]}
    return render(request, "notifications/preference_list.html", context, status=422 if form.errors else 200)


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def mailing_delete(request: HttpRequest, token: str) -> HttpResponse:
    """Ends a mailing from the mail itself. A POST needs nothing but the token, as mail programs send it (RFC 8058);
    a GET only asks, because programs that check mails open every link in them."""
    found = read_token(token)
    person = Person.objects.filter(pk=found[0]).first() if found else None
    if found is None or person is None:
        return render(request, "notifications/mailing_unknown.html", status=404)
    if request.method == "POST":
        unsubscribe(person, found[1])
    context = {"mailing": found[1], "ended": request.method == "POST"}
    return render(request, "notifications/mailing_delete.html", context)
