"""“Save this search”, beside the results of one; or under which name its reader has saved it."""

from __future__ import annotations

from typing import Any

from django import template
from django.template import RequestContext

from aggregator.models import SavedSearch
from aggregator.models.saved_search import NAME_LENGTH
from bloghub.people.models import Person

register = template.Library()


@register.inclusion_tag("aggregator/_save_search.html", takes_context=True)
def save_search(context: RequestContext, query: str, called: str = "") -> dict[str, Any]:
    """For somebody signed in, as nobody else can keep one; ``query`` is canonical, ``called`` as the page shows it."""
    person = context["user"]
    assert isinstance(person, Person)  # noqa: S101 - the template asks before
    saved = SavedSearch.objects.of(person).filter(query=query).first()
    token = context.get("csrf_token")
    names = {"query": query, "called": called or query, "name_length": NAME_LENGTH}
    return {**names, "saved": saved, "csrf_token": token}
