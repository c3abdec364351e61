"""People: those who write, and the page of one."""

from __future__ import annotations

from django.db.models import Max, Prefetch
from django.db.models.functions import Coalesce
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from aggregator.models import Blog
from aggregator.views.activity import WROTE_AND_SAID, river_page
from bloghub.lib.paging import Order, paginate
from bloghub.people.access import reading
from bloghub.people.models import Person

LIVELY = Order(time="lively_at", keyset=lambda person: (person.lively_at, person.pk))


@reading
@require_safe
def person_list(request: HttpRequest) -> HttpResponse:
    """Those who write a blog the reader may see, whoever wrote last first."""
    blogs = Blog.objects.visible_to(request.user)
    lively_at = Max(Coalesce("blogs__last_post_at", "blogs__first_seen_at"))
    writers = Person.objects.filter(blogs__in=blogs).annotate(lively_at=lively_at)
    page = paginate(writers.prefetch_related(Prefetch("blogs", blogs, to_attr="open_blogs")), request.GET, LIVELY)
    return render(request, "aggregator/person_list.html", {"page": page, "here": "people"})


@reading
@require_safe
def person_detail(request: HttpRequest, username: str) -> HttpResponse:
    """One colleague: their blogs, and what they wrote and said, as far as the reader may see it.

    Colleagues are no secret among colleagues, so somebody who wrote nothing has a page, too; a stranger who may only
    read is told of those whose blogs or posts they may see.
    """
    person = get_object_or_404(Person, username=username)
    blogs = list(Blog.objects.visible_to(request.user).filter(owners=person))
    page = river_page(WROTE_AND_SAID, request.user, request.GET, person.pk)
    if not (request.user.is_authenticated or blogs or page.rows):
        raise Http404
    context = {"person": person, "blogs": blogs, "page": page, "here": "people"}
    return render(request, "aggregator/person_detail.html", context)
