"""Headless Chromium against the hub served in this process."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from threading import get_ident
from time import monotonic, sleep
from typing import Any

import pytest
from django.conf import settings as hub_settings
from django.core.signals import request_finished, request_started
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.fixtures import Settings
from pytest_django.live_server_helper import LiveServer

from bloghub.people.models import Person
from tests import absent

# Each new context would start a process in reserve. The last such list counts, so what Playwright switches off for
# the sake of its own working is repeated
_SWITCHED_OFF = [
    "SpareRendererForSitePerProcess",
    "AvoidUnnecessaryBeforeUnloadCheckSync",
    "AvoidCorsURLLoaderRestartOnRedirect",
    "DestroyProfileOnBrowserClose",
    "HttpsUpgrades",
    "HttpsFirstBalancedModeAutoEnable",
    "AimEnabled",
    "MediaRouter",
    "NetworkTimeServiceQuerying",
    "OptimizationHints",
    "PaintHolding",
    "PreconnectToSearch",
    "ThirdPartyStoragePartitioning",
]
# As root Chromium needs --no-sandbox; the others keep it from looking for its maker's servers
# Nothing but the hub itself has an address. (Intercepting requests would do, too, but it switches the cache off.)
_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
    f"--disable-features={','.join(_SWITCHED_OFF)}",
]
CHROMIUM = os.environ.get("BLOGHUB_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")

LONGEST_ANSWER = 5.0  # s

OpenPage = Callable[..., Page]


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM:
        absent.stop("CHROMIUM (browser tests); install it or name one in BLOGHUB_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=_ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def answered(live_server: LiveServer) -> Iterator[None]:
    """Waits in the end for what is still being answered: a browser that is gone does not stop the server, and the
    database must not be emptied under it (PostgreSQL calls that a deadlock)."""
    under_way = set[int]()

    def begin(**_signal: object) -> None:
        under_way.add(get_ident())

    def end(**_signal: object) -> None:
        under_way.discard(get_ident())

    request_started.connect(begin)
    request_finished.connect(end)
    yield
    deadline = monotonic() + LONGEST_ANSWER
    while under_way and monotonic() < deadline:
        sleep(0.01)
    request_started.disconnect(begin)
    request_finished.disconnect(end)


@pytest.fixture
def open_page(browser: Browser, live_server: LiveServer, answered: None) -> Iterator[OpenPage]:
    """``open_page("/latest/", person=aino, width=390, dark=True)``: a page in a fresh context, signed in.

    Requests that would leave the hub fail and are kept in ``page.left``; what the console complains about is kept in
    ``page.complaints`` (with CSP reports); more keywords go to the browser context.
    """
    contexts: list[BrowserContext] = []

    def open_at(
        path: str, *, person: Person | None = None, width: int = 1440, dark: bool = False, **options: Any
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": 900},
            color_scheme="dark" if dark else "light",
            base_url=live_server.url,
            **options,
        )
        contexts.append(context)
        if person:
            sign_in(context, person, live_server.url)
        page = context.new_page()
        watch(page)
        page.goto(path)
        return page

    yield open_at
    for context in contexts:
        context.close()


@pytest.fixture
def framed(settings: Settings) -> None:
    """The policy says nothing but that pages of the hub may stand in frames of its own pages."""
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": {"frame-ancestors": ["'self'"]}}
    settings.X_FRAME_OPTIONS = "SAMEORIGIN"


def sign_in(context: BrowserContext, person: Person, url: str) -> None:
    """Gives the context this person's session."""
    client = Client()
    client.force_login(person)
    value = client.cookies[hub_settings.SESSION_COOKIE_NAME].value
    context.add_cookies([{"name": hub_settings.SESSION_COOKIE_NAME, "value": value, "url": url, "httpOnly": True}])


def watch(page: Page) -> None:
    """Keeps what leaves the hub and what the browser complains about."""
    left: list[str] = []
    complaints: list[str] = []

    page.on("requestfailed", lambda request: left.append(f"{request.resource_type} {request.url}"))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.left, page.complaints = left, complaints  # type: ignore[attr-defined]
