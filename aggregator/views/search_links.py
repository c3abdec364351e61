"""The links on the page of results: every one is this search with something changed. Owns their words, too."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from django.conf.locale import LANG_INFO
from django.urls import reverse
from django.utils.formats import number_format
from django.utils.translation import gettext, gettext_lazy as _, pgettext_lazy

from aggregator.search.matching import Count, Facet, FacetValue, Sort, Tab
from aggregator.search.naming import Names
from aggregator.search.operators import Filter
from aggregator.search.query import Query

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise

SHOWN_VALUES = 5  # of a facet; the others are folded
_GROUPED = 1_000  # from here on, numbers differ from language to language
_HEADINGS: dict[str, StrPromise] = {
    "year": _("When"),
    "blog": _("Blog"),
    "author": _("Who"),
    "team": _("Team"),
    "tag": _("Tag"),
    "lang": _("Language"),
    "kind": _("Kind"),
}
_TABS = {Tab.ALL: _("Everything"), Tab.POSTS: _("Posts"), Tab.COMMENTS: _("Comments")}
_SORTS = {Sort.RELEVANCE: _("Best first"), Sort.DATE: _("Newest first")}
_CHIPS: dict[str, StrPromise] = {
    "blog": _("blog {value}"),
    "author": _("by {value}"),
    "tag": _("tag {value}"),
    "lang": _("in {value}"),
    "team": _("team {value}"),
    "site": pgettext_lazy("site of a company", "at {value}"),
    "after": _("since {value}"),
    "before": _("before {value}"),
    "has": _("with {value}"),
    "in": _("only in {value}"),
}
_CHOICES: dict[str, StrPromise] = {
    "comments": _("comments"),
    "code": _("code"),
    "title": _("titles"),
    "posts": _("posts"),
}


@dataclass(frozen=True, slots=True)
class Link:
    """``address`` is a query string, ``count`` as it is shown, ``chosen`` where the reader is."""

    words: str | StrPromise
    address: str
    count: str = ""
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class Value:
    """A value of a facet. ``share`` is its part of the largest count, in per cent; ``language`` that of its words."""

    words: str
    address: str
    count: str
    chosen: bool
    share: int
    language: str


@dataclass(frozen=True, slots=True)
class ShownFacet:
    name: str
    heading: str | StrPromise
    values: list[Value]
    more: list[Value]


@dataclass(frozen=True, slots=True)
class Address:
    """A page of results, as the address of the hub that leads there."""

    text: str
    tab: Tab = Tab.ALL
    sort: Sort = Sort.RELEVANCE
    page: str = ""

    def __str__(self) -> str:
        known = {"tab": self.tab if self.tab != Tab.ALL else "", "page": self.page}
        known["sort"] = self.sort if self.sort != Sort.RELEVANCE else ""
        return f"{_root()}?{urlencode({'q': self.text} | _filled(known))}"

    def asking(self, text: str) -> str:
        """Another text, from its first page on."""
        return str(replace(self, text=text, page=""))

    def page_at(self, cursor: str) -> str:
        """Another page of the same results; nothing where there is none."""
        return str(replace(self, page=cursor)) if cursor else ""

    def tabs(self, counts: Mapping[Tab, Count]) -> list[Link]:
        """Everything or one kind, with how much there is of each."""
        here = replace(self, page="")
        return [
            Link(word, str(replace(here, tab=tab)), shown(counts[tab]) if tab in counts else "", tab == self.tab)
            for tab, word in _TABS.items()
        ]

    def sorts(self) -> list[Link]:
        here = replace(self, page="")
        return [Link(word, str(replace(here, sort=sort)), chosen=sort == self.sort) for sort, word in _SORTS.items()]

    def chips(self, query: Query, names: Names) -> list[Link]:
        """The filters that are on; each link takes one off."""
        return [Link(chip_words(each, names), self.asking(query.without(each))) for each in query.filters]

    def cleared(self, query: Query) -> str:
        """Without any filter; nothing where that is no more than to take off one."""
        return self.asking(query.without(*query.filters)) if len(query.filters) > 1 else ""

    def facets(self, facets: Iterable[Facet], query: Query) -> list[ShownFacet]:
        """Those that would narrow the results or do so already, in the page's order."""
        known = {facet.name: facet for facet in facets}
        found = [self._facet(known[name], query) for name in _HEADINGS if name in known and known[name].values]
        return [each for each in found if len(each.values) > 1 or any(value.chosen for value in each.values)]

    def _facet(self, facet: Facet, query: Query) -> ShownFacet:
        most = max((value.count.number for value in facet.values), default=0) or 1
        values = [self._value(facet.name, value, query, most) for value in facet.values]
        return ShownFacet(facet.name, _HEADINGS[facet.name], values[:SHOWN_VALUES], values[SHOWN_VALUES:])

    def _value(self, name: str, value: FacetValue, query: Query, most: int) -> Value:
        filters = tuple(_filters(name, value.value))
        chosen = value.chosen or set(filters) <= set(query.filters)
        text = query.without(*filters, *_meaning(name, value, query)) if chosen else query.including(*filters)
        words, language = _said(name, value)
        share = round(100 * value.count.number / most)
        return Value(words, self.asking(text), shown(value.count), chosen, share, language)


@lru_cache(maxsize=1)
def _root() -> str:
    """Of the thirty links of a page; reversing takes longer than the rest of one."""
    return reverse("aggregator:search-list")


def shown(count: Count) -> str:
    """“12”, “1,000+”."""
    number = str(count.number) if count.number < _GROUPED else number_format(count.number, force_grouping=True)
    return f"{number}+" if count.more else number


def chip_words(filter: Filter, names: Names) -> str:
    """A filter in words: “since 2022”, “not: tag draft”. ``names`` are those of naming.py."""
    value = names.get(filter, filter.value)
    if filter.name in ("has", "in"):
        value = str(_CHOICES.get(filter.value, filter.value))
    if filter.name == "lang":
        value = own_name(filter.value)
    words = str(_CHIPS[filter.name]).replace("{value}", value)
    return gettext("not: {filter}").replace("{filter}", words) if filter.negated else words


def own_name(code: str) -> str:
    """A language as its speakers write it, the code where nobody has said how."""
    info = LANG_INFO.get(code.lower(), {})
    return str(info.get("name_local", code))


def _said(name: str, value: FacetValue) -> tuple[str, str]:
    """The words of a facet's value, and the language that these are in."""
    if name == "lang":
        return own_name(value.value), value.value
    if name == "kind":
        return str(_TABS[Tab(value.value)]), ""
    return value.label, ""


def _filters(name: str, value: str) -> Iterator[Filter]:
    """What a facet's value adds to the query."""
    if name == "year":
        yield Filter("after", value)
        yield Filter("before", str(int(value) + 1))
    elif name == "kind":
        yield Filter("in", value)
    else:
        yield Filter(name, value)


def _meaning(name: str, value: FacetValue, query: Query) -> list[Filter]:
    """The filters that ask for this value, by whichever of its names."""
    known = {value.value.lower(), value.label.lower()}
    return [each for each in query.filters if each.name == name and not each.negated and each.value.lower() in known]


def _filled(values: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}
