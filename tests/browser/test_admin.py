"""The admin in a real browser under its strict policy: it works, and the browser has nothing to complain about."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import Page, expect

from aggregator.models import Blog, Post
from bloghub.people.models import Person
from tests.aggregator.ills import fall_ill
from tests.aggregator.looks import link, page as blog_page, rss
from tests.browser.conftest import OpenPage
from tests.web import Web

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
HOSTILE = "&lt;img src=x onerror='window.__pwn=1'&gt;&lt;script&gt;window.__pwn=1&lt;/script&gt;"


def assert_content(page: Page) -> None:
    assert page.complaints == []  # type: ignore[attr-defined]  # kept by tests.browser.conftest.watch
    # The browser asks for a tab's icon when it likes, also for that of a test before
    assert [url for url in page.left if "/static/icons/" not in url] == []  # type: ignore[attr-defined]
    assert page.evaluate("window.__pwn") is None


def test_a_blog_is_registered_by_hand(open_page: OpenPage, admin: Person, aino: Person, web: Web) -> None:
    web.routes |= {"/": blog_page(link("/feed")), "/feed": rss(title=HOSTILE)}
    page = open_page("/admin/aggregator/blog/", person=admin)
    page.get_by_role("link", name="Add blog").last.click()
    page.get_by_label("Address").fill(web.address)
    page.get_by_role("button", name="Look at it").click()
    expect(page.get_by_text("Post 5")).to_be_visible()
    page.get_by_label("Title").fill("Engines")
    page.locator(".field-owners .select2-selection").click()
    page.get_by_role("option", name="Aino Lehtinen").click()
    page.get_by_role("button", name="Register this blog").click()
    expect(page.get_by_text("“Engines” is registered")).to_be_visible()
    assert list(Blog.objects.get(title="Engines").owners.all()) == [aino]
    assert_content(page)


@pytest.mark.parametrize("width", [1440, 390])
def test_every_page_of_the_admin_keeps_to_its_policy(
    open_page: OpenPage, admin: Person, web: Web, make_post: Callable[..., Post], width: int
) -> None:
    post = make_post(title="<script>window.__pwn=1</script>")
    page = open_page("/admin/", person=admin, width=width)
    nouns: dict[str, int | None] = {
        "aggregator/blog": post.blog_id,
        "aggregator/feed": post.feed_id,
        "aggregator/post": post.pk,
    }
    nouns |= {"people/person": admin.pk, "aggregator/tag": None, "auth/group": None}
    for noun, pk in nouns.items():
        for path in ["", "add/", *([f"{pk}/change/", f"{pk}/delete/", f"{pk}/history/"] if pk else [])]:
            if path != "add/" or noun in {"aggregator/blog", "people/person", "auth/group"}:
                page.goto(f"/admin/{noun}/{path}")
    page.goto(f"/admin/people/person/{admin.pk}/password/")
    assert_content(page)


@pytest.mark.parametrize("width", [1440, 390])
def test_an_ill_feed_is_found_and_tried_out(
    open_page: OpenPage, admin: Person, web: Web, make_blog: Callable[..., Blog], width: int
) -> None:
    now = timezone.now()
    fall_ill(make_blog("Engines", url=f"{web.url}/feed"), now, last_error="<script>window.__pwn=1</script>")
    page = open_page("/admin/", person=admin, width=width)
    page.get_by_role("link", name="Health of the feeds").first.click()
    page.get_by_role("button", name="Test Engines now").click()
    expect(page.get_by_role("alert")).to_contain_text("There is nothing at this address (404).")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.get_by_role("link", name="Last polls").click()
    expect(page.get_by_text("It has not been polled yet.")).to_be_visible()
    page.get_by_role("link", name="Health", exact=True).click()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert_content(page)
