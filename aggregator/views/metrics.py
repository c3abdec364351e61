"""The numbers of the health page for machines. To everybody who may not read them there is nothing here."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aggregator.health.figures import CONTENT_TYPE, exposition, figures
from aggregator.health.overview import overview

_SCHEME = "bearer "


@login_not_required
@never_cache
def metrics_detail(request: HttpRequest) -> HttpResponse:
    """For admins who see feeds, and for whoever has the token of the settings."""
    if not (_has_token(request) or _looks_after_feeds(request)):
        raise Http404
    return _answer(request)


@require_safe
def _answer(request: HttpRequest) -> HttpResponse:
    return HttpResponse(exposition(figures(overview(timezone.now(), shown=0))), content_type=CONTENT_TYPE)


def _has_token(request: HttpRequest) -> bool:
    """Compared in constant time; without a token in the settings none is right."""
    sent = request.headers.get("Authorization", "")
    given = sent[len(_SCHEME) :].strip() if sent[: len(_SCHEME)].lower() == _SCHEME else ""
    return bool(settings.METRICS_TOKEN) and constant_time_compare(given, settings.METRICS_TOKEN)


def _looks_after_feeds(request: HttpRequest) -> bool:
    user = request.user
    return user.is_active and user.is_staff and user.has_perm("aggregator.view_feed")
