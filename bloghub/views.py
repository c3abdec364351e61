"""Pages that belong to no app: what went wrong and what to do next, the company's colour, reports of the browser.

The pages for 500 and 503 ask neither the database nor the session: they are shown when those are away.
"""

from __future__ import annotations

import json
import logging
import sys
from functools import lru_cache

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.cache import patch_cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from bloghub.context import brand_colour, company, theme_css, theme_stamp

RETRY_AFTER = 10  # s; how soon an answer is worth asking for again
MAX_KEPT = 100_000  # characters of a refused form that are shown again
MAX_REPORT = 16_384  # bytes of a browser's report that are read
DAY, YEAR = 86_400, 31_536_000  # s

log = logging.getLogger(__name__)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _bare_page(request, "errors/400.html", 400)


def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/403.html", status=403)


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Shows what was written in the form, which would be lost otherwise."""
    return _bare_page(request, "errors/403_csrf.html", 403, text=request.POST.get("body", "")[:MAX_KEPT])


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "errors/404.html", status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """A mistake of ours; or the database went away below a middleware, whose exceptions all end here."""
    if is_database_away(sys.exception()):
        return unavailable(request)
    return _bare_page(request, "errors/500.html", 500)


def is_database_away(error: BaseException | None) -> bool:
    """Whether the database has gone, and not our statement is at fault.

    A connection that breaks under a statement is at times told by the bare DatabaseError, the parent of all faults.
    """
    return isinstance(error, OperationalError | InterfaceError) or type(error) is DatabaseError


def unavailable(request: HttpRequest) -> HttpResponse:
    """The database is away for a moment."""
    response = _bare_page(request, "errors/503.html", 503)
    response["Retry-After"] = str(RETRY_AFTER)
    return response


def _bare_page(request: HttpRequest, template: str, status: int, **more: str) -> HttpResponse:
    """A page without the request's context: nobody is asked who is signed in."""
    return HttpResponse(render_to_string(template, {**company(request), "path": request.path, **more}), status=status)


@login_not_required
@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    """The company's colour as a style sheet of its own, since pages carry no inline style."""
    colour = brand_colour(settings.BRAND_COLOUR)
    response = HttpResponse(theme_css(colour), content_type="text/css; charset=utf-8")
    if request.GET.get("v") == theme_stamp(colour):
        patch_cache_control(response, public=True, max_age=YEAR, immutable=True)
    else:
        patch_cache_control(response, public=True, max_age=60)
    return response


@login_not_required
@require_safe
def favicon(request: HttpRequest) -> HttpResponse:
    """The icon where browsers look for it unasked; pages name the sharper one themselves."""
    response = HttpResponse(_icon(), content_type="image/x-icon")
    patch_cache_control(response, public=True, max_age=DAY)
    return response


@lru_cache(maxsize=1)
def _icon() -> bytes:
    return bytes((settings.BASE_DIR / "static" / "icons" / "favicon.ico").read_bytes())


@login_not_required
@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Crawlers stay out: what stands here is for colleagues."""
    response = HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain; charset=utf-8")
    patch_cache_control(response, public=True, max_age=DAY)
    return response


@csrf_exempt
@require_POST
def csp_report(request: HttpRequest) -> HttpResponse:
    """One line in the log for what a browser refused; only signed-in browsers are listened to."""
    try:
        report = json.loads(request.read(MAX_REPORT))["csp-report"]
        seen = {name: str(report.get(name, ""))[:300] for name in ("document-uri", "violated-directive", "blocked-uri")}
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return HttpResponse(status=400)
    log.warning("A browser refused something on a page: %s", json.dumps(seen))
    return HttpResponse(status=204)
