"""What happened, as one sentence for the page and for mails: “Aino Lehtinen and 4 others commented on your post”.

Whole sentences with plural forms; the name stands at the start, because many languages would inflect it elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable

from django.utils.translation import gettext as _, ngettext

from bloghub.notifications.models import Kind
from bloghub.people.models import name_of_gone


def sentence(kind: str, who: str, others: int = 0) -> str:
    """Plain text; ``who`` is the latest to act ("" when their account is gone), ``others`` how many more people did."""
    values = {"who": who or name_of_gone(), "count": others}
    if kind == Kind.MODERATION and not who:  # readers' flags and what comes of them, told without a name
        return _("There is news of a flagged comment")
    if not others:
        return _ALONE[Kind(kind)]() % values
    return _TOGETHER[Kind(kind)](others) % values


_ALONE: dict[Kind, Callable[[], str]] = {
    Kind.MODERATION: lambda: _("A moderator did something that concerns you"),
    Kind.MENTION: lambda: _("%(who)s mentioned you"),
    Kind.REPLY: lambda: _("%(who)s answered you"),
    Kind.FIRST: lambda: _("%(who)s wrote the first comment on your blog"),
    Kind.COMMENT: lambda: _("%(who)s commented on your post"),
    Kind.WATCHED: lambda: _("%(who)s wrote in a conversation you watch"),
    Kind.FEED: lambda: _("News of feeds"),
    Kind.MATCH: lambda: _("Your saved search finds something new"),
    Kind.SUGGESTION: lambda: _("There is an answer to your suggestion"),
    Kind.MILESTONE: lambda: _("Colleagues found your words worth reading"),
}
_TOGETHER: dict[Kind, Callable[[int], str]] = {
    Kind.MODERATION: lambda n: _("Moderators did something that concerns you"),
    Kind.MENTION: lambda n: ngettext(
        "%(who)s and %(count)d other mentioned you", "%(who)s and %(count)d others mentioned you", n
    ),
    Kind.REPLY: lambda n: ngettext(
        "%(who)s and %(count)d other answered you", "%(who)s and %(count)d others answered you", n
    ),
    Kind.FIRST: lambda n: ngettext(
        "%(who)s and %(count)d other wrote the first comments on your blog",
        "%(who)s and %(count)d others wrote the first comments on your blog",
        n,
    ),
    Kind.COMMENT: lambda n: ngettext(
        "%(who)s and %(count)d other commented on your post", "%(who)s and %(count)d others commented on your post", n
    ),
    Kind.WATCHED: lambda n: ngettext(
        "%(who)s and %(count)d other wrote in a conversation you watch",
        "%(who)s and %(count)d others wrote in a conversation you watch",
        n,
    ),
    Kind.FEED: lambda n: _("News of feeds"),
    Kind.MATCH: lambda n: _("Your saved search finds something new"),
    Kind.SUGGESTION: lambda n: _("There is an answer to your suggestion"),
    Kind.MILESTONE: lambda n: _("Colleagues found your words worth reading"),
}
