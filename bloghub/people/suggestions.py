"""Whom somebody may mean while they type ``@ai``: a few colleagues by the beginning of any of their names.

Owns the question and its index's expression (migration 0004_person_names). Case and accents do not count, in either
direction: both sides are folded by the same SQL.
"""

from __future__ import annotations

import re
import unicodedata

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.views.decorators.http import require_safe

MOST = 8
CANDIDATES = 200  # looked at for one answer; a single letter finds thousands
_LONGEST = 60  # characters of what was typed
_WORD = re.compile(r"[^\W_]+")

_SQL = """
    SELECT username, display_name, team, site FROM (
        SELECT username, display_name, team, site FROM people_person
         WHERE people_names(username, display_name) @@ to_tsquery('simple', people_folded(%s)) AND is_active
         LIMIT %s) AS found
     ORDER BY people_folded(username) LIKE people_folded(%s) || '%%' DESC, display_name, username
     LIMIT %s
"""


@require_safe
def suggestion_list(request: HttpRequest) -> JsonResponse:
    """``?q=``: at most MOST people as ``{"people": [{"username", "name", "place"}, …]}``."""
    return JsonResponse({"people": suggestions(request.GET.get("q", ""))})


def suggestions(typed: str) -> list[dict[str, str]]:
    """Those with names that begin with each of the words typed, whose user name does so first; one query."""
    words = _WORD.findall(unicodedata.normalize("NFKC", typed[:_LONGEST]))  # as the SQL does: “⑴” holds parentheses
    if not words:
        return []
    with connection.cursor() as cursor:
        asked = " & ".join(f"{word}:*" for word in words)
        cursor.execute(_SQL, [asked, CANDIDATES, words[0], MOST])
        rows = cursor.fetchall()
    return [
        {"username": username, "name": name or username, "place": ", ".join(part for part in (team, site) if part)}
        for username, name, team, site in rows
    ]
