"""Which WebSub hub a feed names: in the headers of its answer, else in the document (W3C WebSub, section 4).

Pure. What is found here was written by a stranger: absolute web addresses come out, nothing is judged or visited.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from bloghub.lib.urls import absolute_url

MAX_HEADER = 8192  # characters of all Link headers that are read
HUB, SELF = "hub", "self"

# RFC 8288 section 3: <address>; name=token; name="quoted". Each piece is bounded, so that odd headers cost nothing.
_LINK = re.compile(r"<([^<>]{0,2000})>((?:\s{0,9};[^,;\"<>]{0,200}(?:\"[^\"<>]{0,200}\")?){0,20})")
_PARAMETER = re.compile(r";\s{0,9}([\w*-]+)\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|([^\s\";,]*))")


def in_header(value: str, url: str) -> tuple[str, str]:
    """Hub and topic that the ``Link`` headers of ``url`` name, each empty when there is none."""
    links = _LINK.finditer(value[:MAX_HEADER])
    return first_of(((_relations(link[2]), link[1]) for link in links), url)


def _relations(parameters: str) -> str:
    """The first ``rel`` counts (RFC 8288 section 3.3); one inside another's quotes is none."""
    found = (one for one in _PARAMETER.finditer(parameters) if one[1].lower() == "rel")
    rel = next(found, None)
    return (rel[2] or rel[3] or "") if rel else ""


def first_of(links: Iterable[tuple[str, str]], url: str) -> tuple[str, str]:
    """The first hub and the first topic among links of (relations, address), resolved against ``url``."""
    found = {HUB: "", SELF: ""}
    for relations, address in links:
        for relation in found.keys() & set(relations.lower().split()):
            found[relation] = found[relation] or absolute_url(address.strip(), url)
    return found[HUB], found[SELF]
