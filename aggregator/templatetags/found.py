"""Results of a search: rows as in every list, with what was asked for marked in them."""

from __future__ import annotations

from django import template
from django.utils.safestring import SafeString

from aggregator.templatetags import passing, rows
from aggregator.templatetags.times import ago
from aggregator.views.activity import PassingRow
from aggregator.views.found import Found

register = template.Library()


@register.simple_tag
def result(found: Found) -> SafeString:
    """One result. Not kept: every search marks other words."""
    # Safe: search/passages.py escapes the text before it marks it
    title, passage = SafeString(found.marked.title), SafeString(found.marked.passage)
    if isinstance(found.said, PassingRow):
        before, after = passing.around_the_time(found.said, "river", passage)
        return SafeString(before + ago(found.said.happened_at) + after)
    before, after = rows.around_the_time(found.said, "river", rows.title_and_words(found.said, title, passage))
    return SafeString(before + ago(found.said.published_at) + after)
