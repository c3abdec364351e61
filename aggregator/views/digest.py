"""A look at the digest that one would get now."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from aggregator import digest_letters, digests
from bloghub.people.access import signed_in


@never_cache
@require_safe
def digest_detail(request: HttpRequest) -> HttpResponse:
    """What would stand in it, for the time since the last one would have come; as the letter itself says it."""
    now = timezone.now().replace(second=0, microsecond=0)
    digest = digests.of(signed_in(request), now)
    [(_digest, found)] = digests.contents([digest])
    letter = digest_letters.letter(digest, found) if found else None
    return render(request, "aggregator/digest_detail.html", {"found": found, "letter": letter})
