"""A flag from the reader to the moderator and back, without a script; and its pages at every width."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from aggregator.models import Post
from bloghub.people.models import Person
from comments import flagging, guidance, moderation
from comments.models import Comment, FlagReason, ModerationAct
from tests.browser.conftest import OpenPage
from tests.browser.test_pages import PRESSED, SMALL, SPILLS
from tests.comments.conftest import say  # noqa: F401 - a fixture
from tests.comments.court import make_moderator

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
Say = Callable[..., Comment]


@pytest.fixture
def comment(say: Say, make_post: Callable[..., Post], bo: Person) -> Comment:  # noqa: F811 - the fixture
    return say(bo, make_post(title="w" * 300), html="<p>Off with his head</p>", excerpt="x" * 300)


def test_a_flag_goes_from_reader_to_writer_to_moderator_and_back(
    open_page: OpenPage, aino: Person, bo: Person, comment: Comment
) -> None:
    reader = open_page(f"/comments/{comment.pk}/flag/", person=aino, java_script_enabled=False)
    reader.get_by_label("It attacks a person").check()
    reader.get_by_label("In your words").fill("He means the editor.")
    reader.get_by_role("button", name="Ask Bo Ekdahl").click()
    expect(reader.get_by_role("heading", level=1)).to_have_text("Its writer has been asked")

    writer = open_page("/notifications/", person=bo, java_script_enabled=False)
    writer.locator(".inbox button").first.click()
    expect(writer.get_by_text("He means the editor.")).to_be_visible()
    writer.get_by_label("Why it should stay").fill("It is a quotation.")
    writer.get_by_role("button", name="It should stay").click()
    expect(writer.get_by_role("heading", level=1)).to_have_text("A moderator decides")

    moderator = open_page("/moderation/", person=make_moderator("mo", "Mo Derat"), java_script_enabled=False)
    expect(moderator.get_by_text("It is a quotation.")).to_be_visible()
    moderator.get_by_label("Your reason").first.fill("Not of a colleague.")
    moderator.get_by_role("button", name="Hide it").click()
    expect(moderator.get_by_role("heading", name="Nothing waits")).to_be_visible()

    for page, words in ((reader, "A comment has been hidden"), (writer, "Your comment has been hidden")):
        page.goto("/notifications/")
        page.locator(".inbox button").first.click()
        expect(page.get_by_role("heading", level=1)).to_have_text(words)
        expect(page.get_by_text("Not of a colleague.")).to_be_visible()


def test_its_pages_fit_and_can_be_pressed_everywhere(
    open_page: OpenPage, aino: Person, bo: Person, admin: Person, comment: Comment
) -> None:
    flag = flagging.flag_comment(comment, aino, FlagReason.CONFIDENTIAL, "w" * 400, timezone.now())
    moderation.suspend(comment, "lifted", admin, "w" * 300, timezone.now())
    act = ModerationAct.objects.get()
    version = guidance.publish("Be " + "kind" * 200, admin, timezone.now(), must_accept=True)
    pages = {
        aino: [f"/flags/{flag.pk}/", "/guidelines/?next=/blogs/", f"/guidelines/{version.pk}/"],
        bo: [f"/comments/{comment.pk}/flags/", f"/moderation/acts/{act.pk}/", f"/comments/{comment.pk}/flag/"],
        admin: ["/moderation/", "/moderation/log/", f"/moderation/comments/{comment.pk}/"],
        make_moderator("mo"): [f"/comments/{comment.pk}/flag/"],
    }
    for person, addresses in pages.items():
        page = open_page(addresses[0], person=person)
        for address in addresses:
            page.goto(address)
            for more in page.locator("details.more").all():
                more.evaluate("details => { details.open = true }")
            for width in (320, 768, 1440):
                page.set_viewport_size({"width": width, "height": 900})
                assert page.evaluate(SPILLS) <= 0, (address, width)
                assert page.evaluate(SMALL, PRESSED) == [], (address, width)
        assert page.complaints == []  # type: ignore[attr-defined]
