"""The rankings: what colleagues found worth reading, and what they talk about, in a period that the reader chooses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from aggregator.ranking import BEST, DISCUSSED, Period, Ranking
from aggregator.views.rows import ranked_page
from bloghub.people.access import reading

if TYPE_CHECKING:
    from django_stubs_ext import StrPromise


@dataclass(frozen=True, slots=True)
class Choice:
    """A period on the page: the word to choose it by, and what the page says then, about merit and about talk."""

    period: Period
    word: StrPromise
    best: StrPromise
    discussed: StrPromise


CHOICES = (
    Choice(
        Period.DAY,
        _("Day"),
        _("What came out in the last 24 hours, by how many colleagues found it worth reading or answered."),
        _("What was talked about in the last 24 hours, by how many colleagues joined in."),
    ),
    Choice(
        Period.WEEK,
        _("Week"),
        _("What came out in the last seven days, by how many colleagues found it worth reading or answered."),
        _("What was talked about in the last seven days, by how many colleagues joined in."),
    ),
    Choice(
        Period.MONTH,
        _("Month"),
        _("What came out in the last month, by how many colleagues found it worth reading or answered."),
        _("What was talked about in the last month, by how many colleagues joined in."),
    ),
    Choice(
        Period.YEAR,
        _("Year"),
        _("What came out in the last year, by how many colleagues found it worth reading or answered."),
        _("What was talked about in the last year, by how many colleagues joined in."),
    ),
    Choice(
        Period.ALL,
        _("All time"),
        _("All that was ever written, by how many colleagues found it worth reading or answered."),
        _("All conversations there ever were, by how many colleagues joined in."),
    ),
)
DEFAULT = CHOICES[1]


@reading
@require_safe
def top_list(request: HttpRequest) -> HttpResponse:
    """The best posts of a period: votes and distinct voices."""
    return _ranked_list(request, BEST, {"here": "top", "title": _("Top")})


@reading
@require_safe
def discussed_list(request: HttpRequest) -> HttpResponse:
    """What is talked about most in a period."""
    return _ranked_list(request, DISCUSSED, {"here": "discussed", "title": _("Discussed")})


def _ranked_list(request: HttpRequest, ranking: Ranking, words: dict[str, object]) -> HttpResponse:
    asked = request.GET.get("period", "")
    chosen = next((choice for choice in CHOICES if choice.period == asked), DEFAULT)
    page = ranked_page(ranking, chosen.period, request.user, request.GET, timezone.now())
    context = {
        "page": page,
        "posts": [ranked.post for ranked in page.rows],
        "chosen": chosen,
        "choices": CHOICES,
        "page_query": f"period={chosen.period}&",
    }
    return render(request, "aggregator/ranked_list.html", {**context, **words})
