"""The header set of every class of answer, value for value (check G1, without the proxy): in this process, so that
mistakes of ours and a lost database can be brought about. tests/test_headers.py asks a hub as it ships."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import OperationalError
from django.test import Client
from pytest_django.fixtures import Settings

from bloghub.people.models import Person
from bloghub.people.throttle import LIMIT

COMMON = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": (
        "accelerometer=(), autoplay=(), browsing-topics=(), camera=(), display-capture=(), geolocation=(), "
        "gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), serial=(), "
        "usb=()"
    ),
    "Server": None,
    "X-Powered-By": None,
    "Access-Control-Allow-Origin": None,
}
_ADMIN = {
    "default-src": "'none'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' https: http:",
    "media-src": "'self' https: http:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "form-action": "'self'",
    "base-uri": "'none'",
    "frame-ancestors": "'none'",
    "object-src": "'none'",
    "manifest-src": "'self'",
    "report-uri": "/csp-report/",
}
POLICIES: dict[str, dict[str, str]] = {
    "page": _ADMIN | {"require-trusted-types-for": "'script'", "trusted-types": "bloghub default"},
    "admin": _ADMIN,
    "none": {},
}
KEPT = "private, no-cache"  # asked for again each time
NEVER = "no-store, private"
NEVER_EVER = "max-age=0, no-cache, no-store, must-revalidate, private"  # as Django writes it
DAY = "public, max-age=86400"
Ask = Callable[[Client, Settings, pytest.MonkeyPatch], Any]


def get(path: str, **headers: str) -> Ask:
    return lambda client, settings, patch: client.get(path, headers=headers)


def post(path: str, body: str = "", content_type: str = "text/plain") -> Ask:
    return lambda client, settings, patch: client.post(path, body, content_type=content_type)


def forged(client: Client, settings: Settings, patch: pytest.MonkeyPatch) -> Any:
    client.handler.enforce_csrf_checks = True
    return client.post("/sign-in/", {"username": "aino"})


def report(body: str) -> Ask:
    return post("/csp-report/", body, content_type="application/csp-report")


def unchanged(path: str) -> Ask:
    def ask(client: Client, settings: Settings, patch: pytest.MonkeyPatch) -> Any:
        return client.get(path, headers={"If-None-Match": client.get(path).headers["ETag"]})

    return ask


def throttled(client: Client, settings: Settings, patch: pytest.MonkeyPatch) -> Any:
    client.logout()
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    for _ in range(LIMIT):
        client.post("/sign-in/", {"username": "nobody", "password": "wrong"})
    return client.post("/sign-in/", {"username": "nobody", "password": "wrong"})


def failing(error: Exception) -> Ask:
    def fail(*_args: object, **_options: object) -> None:
        raise error

    def ask(client: Client, settings: Settings, patch: pytest.MonkeyPatch) -> Any:
        patch.setattr("django.contrib.sessions.backends.db.SessionStore.load", fail)
        client.raise_request_exception = False
        return client.get("/latest/")

    return ask


def stranger(ask: Ask) -> Ask:
    def without_session(client: Client, settings: Settings, patch: pytest.MonkeyPatch) -> Any:
        client.logout()
        return ask(client, settings, patch)

    return without_session


FORM = "application/x-www-form-urlencoded"
REPORT = json.dumps({"csp-report": {"blocked-uri": "inline"}})
AUTOCOMPLETE = "/admin/autocomplete/?app_label=aggregator&model_name=blog&field_name=owners"
ANSWERS: dict[str, tuple[Ask, int, str, str]] = {
    "page": (get("/latest/"), 200, "page", KEPT),
    "page, unchanged": (unchanged("/latest/"), 304, "none", KEPT),
    "page without its slash": (get("/latest"), 301, "page", NEVER),
    "page for members": (stranger(get("/latest/")), 302, "page", NEVER),
    "sign-in": (stranger(get("/sign-in/")), 200, "page", NEVER_EVER),
    "another host's name": (get("/latest/", host="evil.example"), 400, "page", NEVER),
    "forged form": (forged, 403, "page", NEVER),
    "no page": (get("/nowhere/"), 404, "page", NEVER),
    "wrong method": (post("/latest/"), 405, "page", NEVER),
    # Django refuses what is too large with 400, not 413
    "too large": (post("/sign-in/", "a=" + "x" * 3_000_000, content_type=FORM), 400, "page", NEVER),
    "too many tries": (throttled, 429, "page", NEVER_EVER),
    "a mistake of ours": (failing(ValueError("x")), 500, "page", NEVER),
    "database away": (failing(OperationalError("x")), 503, "page", NEVER),
    "theme": (get("/theme.css"), 200, "page", "public, max-age=60"),
    "theme, unchanged": (unchanged("/theme.css"), 304, "none", "public, max-age=60"),
    "theme, wrong method": (post("/theme.css"), 405, "page", NEVER),
    "icon": (get("/favicon.ico"), 200, "page", DAY),
    "icon, unchanged": (unchanged("/favicon.ico"), 304, "none", DAY),
    "robots": (get("/robots.txt"), 200, "page", DAY),
    "no such file": (get("/static/no.css"), 404, "page", NEVER),
    "health": (get("/healthz"), 200, "page", NEVER_EVER),
    "browser's report": (report(REPORT), 204, "page", NEVER),
    "browser's report that is none": (report("x"), 400, "page", NEVER),
    "browser's report of a stranger": (stranger(report(REPORT)), 302, "page", NEVER),
    "browser's report, wrong method": (get("/csp-report/"), 405, "page", NEVER),
    "admin": (get("/admin/"), 200, "admin", NEVER_EVER),
    "admin, gone": (get("/admin/aggregator/blog/9/change/"), 302, "admin", NEVER_EVER),
    "admin for a stranger": (stranger(get("/admin/")), 302, "page", NEVER),
    "admin, no page": (get("/admin/nowhere/"), 404, "page", NEVER),
    "JSON": (get(AUTOCOMPLETE), 200, "admin", NEVER_EVER),
    "JSON, refused": (get("/admin/autocomplete/"), 403, "page", NEVER),
    "script": (get("/admin/jsi18n/"), 200, "admin", KEPT),
}


@pytest.mark.parametrize("name", ANSWERS)
def test_every_class_of_answer_carries_its_headers_to_the_letter(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, admin: Person, name: str
) -> None:
    ask, status, policy, cache = ANSWERS[name]
    client.force_login(admin)
    response = ask(client, settings, monkeypatch)
    assert response.status_code == status
    assert {header: response.headers.get(header) for header in COMMON} == COMMON
    parts = response.headers.get("Content-Security-Policy", "").split(";")
    assert dict(part.strip().split(" ", 1) for part in parts if part) == POLICIES[policy]
    assert response.headers["Cache-Control"] == cache
    assert "Strict-Transport-Security" not in response.headers


@pytest.mark.parametrize("name", ["page", "no page", "JSON", "a mistake of ours", "icon, unchanged"])
def test_with_https_browsers_are_told_to_keep_to_it(
    client: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch, admin: Person, name: str
) -> None:
    settings.SECURE_HSTS_SECONDS = 31_536_000
    client.force_login(admin)
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    client.defaults["HTTP_X_FORWARDED_PROTO"] = "https"
    response = ANSWERS[name][0](client, settings, monkeypatch)
    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"
