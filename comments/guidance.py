"""The guidelines in force: a company's own in versions, or those the hub comes with, and who has accepted them."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache

from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, gettext as _

from bloghub.people.models import Person
from comments.models import Acceptance, Guidelines
from comments.rendering import Context, render


def publish(body: str, by: Person, now: datetime, *, must_accept: bool, accept_again: bool = False) -> Guidelines:
    """A new version, in force from now on; earlier ones stay as they are."""
    html = render(body, Context()).html
    return Guidelines.objects.create(
        body=body, html=html, must_accept=must_accept, accept_again=accept_again, by=by, published_at=now
    )


def current() -> Guidelines | None:
    """The newest version; None while the company has none of its own."""
    return Guidelines.objects.select_related("by").order_by("-pk").first()


def accept(guidelines: Guidelines, person: Person, now: datetime) -> bool:
    """Notes that they have accepted this version, once. False when it is no longer the one in force."""
    newest = current()
    if newest is None or newest.pk != guidelines.pk:
        return False
    Acceptance.objects.get_or_create(guidelines=guidelines, person=person, defaults={"accepted_at": now})
    return True


def is_to_accept(guidelines: Guidelines, person: Person) -> bool:
    """Whether this version, which is in force, asks this person: once is enough, unless all are asked again."""
    return guidelines.must_accept and not Acceptance.objects.still_good().filter(person=person).exists()


def first_html() -> SafeString:
    """What stands there until a company writes its own, in the reader's language."""
    return _rendered(get_language() or "")


@lru_cache(maxsize=16)
def _rendered(language: str) -> SafeString:
    return mark_safe(render(first_body(), Context(hub="")).html)  # noqa: S308 - rendering.py has sent it through the gate


def first_body() -> str:
    """The same as Markdown, to begin one's own with."""
    rules = [
        _("**Speak for yourself.** Write in the first person, under your own name, about what you know. Say so when "
          "you speak for your team."),
        _("**Be kind.** A colleague reads what you write, perhaps after a bad day. Argue with the idea, leave the "
          "person whole. What you would not say across the table, do not say here."),
        _("**Keep secrets secret.** Nothing about customers, prices, people’s health, pay or plans that is not open to "
          "everyone who can read the page. When in doubt, ask first and write tomorrow."),
        _("**Say where you know it from.** Link to it. Tell what you have seen from what you have heard, and what you "
          "are sure of from what you guess."),
        _("**Correct openly.** Everybody is wrong now and then. Say what was wrong and leave it to be seen; that is "
          "how others learn to trust the rest."),
        _("**Answer.** Who asks you something has given you their time. A short answer is better than none."),
        _("**Disagree early, and in public.** It is the reason this place exists. Your manager may read it, and so may "
          "theirs: be plain, be fair, and bring a better idea."),
        _("**Stay with the post.** Another matter deserves a post of its own. This is no place to sell anything."),
    ]  # fmt: skip
    opening = _("This is where colleagues talk to each other, across teams, towns and ranks. Few rules are enough for "
                "that.")  # fmt: skip
    closing = _("When somebody goes too far, flag the comment. Its writer is asked first, and most of the time that is "
                "all. Otherwise a moderator decides, says why, and can be asked about it.")  # fmt: skip
    return "\n\n".join([opening, "\n".join(f"{number}. {rule}" for number, rule in enumerate(rules, 1)), closing])
