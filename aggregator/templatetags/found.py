"""Results of a search: rows as in every list, with what was asked for marked in them; and what narrows it down."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django import template
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from aggregator.search.query import OPERATORS, PUNCTUATION
from aggregator.templatetags.passing import passing
from aggregator.templatetags.rows import NOTHING, html, row, title_and_words
from aggregator.templatetags.times import Clock
from aggregator.views.activity import PassingRow
from aggregator.views.found import FoundRow, NamedBy
from aggregator.views.search_links import ShownFacet, Value
from bloghub.templatetags.assets import icon

register = template.Library()


@register.simple_tag
def results(found: Iterable[FoundRow], fresh: Collection[str] = ()) -> SafeString:
    """The rows of one page of results. ``fresh``: those that are new to the reader, as search/news.py names them."""
    clock = Clock()
    return SafeString("".join([_marked_as_new(each, _result(each, clock), fresh) for each in found]))


def _marked_as_new(found: FoundRow, row: str, fresh: Collection[str]) -> str:
    said = found.said
    event = f"comment:{said.comment_id}" if isinstance(said, PassingRow) else f"post:{said.pk}"
    if event not in fresh:
        return row
    return html('<div class="fresh"><p class="fresh-mark">{}</p>{}</div>', gettext("New"), SafeString(row))


def _result(found: FoundRow, clock: Clock) -> str:
    # Safe: search/cutting.py escapes the text before it marks it
    title, passage = SafeString(found.title), SafeString(found.passage)
    named = _named("tag", found.named) + _named("name", found.named)
    if isinstance(found.said, PassingRow):
        return passing(found.said, clock, marked=passage, below=named)
    return row(found.said, clock, said=title_and_words(found.said, title, passage) + named)


def _named(kind: str, names: Iterable[NamedBy]) -> SafeString:
    """The tags, or the names of the writer, for which it was found."""
    links = [_link(kind, each) for each in names if each.is_tag == (kind == "tag")]
    if not links:
        return NOTHING
    words = gettext("Tagged {names}") if kind == "tag" else gettext("Written by {names}")
    return html('\n    <p class="named">{}</p>', html(words, names=SafeString(", ".join(links))))


def _link(kind: str, named: NamedBy) -> SafeString:
    name = html("<bdi>{}</bdi>", SafeString(named.name))
    return html('<a class="{}" href="{}">{}</a>', kind, named.address, name) if named.address else name


@register.simple_tag
def facet_list(facets: Iterable[ShownFacet]) -> SafeString:
    """The values of facets, each a link; those that are few beside the others are folded."""
    return SafeString("".join([_facet(facet) for facet in facets]))


def _facet(facet: ShownFacet) -> SafeString:
    form = (
        '<section class="facet facet-{0}" aria-labelledby="facet-{0}">\n    <h2 id="facet-{0}">{1}</h2>\n'
        "    <ul>{2}</ul>\n    {3}\n  </section>"
    )
    return html(form, facet.name, str(facet.heading), _values(facet.values, facet.name), _folded(facet))


def _folded(facet: ShownFacet) -> SafeString:
    if not facet.more:
        return NOTHING
    words = ngettext("%(count)s more", "%(count)s more", len(facet.more)) % {"count": len(facet.more)}
    form = '<details class="fold"><summary>{}<span>{}</span></summary>\n    <ul>{}</ul></details>'
    return html(form, icon("chevron-right"), words, _values(facet.more, facet.name))


def _values(values: Iterable[Value], facet: str) -> SafeString:
    return SafeString("".join([_value(value, facet) for value in values]))


def _value(value: Value, facet: str) -> SafeString:
    is_here = SafeString(' aria-current="true"') if value.chosen else NOTHING
    language = html(' lang="{}"', value.language) if value.language else NOTHING
    bar = _bar(value.share) if facet == "year" else NOTHING
    form = '<li><a href="{}"{}><bdi{}>{}</bdi>{}{} <span class="num">{}</span></a></li>'
    off = _off() if value.chosen else NOTHING
    return html(form, value.address, is_here, language, value.words, bar, off, value.count)


def _bar(share: int) -> SafeString:
    form = (
        '<svg class="bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">'
        '<rect width="{}" height="10"/></svg>'
    )
    return html(form, str(share))


def _off() -> SafeString:
    return html('{}<span class="hidden"> {}</span>', icon("x"), gettext("take off"))


@register.simple_tag
def operator_lines() -> list[tuple[str, str]]:
    """How to ask for more than words: an example and what it means, each."""
    return [(line.example, gettext(line.description)) for line in (*PUNCTUATION, *OPERATORS)]
