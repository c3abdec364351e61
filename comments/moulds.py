"""Makes the HTML of comments from what is stored: one pass, no template per comment.

A template makes a mould of one comment for each language and variant, with marks where the comment's own goes; a
comment is then one formatting of that mould (a template loop over 2,000 comments takes 370 ms, this about 20).
Nothing that is one reader's own is kept: what they voted for or wrote chooses among the moulds. How comments lie in
each other, and which are kept ready-made, is in pieces.py.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from django.template.loader import get_template
from django.utils.html import escape, format_html
from django.utils.safestring import mark_safe
from django.utils.translation import get_language, gettext, ngettext

from aggregator.templatetags.times import Clock
from bloghub.people.models import name_of_gone, person_address
from comments.conversation import Conversation, Spoken
from comments.models.comment import CommentState
from comments.outlines import Outline
from comments.threads import Place, Step

# Where a comment's own goes in a mould; addresses want a number, and no comment is ever called this one
_SLOT = re.compile("\x00(\\w+)\x00")
_PK, _POST = 10**15 + 7, 10**15 + 9
_SLOTS = ("classes", "number", "label", "voice", "time", "notes", "answering", "script", "html", "reason", "votes")

# Scripts that want a size and a leading of their own beside Latin; comments do not say their language
_SCRIPTS = (("arabic", re.compile("[\u0600-\u06ff]")), ("cjk", re.compile("[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")))


class Variant(NamedTuple):
    """What a mould depends on besides the language."""

    said: bool
    mine: bool = False
    voted: bool = False
    held: bool = False
    undoable: bool = False
    may_vote: bool = False
    may_write: bool = False
    moderates: bool = False


class Comments:
    """The comments of one page, each by itself.

    For ``everybody`` they look as they do to whoever neither wrote nor voted for any, with none new and none asked for.
    """

    def __init__(self, conversation: Conversation, *, everybody: bool = False) -> None:
        self._conversation = conversation
        self._standpoint = replace(conversation.standpoint, voted=frozenset()) if everybody else conversation.standpoint
        self._me = None if everybody else conversation.standpoint.person_id
        self._new = frozenset[int]() if everybody else conversation.new
        self._asked = 0 if everybody else conversation.asked.comment
        self._language = get_language() or ""
        self._clock = Clock()

    def html(self, step: Step, comment: Spoken | None) -> str:
        """One comment without its end, ahead of the answers to it."""
        place = step.place
        if comment is None:  # it went away between two queries
            return f'<li id="c{place.number}">'
        outline = self._conversation.outlines[place.number]
        values = {
            "classes": self._classes(place),
            "number": place.number,
            "pk": comment.pk,
            "post_pk": self._conversation.post.pk,
            "time": self._clock.ago(comment.published_at),
        }
        if outline.state in _STANDING_WORDS:
            values |= self._said(step, comment)
        else:
            values |= {"label": escape(gettext("A comment that is gone")), "reason": _reason(comment)}
        return mould(self._variant(outline, comment), self._language) % values

    def _variant(self, outline: Outline, comment: Spoken) -> Variant:
        return Variant(
            said=outline.state in _STANDING_WORDS,
            mine=outline.author_id is not None and outline.author_id == self._me,
            voted=comment.pk in self._standpoint.voted,
            held=outline.state == CommentState.HELD.value,
            undoable=outline.state == "undoable",
            may_vote=self._standpoint.person_id is not None,
            may_write=self._standpoint.may_write,
            moderates=self._standpoint.moderates,
        )

    def _said(self, step: Step, comment: Spoken) -> dict[str, object]:
        name = comment.name
        return {
            "label": escape(name),
            "voice": _voice(comment, self._conversation.post.author_id, self._language),
            "notes": self._notes(comment),
            "answering": self._answering(step) if step.orphan or step.place.names_its_parent else "",
            "script": "" if comment.html.isascii() else _script(comment.html),
            "html": comment.html,
            "votes": comment.votes or "",
        }

    def _classes(self, place: Place) -> str:
        new = " is-new" if place.number in self._new else ""
        found = " is-asked" if place.number == self._asked else ""
        return f" d{place.level}{new}{found}"

    def _notes(self, comment: Spoken) -> str:
        notes = ""
        if comment.edited_at:
            notes += f' <span class="edited">{escape(gettext("edited"))}</span>'
        if comment.number in self._new:
            notes += f' <span class="hidden">{escape(gettext("New"))}</span>'
        return notes

    def _answering(self, step: Step) -> str:
        """Whom it answers, where the drawing does not show it."""
        parent = self._conversation.outlines.get(step.place.parent)
        if parent is None or parent.state not in _STANDING_WORDS:
            return ""
        here = parent.number in self._conversation.shown_numbers
        address = f"#c{parent.number}" if here else f"?comment={parent.number}#c{parent.number}"
        words = gettext("answering %(name)s")
        name = format_html('<a href="{}"><bdi>{}</bdi></a>', address, parent.name or name_of_gone())
        return f'<p class="to">{escape(words) % {"name": name}}</p>'


_STANDING_WORDS = frozenset({CommentState.VISIBLE.value, CommentState.HELD.value})


@lru_cache(maxsize=512)
def mould(variant: Variant, language: str) -> str:
    """One comment as a ``%`` format with named slots."""
    slots = {name: mark_safe(f"\x00{name}\x00") for name in _SLOTS}  # noqa: S308 - our own marks
    html = get_template("comments/_comment.html").render({**slots, **variant._asdict(), "pk": _PK, "post_pk": _POST})
    marked = html.replace(str(_PK), "\x00pk\x00").replace(str(_POST), "\x00post_pk\x00").rstrip()
    return _SLOT.sub(r"%(\1)s", marked.replace("%", "%%"))


def _voice(comment: Spoken, post_author_id: int | None, language: str) -> str:
    wrote = comment.author_id is not None and comment.author_id == post_author_id
    place = ", ".join(part for part in (comment.team, comment.site) if part)
    return _voice_of(comment.name, comment.username or "", place, wrote, comment.from_blog, language)


@lru_cache(maxsize=4096)
def _voice_of(name: str, username: str, place: str, wrote: bool, from_blog: bool, language: str) -> str:
    address = person_address(username) if username else ""
    return (
        get_template("comments/_voice.html")
        .render({"name": name, "address": address, "place": place, "wrote": wrote, "from_blog": from_blog})
        .strip()
    )


@lru_cache(maxsize=1024)
def branch(answers: int, language: str) -> str:
    """How the answers to a comment begin: folded by the browser itself, without a script."""
    words = ngettext("%(count)d answer", "%(count)d answers", answers) % {"count": answers}
    if not answers:  # what stands there is the place of one that was taken away
        words = gettext("An answer that is gone")
    return f'<details class="branch" open><summary>{escape(words)}</summary><ol class="replies">'


def _reason(comment: Spoken) -> str:
    if comment.state != CommentState.HIDDEN.value:
        return escape(gettext("Its writer has deleted this comment."))
    words = gettext("A moderator has hidden this comment.")
    because = comment.removed_because
    return escape(words) + (format_html(' <q class="because"><bdi>{}</bdi></q>', because) if because else "")


def _script(html: str) -> str:
    return next((f" {name}" for name, letters in _SCRIPTS if letters.search(html)), "")
