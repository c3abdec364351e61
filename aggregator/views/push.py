"""Where blogs' engines and hubs say that something is new: machines, without sign-in and without a token of ours.

No answer tells whether a blog is registered, polled or visible, and nothing of what is sent is kept: a push has a
registered feed polled, which the limits in ``pushing/pushes.py`` allow once a minute. That is why these need no token
against forged requests: whoever forges one may as well send it.
"""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST

from aggregator.models import PushWay, WebSubLease
from aggregator.polling.hubs import in_header
from aggregator.pushing import hooks, leases, pinging, pushes
from aggregator.pushing.signatures import is_signed
from aggregator.pushing.xmlrpc import MAX_CALL, CallError, answer, fault, read_call
from aggregator.tasks import answer_pushes
from aggregator.waking import wake
from bloghub.lib.http import FEED_LIMITS

MAX_CHALLENGE = 1000  # characters
THANKS = "Thanks for the ping."


@csrf_exempt
@login_not_required
@require_POST
def hook_push(request: HttpRequest, key: str) -> HttpResponse:
    """``/hook/<key>/``: for any engine's "new post" hook. Only POST, or every preview of a link would be a push."""
    feeds = hooks.feeds_of(key)
    if feeds is None:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    _push(feeds, PushWay.HOOK)
    return HttpResponse(status=HTTPStatus.ACCEPTED)


@csrf_exempt
@login_not_required
@require_POST
def ping_create(request: HttpRequest) -> HttpResponse:
    """``/ping/``: ``weblogUpdates`` over XML-RPC, as engines have sent it since 2001."""
    body = _body(request, MAX_CALL)
    if body is None:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    try:
        _push(pinging.feeds_named(read_call(body)), PushWay.PING)
    except CallError as error:
        return HttpResponse(fault(error), content_type="text/xml; charset=utf-8")
    return HttpResponse(answer(THANKS, error=False), content_type="text/xml; charset=utf-8")


@csrf_exempt
@login_not_required
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def websub_callback(request: HttpRequest, key: str) -> HttpResponse:
    """``/websub/<key>/``: a hub makes sure that we have asked (GET), or tells us of something new (POST)."""
    return _told(request, key) if request.method == "POST" else _verified(request, key)


def _verified(request: HttpRequest, key: str) -> HttpResponse:
    said = {name: str(value).replace("\x00", "") for name, value in request.GET.items()}
    is_sane = request.method == "GET" and len(said.get("hub.challenge", "")) <= MAX_CHALLENGE
    echo = leases.verify(key, said, timezone.now()) if is_sane else None
    if echo is None:
        return HttpResponse(status=HTTPStatus.NOT_FOUND)
    return HttpResponse(echo, content_type="text/plain; charset=utf-8")


def _told(request: HttpRequest, key: str) -> HttpResponse:
    """What came is thrown away; a body that is not the hub's is thanked for all the same (section 8)."""
    lease, now = WebSubLease.objects.filter(key=key).first(), timezone.now()
    if lease is None or not lease.is_active(now):
        return HttpResponse(status=HTTPStatus.GONE)  # a hub that still tells us may stop
    body = _body(request, FEED_LIMITS.wire)
    if body is None:
        return HttpResponse(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    if _is_the_hubs(request, lease, body) and leases.receive(lease, body, now):
        _push([lease.feed_id], PushWay.WEBSUB)
    return HttpResponse(status=HTTPStatus.ACCEPTED)


def _is_the_hubs(request: HttpRequest, lease: WebSubLease, body: bytes) -> bool:
    """Signed with our secret; and of our topic, where it says of which (section 7)."""
    _hub, topic = in_header(request.headers.get("Link", ""), "")
    return is_signed(request.headers.get("X-Hub-Signature", ""), lease.secret, body) and topic in ("", lease.topic_url)


def _push(feeds: Iterable[int], way: PushWay) -> None:
    if pushes.push(feeds, way, timezone.now()):
        wake(answer_pushes, queue="push")


def _body(request: HttpRequest, most: int) -> bytes | None:
    """All of it, or None when that is more than ``most`` bytes; no more than these are read."""
    stated = request.headers.get("Content-Length", "")
    if stated.isascii() and stated.isdigit() and int(stated[:19]) > most:
        return None
    body = request.read(most + 1)
    return None if len(body) > most else body
