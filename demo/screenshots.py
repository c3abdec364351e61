"""The README's pictures, taken from a running demo: ``make screenshots [ARGS=http://127.0.0.1:8000]``."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, sync_playwright

DOCS = Path(__file__).resolve().parent.parent / "docs"
CHROMIUM = os.environ.get("BLOGHUB_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")
# name, width, height, colours, what to click on the river first
PICTURES = (
    ("river", 1280, 1500, "light", ""),
    ("post-dark", 1280, 1100, "dark", "main h2 a"),
)


def take(browser: Browser, address: str, name: str, size: tuple[int, int], colours: str, click: str) -> None:
    """One picture, as the first of the demo's people sees it."""
    page = browser.new_page(
        viewport={"width": size[0], "height": size[1]}, color_scheme="dark" if colours == "dark" else "light"
    )
    page.goto(f"{address}/sign-in/")
    page.locator('form[action*="demo"] button').first.click()
    if click:
        page.locator(click).first.click()
    page.wait_for_load_state("networkidle")
    page.screenshot(path=DOCS / f"{name}.png")
    page.close()


def main() -> None:
    address = (sys.argv[1:] or ["http://127.0.0.1:8000"])[0].rstrip("/")
    DOCS.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        for name, width, height, colours, click in PICTURES:
            take(browser, address, name, (width, height), colours, click)
        browser.close()


if __name__ == "__main__":
    main()
