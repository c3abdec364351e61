"""What every answer carries: security headers, an entity tag, a plain page while the database is away."""

from __future__ import annotations

import gzip
import secrets
from collections.abc import Callable, Iterator
from hashlib import blake2b

from django.conf import settings
from django.contrib.staticfiles.storage import ManifestStaticFilesStorage
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils.cache import get_conditional_response, patch_cache_control, patch_vary_headers
from whitenoise.middleware import WhiteNoiseMiddleware

from bloghub.views import is_database_away, unavailable

Get = Callable[[HttpRequest], HttpResponseBase]

PERMISSIONS_POLICY = (
    "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
    "gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), usb=()"
)
# For what is not one of our pages: nothing in it may load, run, frame or post
CSP_FILES = "default-src 'none'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; sandbox"
CSP_STYLE = "default-src 'none'; style-src 'self'; img-src 'self'; font-src 'self'; frame-ancestors 'none'"


class SecurityHeadersMiddleware:
    """The header set of every answer, errors and static files too (outermost, so that nothing escapes it)."""

    def __init__(self, get_response: Get) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        response.headers.setdefault("X-Frame-Options", "DENY")
        response.headers.setdefault("Referrer-Policy", settings.SECURE_REFERRER_POLICY)
        response.headers.setdefault("Cross-Origin-Opener-Policy", settings.SECURE_CROSS_ORIGIN_OPENER_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        # A 304 speaks for the page the browser has: a policy on it would replace the page's own (RFC 9111, 3.2)
        if "Content-Security-Policy" not in response.headers and response.status_code != 304:  # noqa: PLR2004
            response.headers["Content-Security-Policy"] = CSP_FILES
        if settings.SECURE_HSTS_SECONDS and request.is_secure():
            response.headers.setdefault("Strict-Transport-Security", f"max-age={settings.SECURE_HSTS_SECONDS}")
        if "Cache-Control" not in response.headers:
            patch_cache_control(response, no_store=True, private=True)
        return response


class StaticFilesMiddleware(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise has no types
    """Serves the collected files, but not the list of them, which lies among them."""

    def __init__(self, get_response: Get) -> None:
        super().__init__(get_response)
        self.files.pop(f"{self.static_prefix}{ManifestStaticFilesStorage.manifest_name}", None)


class CompressionMiddleware:
    """gzip as Django's GZipMiddleware does it, but at half the cost: its level 6 makes a page 6 % smaller and takes as
    long again. As there, a file name of random length in gzip's header hides the true length (BREACH; RFC 1952, 2.3.1).
    """

    LEVEL, LEAST, MOST_RANDOM = 3, 200, 100  # the last two in bytes

    def __init__(self, get_response: Get) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if isinstance(response, HttpResponse) and len(response.content) >= self.LEAST:
            patch_vary_headers(response, ("Accept-Encoding",))
            if "gzip" in request.headers.get("Accept-Encoding", "") and not response.has_header("Content-Encoding"):
                self._compress(response)
        return response

    def _compress(self, response: HttpResponse) -> None:
        compressed = gzip.compress(response.content, self.LEVEL, mtime=0)
        header = bytearray(compressed[:10])
        header[3] = gzip.FNAME
        compressed = bytes(header) + b"a" * secrets.randbelow(self.MOST_RANDOM) + b"\x00" + compressed[10:]
        if len(compressed) >= len(response.content):
            return
        response.content = compressed
        response.headers["Content-Length"] = str(len(compressed))
        response.headers["Content-Encoding"] = "gzip"
        # No longer the same bytes (RFC 9110, 8.8.1)
        if response.headers.get("ETag", "").startswith('"'):
            response.headers["ETag"] = f"W/{response.headers['ETag']}"


_FIELD = b'name="csrfmiddlewaretoken" value="'


def _without_tokens(content: bytes) -> Iterator[memoryview]:
    """What stands around the CSRF fields, without a copy of it: a long thread is 3 MB."""
    view, start = memoryview(content), 0
    while (found := content.find(_FIELD, start)) >= 0:
        yield view[start:found]
        start = max(content.find(b'"', found + len(_FIELD)), found + len(_FIELD))
    yield view[start:]


class EntityTagMiddleware:
    """ETag and 304 on pages. The tag leaves out the CSRF field, which is masked anew for every answer, and takes in the
    secret behind it: after a sign-in the browser's copy of a page holds a token that is worth nothing any more."""

    def __init__(self, get_response: Get) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method not in {"GET", "HEAD"} or response.status_code != 200 or response.streaming:  # noqa: PLR2004
            return response
        if "no-store" in response.headers.get("Cache-Control", ""):
            return response
        assert isinstance(response, HttpResponse)  # noqa: S101 - not streaming
        if "ETag" not in response.headers:
            digest = blake2b(digest_size=12)
            for part in _without_tokens(response.content):
                digest.update(part)
            digest.update(request.META.get("CSRF_COOKIE", "").encode())
            response.headers["ETag"] = f'"{digest.hexdigest()}"'
        if "Cache-Control" not in response.headers:
            patch_cache_control(response, private=True, no_cache=True)
        return (
            get_conditional_response(request, etag=response.headers["ETag"], last_modified=None, response=response)
            or response
        )


class DatabaseDownMiddleware:
    """Says plainly that the hub is away for a moment, instead of an error page that needs the database itself."""

    def __init__(self, get_response: Get) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        try:
            return self.get_response(request)
        except DatabaseError as error:
            if not is_database_away(error):
                raise
            return unavailable(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        return unavailable(request) if is_database_away(exception) else None
