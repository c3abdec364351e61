"""Search: what anybody ever wrote, in one answer; and what to type, while it is being typed."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext
from django.views.decorators.http import require_safe

from aggregator.models import Post
from aggregator.search.matching import Answer, Asked, Sort, Tab, TooSlow, search
from aggregator.search.names_matching import Name, NameKind, names_matching, words_of
from aggregator.search.naming import names_of, spelt
from aggregator.search.notes import NOTES, Note
from aggregator.search.query import Query, parse
from aggregator.search.suggestions import suggestions
from aggregator.views.found import found_rows
from aggregator.views.search_links import Address, Link, chip_words, shown
from aggregator.views.tag import most_used
from bloghub.people.access import reading

MOST_NAMES = 3  # blogs and people each, above the results
ALL_NAMES = 60
WHOLE_BELOW = 4  # letters: a shorter word is in a name or is not, a longer one may be the beginning of one
MOST_LOOSENED = 3
RECENT_POSTS, MOST_TAGS = 500, 24  # whose tags are offered where nothing was found, and how many of them
LONGEST_SHOWN = 2_000  # characters of what was typed that the field shows again
RETRY_AFTER = 5  # s
NAMES: tuple[NameKind, ...] = ("blog", "person")


class Question(NamedTuple):
    """What the address asks for."""

    typed: str
    asked: Asked

    @property
    def query(self) -> Query:
        return self.asked.query

    @property
    def address(self) -> Address:
        return Address(self.query.text, self.asked.tab, self.asked.sort, self.asked.page)


@reading
@require_safe
def search_list(request: HttpRequest) -> HttpResponse:
    """``?q=``: the results; without a query, what one may ask. ``tab``, ``sort`` and ``page`` as in matching.py."""
    question = _question(request)
    if not question.query:
        return _page(request, question, "search_start", notes=_notes(question.query.notes), tags=_tags(request))
    try:
        answer = search(question.asked, request.user, timezone.localtime())
        if answer.hits or question.asked.page:
            return _page(request, question, "search_list", **_results(request, question, answer))
        return _page(request, question, "search_nothing", **_nothing(request, question, answer))
    except TooSlow as given_up:
        return _too_slow(request, question, given_up)


@reading
@require_safe
def search_name_list(request: HttpRequest) -> HttpResponse:
    """``?q=``: all blogs and people whose names match."""
    question = _question(request)
    return _page(request, question, "search_name_list", **_names(request, question, ALL_NAMES))


@reading
@require_safe
def search_suggestion_list(request: HttpRequest) -> JsonResponse:
    """``?q=``: what it may become, as ``{"suggestions": [{"kind", "words", "about", "address"}, …]}``."""
    return JsonResponse({"suggestions": suggestions(request.GET.get("q", ""), request.user)})


def _question(request: HttpRequest) -> Question:
    typed = request.GET.get("q", "")
    tab = next((tab for tab in Tab if tab == request.GET.get("tab")), Tab.ALL)
    sort = next((sort for sort in Sort if sort == request.GET.get("sort")), Sort.RELEVANCE)
    asked = Asked(parse(typed, timezone.localdate()), tab, sort, request.GET.get("page", ""))
    return Question(typed.replace("\x00", "")[:LONGEST_SHOWN].strip(), asked)


def _page(request: HttpRequest, question: Question, template: str, **more: Any) -> HttpResponse:
    """``spelt`` is the query as it is shown, and stands in the field, too, unless somebody typed it otherwise."""
    query, names = question.query, names_of(question.query, request.user)
    text = spelt(query, names, request.user) if names else query.text
    asked = {
        "typed": text if question.typed == query.text else question.typed,
        "spelt": text,
        "asked": question.asked,
        "chips": question.address.chips(query, names),
        "cleared": question.address.cleared(query),
    }
    return render(request, f"aggregator/{template}.html", {**asked, "here": "search", **more})


def _too_slow(request: HttpRequest, question: Question, given_up: TooSlow) -> HttpResponse:
    """429 for who has another search running (RFC 6585, 4), 503 for a search that is too much."""
    response = _page(request, question, "search_slow", again=str(question.address), busy=given_up.busy)
    response.status_code = 429 if given_up.busy else 503
    response.headers["Retry-After"] = str(RETRY_AFTER)
    return response


def _results(request: HttpRequest, question: Question, answer: Answer) -> dict[str, Any]:
    address, query = question.address, question.query
    is_plain = not (query.filters or question.asked.page or question.asked.tab != Tab.ALL)
    return {
        "results": found_rows(answer.hits, answer.queries, request.user),
        "count": answer.counts[question.asked.tab],
        "shown": shown(answer.counts[question.asked.tab]),
        "tabs": address.tabs(answer.counts),
        "sorts": address.sorts(),
        "facets": address.facets(answer.facets, query),
        "older": address.page_at(answer.older),
        "newer": address.page_at(answer.newer),
        **_said(question, answer),
        **(_names(request, question, MOST_NAMES) if is_plain else {}),
    }


def _said(question: Question, answer: Answer) -> dict[str, Any]:
    """What the page says about the query."""
    meant = Link(answer.correction, question.address.asking(answer.correction)) if answer.correction else None
    return {
        "notes": _notes(answer.notes),
        "meant": meant,
        "corrected": answer.corrected,
        "as_well": len(answer.queries) > 1,
        "loosened": answer.loosened,
    }


def _nothing(request: HttpRequest, question: Question, answer: Answer) -> dict[str, Any]:
    """What helps on when nothing was found, not even loosely."""
    return {
        **_said(question, answer),
        **_names(request, question, MOST_NAMES),
        "instead": list(_instead(request, question)),
        "tags": _tags(request),
    }


def _instead(request: HttpRequest, question: Question) -> list[Link]:
    """The same search without one of its filters each, where that finds something in time."""
    found, names = [], names_of(question.query, request.user)
    for each in question.query.filters[:MOST_LOOSENED]:
        query = parse(question.query.without(each), timezone.localdate())
        asked = Asked(query, question.asked.tab, forgiving=False)
        try:
            count = search(asked, request.user, timezone.localtime()).counts[question.asked.tab]
        except TooSlow:  # the page helps without it, too
            break
        if count.number:
            found.append(Link(chip_words(each, names), question.address.asking(query.text), shown(count)))
    return found


def _names(request: HttpRequest, question: Question, most: int) -> dict[str, Any]:
    """Blogs and people of the name that was typed; one more of each is asked for, to say whether there are."""
    found = names_matching(words_of(question.query.term), request.user, NAMES, most + 1, whole_below=WHOLE_BELOW)
    kinds: dict[NameKind, list[Name]] = {kind: [name for name in found if name.kind == kind] for kind in NAMES}
    return {
        "names": [name for names in kinds.values() for name in names[:most]],
        "more_names": any(len(names) > most for names in kinds.values()),
    }


def _notes(notes: tuple[Note, ...]) -> list[str]:
    return [gettext(NOTES[note.code]).replace("{about}", note.about) for note in notes]


def _tags(request: HttpRequest) -> Any:
    """What colleagues have been writing about lately."""
    recent = Post.objects.visible_to(request.user).order_by("-published_at", "-pk").values("pk")[:RECENT_POSTS]
    return most_used(recent)[:MOST_TAGS]
