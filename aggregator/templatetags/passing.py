"""Comments passing by in a river, put together once and kept, as rows of posts are (rows.py); and the river itself."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import get_language, gettext, ngettext

from aggregator.templatetags.rows import KEPT_ROWS, NOTHING, html, row as post_row
from aggregator.templatetags.times import Clock
from aggregator.views.activity import PassingRow, RiverRow, conversation_of, run_of
from aggregator.views.folding import Run, fold
from bloghub.people.models import name_of_gone, person_address
from bloghub.people.templatetags.faces import face
from bloghub.templatetags.assets import icon

register = template.Library()

# Talk goes sideways, below the line; an answer to the post goes above it
_SIDEWAYS = SafeString('<svg viewBox="0 0 28 14" aria-hidden="true"><path d="M4 4a10 8 0 0 0 20 0"/></svg>')
_ABOVE = SafeString('<svg viewBox="0 0 28 14" aria-hidden="true"><path d="M4 12a10 8 0 0 1 20 0"/></svg>')

_END_OF_WORDS = SafeString("</a></blockquote>")

# What is said stands in quotation marks, and those inside it are of the second kind
_INNER = str.maketrans('“”„«»"', "‘’‚‹›'")


@register.simple_tag
def river(rows: Sequence[RiverRow], place: str = "river") -> SafeString:
    """Posts, and the comments that pass by between them, with runs folded: ``{% river page.rows %}``. ``place`` as of
    ``row`` and ``passing``."""
    clock = Clock()
    runs = fold(rows, conversation_of if place == "person" else run_of)
    return SafeString("".join([_one(run.first, clock, place) + _folded(run, clock) for run in runs]))


def _one(row: RiverRow, clock: Clock, place: str) -> str:
    return passing(row, clock, place) if isinstance(row, PassingRow) else post_row(row, clock, place)


def _folded(run: Run[RiverRow], clock: Clock) -> str:
    """What is folded away behind the first of a run."""
    if not run.folded:
        return ""
    form = '<details class="fold">\n  <summary>{}<span>{}</span></summary>\n  <ol>{}</ol>\n</details>'
    lines = "".join([_one(row, clock, "folded") for row in run.folded])
    return html(form, icon("chevron-right"), _more(run.first, len(run.folded)), SafeString(lines))


def _more(first: RiverRow, count: int) -> SafeString:
    if isinstance(first, PassingRow):
        words = ngettext("{count} more answer to {title}", "{count} more answers to {title}", count)
        return html(words, count=str(count), title=html("<bdi>{}</bdi>", first.post_words))
    words = ngettext("{count} more from {blog}", "{count} more from {blog}", count)
    return html(words, count=str(count), blog=html("<bdi>{}</bdi>", first.blog_title))


def passing(said: PassingRow, clock: Clock, place: str = "river", marked: str | None = None, below: str = "") -> str:
    """One comment between posts. ``place``: ``person`` leaves out who says it; ``folded`` is one line inside a fold.
    ``marked``: safe HTML in place of what was said, and ``below`` it."""
    before, after, words, end = _kept(said, place, get_language() or "")
    shown = words if marked is None else f"{marked}{_END_OF_WORDS}{below}"
    return f"{before}{clock.ago(said.happened_at)}{after}{shown}{end}"


@lru_cache(maxsize=KEPT_ROWS)
def _kept(said: PassingRow, place: str, language: str) -> tuple[SafeString, SafeString, SafeString, SafeString]:
    """A row up to where the time goes, from there to what was said, this, and the rest."""
    if place == "folded":
        line = '<li><a href="{}" dir="auto"><bdi>{}</bdi>: {}</a>'
        return html(line, said.address, _speaker(said), said.excerpt), NOTHING, NOTHING, SafeString("</li>")
    before = html(
        '<article class="row says">\n  <div class="who{}">{}', " bare" if place == "person" else "", _who(said, place)
    )
    after = html('</span></div></div>\n  <div class="said"><blockquote dir="auto"><a href="{}">', said.address)
    words = html("{}{}", said.excerpt.translate(_INNER), _END_OF_WORDS)
    form = '\n    <p class="to">{}<span>{}</span></p></div>\n</article>\n'
    return before, after, words, html(form, _SIDEWAYS if said.answers else _ABOVE, _whom(said))


def _speaker(said: PassingRow) -> str:
    return said.byline or name_of_gone()


def _who(said: PassingRow, place: str) -> SafeString:
    """Face, name and place of who says it, up to where the time goes."""
    if place == "person":
        return SafeString('<div><span class="when">')
    if said.username:
        name = html('<a class="name" href="{}"><bdi>{}</bdi></a>', person_address(said.username), said.byline)
    else:
        name = html('<span class="name elsewhere"><bdi>{}</bdi></span>', _speaker(said))
    where = html(' <span class="place">{}</span>', said.place) if said.place else NOTHING
    drawn = face(_speaker(said), "" if said.username else "elsewhere")
    return html('{}<div>{}{} <span class="when">', drawn, name, where)


def _whom(said: PassingRow) -> SafeString:
    """Whom it answers, on which post: one sentence, for languages put names in places of their own."""
    title = html(
        '<a href="{}" lang="{}" dir="{}">{}</a>',
        said.post_address,
        said.post_language,
        said.post_direction,
        said.post_words or gettext("A post without title or words"),
    )
    if not said.answers:
        return html(gettext("about {title}"), title=title)
    person = html('<a href="{}"><bdi>{}</bdi></a>', person_address(said.answers_username or ""), said.answers)
    return html(gettext("answers {name} on {title}"), name=person, title=title)
