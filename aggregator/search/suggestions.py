"""What a search that is being typed may be about: blogs, people and tags to go to at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext

from aggregator.search.names_matching import Name, NameKind, names_matching, words_typed

if TYPE_CHECKING:
    from aggregator.models.blog import Reader

MOST = 4  # of each kind: all of them stay in sight on a phone
_KINDS: tuple[NameKind, ...] = ("person", "blog", "tag")


def suggestions(typed: str, reader: Reader) -> list[dict[str, str]]:
    """``{"kind", "words", "about", "address"}`` of each, the nearest of a kind first. One query."""
    return [_suggestion(name) for name in names_matching(words_typed(typed), reader, _KINDS, MOST)]


def _suggestion(name: Name) -> dict[str, str]:
    kinds = {"person": gettext("Person"), "blog": gettext("Blog"), "tag": gettext("Tag")}
    return {"kind": kinds[name.kind], "words": name.name, "about": name.about, "address": name.address}
