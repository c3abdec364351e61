"""``/blogs.opml``: the blogs one may see, as a list that every feed reader imports."""

from __future__ import annotations

from csp.decorators import csp
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from aggregator.listing import as_opml, opml_answer
from aggregator.models import Blog
from bloghub.people.access import signed_in


@csp({"default-src": ["'none'"], "form-action": ["'none'"], "frame-ancestors": ["'none'"], "sandbox": [""]})
@require_safe
def outline_list(request: HttpRequest) -> HttpResponse:
    """For people who have signed in, also where strangers may read: it names addresses inside the company."""
    blogs = Blog.objects.visible_to(signed_in(request))
    title = f"BlogHub {settings.COMPANY_NAME}".strip()
    return opml_answer(as_opml(title, blogs, timezone.now()))
